import { Columns2, Download, FolderSearch, Hammer, Pencil, RotateCcw, Tag, ThumbsDown, Trash2, X } from "lucide-react";
import { Button, IconButton } from "../../components/Button";
import { fileSize } from "../../components/format";
import type { GalleryEntry } from "../../protocol/generated";
import type { Actions } from "./useActions";
import { tally } from "./words";

interface SelectionBarProps {
  entries: readonly GalleryEntry[];
  inTrash: boolean;
  actions: Actions;
  onCompare: () => void;
  onRename: () => void;
  onTag: () => void;
  onClear: () => void;
}

export function comparable(entries: readonly GalleryEntry[]): boolean {
  const [one, other] = entries;
  return entries.length === 2 && (one?.kind === "mesh") === (other?.kind === "mesh");
}

/** What can be done with what is selected. */
export function SelectionBar({ entries, inTrash, actions, onCompare, onRename, onTag, onClear }: SelectionBarProps) {
  const [only] = entries;
  if (only === undefined) return null;
  const bytes = entries.reduce((sum, { artifact }) => sum + artifact.bytes, 0);
  const { reveal } = actions;
  return (
    <div className="selection-bar card" role="toolbar" aria-label="With what is selected">
      <span className="selection-words">
        <strong>{entries.length} selected</strong>
        <span className="quiet">
          {tally(entries)} · {fileSize(bytes)}
        </span>
      </span>
      {inTrash ? (
        <Button look="main" icon={<RotateCcw aria-hidden="true" />} onClick={() => void actions.restore(entries).then(onClear)}>
          Bring back
        </Button>
      ) : (
        <>
          {entries.length === 1 && (
            <>
              <Button look="quiet" icon={<Hammer aria-hidden="true" />} onClick={() => actions.openInForge(only)}>
                Open in the Forge
              </Button>
              <IconButton label="Rename" keys="F2" onClick={onRename}>
                <Pencil aria-hidden="true" />
              </IconButton>
            </>
          )}
          {comparable(entries) && (
            <Button look="quiet" icon={<Columns2 aria-hidden="true" />} onClick={onCompare}>
              Compare
            </Button>
          )}
          <IconButton label="Tag" keys="T" onClick={onTag}>
            <Tag aria-hidden="true" />
          </IconButton>
          <IconButton label="Reject" keys="X" pressed={entries.every(({ rejected }) => rejected)} onClick={() => void actions.toggleRejected(entries)}>
            <ThumbsDown aria-hidden="true" />
          </IconButton>
          {reveal !== null && entries.length === 1 && (
            <IconButton label="Show in the file manager" onClick={() => void reveal(only)}>
              <FolderSearch aria-hidden="true" />
            </IconButton>
          )}
          <IconButton label="Delete" keys="Del" className="err" onClick={() => void actions.remove(entries).then(onClear)}>
            <Trash2 aria-hidden="true" />
          </IconButton>
          <Button look="main" icon={<Download aria-hidden="true" />} onClick={() => void actions.save(entries)}>
            {entries.length === 1 ? "Save…" : "Save to folder…"}
          </Button>
        </>
      )}
      <IconButton label="Clear the selection" keys="Esc" onClick={onClear}>
        <X aria-hidden="true" />
      </IconButton>
    </div>
  );
}
