import { Kbd } from "./Kbd";

/** Keys and what they do, for the status bar. */
export function KeyHints({ keys }: { keys: readonly (readonly [string, string])[] }) {
  return keys.map(([key, what]) => (
    <span key={key} className="key-hint">
      <Kbd>{key}</Kbd> {what}
    </span>
  ));
}
