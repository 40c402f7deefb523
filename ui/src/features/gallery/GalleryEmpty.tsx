import { Hammer, SearchX, Trash2 } from "lucide-react";
import { Button } from "../../components/Button";
import type { GalleryQuery } from "../../protocol/generated";

/** In place of the tiles when there are none: why, and the one thing to do about it. */
export function GalleryEmpty({ query, nothingMade, onReset, onForge }: { query: GalleryQuery; nothingMade: boolean; onReset: () => void; onForge: () => void }) {
  if (query.trashed) {
    return (
      <div className="gallery-empty">
        <Trash2 className="empty-icon" aria-hidden="true" />
        <h2 className="page-title">The trash is empty</h2>
        <p className="drop-text">What you delete waits here until you empty the trash.</p>
      </div>
    );
  }
  if (nothingMade) {
    return (
      <div className="gallery-empty">
        <Hammer className="empty-icon" aria-hidden="true" />
        <h2 className="page-title">Everything you make gathers here</h2>
        <p className="drop-text">Cut-outs, views and meshes of every forge, also of those that failed or were cancelled halfway.</p>
        <Button look="main" size="main" icon={<Hammer aria-hidden="true" />} onClick={onForge}>
          Go to the Forge
        </Button>
      </div>
    );
  }
  return (
    <div className="gallery-empty" role="status">
      <SearchX className="empty-icon" aria-hidden="true" />
      <h2 className="page-title">Nothing matches</h2>
      <p className="drop-text">Words are looked for in names, projects, prompts, engines and tags. A day is found by “today”, “yesterday” or a date such as 2026-11-21.</p>
      <Button onClick={onReset}>Show everything</Button>
    </div>
  );
}
