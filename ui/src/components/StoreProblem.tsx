import { HardDrive, RotateCcw } from "lucide-react";
import type { ErrorReport } from "../protocol/generated";
import { Button } from "./Button";

/** In place of the whole Forge while there is no data folder to work in. */
export function StoreProblem({ error, busy, onRetry }: { error: ErrorReport; busy: boolean; onRetry: () => void }) {
  return (
    <div className="crash" role="alert" data-code={error.code}>
      <div className="card crash-card">
        <HardDrive className="err" aria-hidden="true" />
        <div>
          <h1 className="error-title selectable">{error.message}</h1>
          <p className="error-text selectable">{error.hint}</p>
          <Button look="main" icon={<RotateCcw aria-hidden="true" />} busy={busy} onClick={onRetry}>
            Try again
          </Button>
          <details className="error-details">
            <summary className="mono">{error.code}</summary>
            <pre className="mono selectable">{error.details ?? "No more is known."}</pre>
          </details>
        </div>
      </div>
    </div>
  );
}
