import type { ReactNode } from "react";

/** A titled part of a side panel. */
export function Section({ title, aside, className = "", children }: { title: ReactNode; aside?: ReactNode; className?: string; children: ReactNode }) {
  return (
    <section className={`section ${className}`}>
      <header className="section-head">
        <h2>{title}</h2>
        {aside !== undefined && <span className="note">{aside}</span>}
      </header>
      {children}
    </section>
  );
}

/** A label and its control on one line. */
export function Row({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="row">
      <span className="row-label">{label}</span>
      <div className="row-control">{children}</div>
    </div>
  );
}
