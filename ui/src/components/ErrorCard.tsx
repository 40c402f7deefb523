import { ChevronRight, OctagonX, RotateCcw, X } from "lucide-react";
import { Button, IconButton } from "./Button";
import type { ErrorReport } from "../protocol/generated";

interface ErrorCardProps {
  error: ErrorReport;
  /** What is safe, as a sentence. */
  kept?: string;
  onRetry?: (() => void) | undefined;
  retryLabel?: string | undefined;
  onClose?: (() => void) | undefined;
  children?: React.ReactNode;
}

/** What happened, what is safe, what to do; docked low, so that what was made stays in view. */
export function ErrorCard({ error, kept = "", onRetry, retryLabel = "Try again", onClose, children }: ErrorCardProps) {
  return (
    <div className="card error-card" role="alert" data-code={error.code}>
      <OctagonX className="err" aria-hidden="true" />
      <div className="error-body">
        <h2 className="error-title selectable">{error.message}</h2>
        <p className="error-text selectable">{[error.hint, kept].filter(Boolean).join(" ")}</p>
        <details className="error-details">
          <summary className="mono">
            <ChevronRight aria-hidden="true" />
            {error.code}
          </summary>
          <pre className="mono selectable">{error.details ?? "No more is known."}</pre>
        </details>
      </div>
      <div className="error-actions">
        {onRetry !== undefined && (
          <Button icon={<RotateCcw aria-hidden="true" />} onClick={onRetry}>
            {retryLabel}
          </Button>
        )}
        {children}
        {onClose !== undefined && (
          <IconButton label="Close" onClick={onClose}>
            <X aria-hidden="true" />
          </IconButton>
        )}
      </div>
    </div>
  );
}
