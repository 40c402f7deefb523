import { OctagonX, RotateCcw } from "lucide-react";
import { Component, useEffect, useState, type ErrorInfo, type ReactNode } from "react";
import { Button } from "./Button";

interface ErrorBoundaryProps {
  /** What broke, as the artist knows it: "The Forge", "The viewer". */
  what: string;
  children: ReactNode;
}

/** Keeps a crash of the drawing to one part of the window, and gives a way back. */
export class ErrorBoundary extends Component<ErrorBoundaryProps, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override componentDidCatch(error: Error, info: ErrorInfo) {
    console.error(this.props.what, error, info.componentStack);
  }

  override render() {
    const { error } = this.state;
    if (error === null) return this.props.children;
    return (
      <div className="crash" role="alert">
        <div className="card crash-card">
          <OctagonX className="err" aria-hidden="true" />
          <div>
            <h2 className="error-title">{this.props.what} stopped drawing</h2>
            <p className="error-text">Your jobs go on and everything made so far is safe.</p>
            <Button look="main" icon={<RotateCcw aria-hidden="true" />} onClick={() => this.setState({ error: null })}>
              Try again
            </Button>
            <details className="error-details">
              <summary className="mono">details</summary>
              <pre className="mono selectable">{error.stack ?? error.message}</pre>
            </details>
          </div>
        </div>
      </div>
    );
  }
}

/** Where a test can make the drawing fail: it throws once after `oreforge:crash` names it. Inert outside automation. */
export function CrashPoint({ name, armed }: { name: string; armed: boolean }) {
  const [crashed, setCrashed] = useState(false);
  useEffect(() => {
    if (!armed) return undefined;
    const onCrash = (event: globalThis.Event) => event instanceof CustomEvent && event.detail === name && setCrashed(true);
    window.addEventListener("oreforge:crash", onCrash);
    return () => window.removeEventListener("oreforge:crash", onCrash);
  }, [name, armed]);
  if (crashed) throw new Error(`forced crash of ${name}`);
  return null;
}
