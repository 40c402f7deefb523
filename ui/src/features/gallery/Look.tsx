import { Dialog } from "@base-ui/react/dialog";
import { ChevronLeft, ChevronRight, Download, Hammer, Star, Trash2, X } from "lucide-react";
import { useRef } from "react";
import { Button, IconButton } from "../../components/Button";
import { SaveAs } from "../../components/SaveAs";
import { Upgrade } from "../../components/Upgrade";
import { count, fileSize } from "../../components/format";
import type { GalleryEntry } from "../../protocol/generated";
import { useUi } from "../../state/ui";
import { Subject } from "./Subject";
import type { Actions } from "./useActions";
import { clock, dayTitle, KIND_TITLES } from "./words";

interface LookProps {
  entry: GalleryEntry;
  actions: Actions;
  onStep: (by: number) => void;
  onClose: () => void;
}

function facts(entry: GalleryEntry): [string, string][] {
  const found: [string, string | null][] = [
    ["Kind", entry.artifact.slot === null ? KIND_TITLES[entry.kind] : `${entry.artifact.slot.replace("_", " ")} view`],
    ["Triangles", entry.triangles === null ? null : count(entry.triangles)],
    ["File", fileSize(entry.artifact.bytes)],
    ["Engine", entry.engine],
    ["Project", entry.project],
    ["Prompt", entry.prompt],
    ["Made", `${dayTitle(entry.created_at, Date.now())}, ${clock(entry.created_at)}`],
    ["Tags", entry.tags.length === 0 ? null : entry.tags.join(", ")],
  ];
  return found.flatMap(([name, value]) => (value === null ? [] : [[name, value]]));
}

/** One entry as large as the window allows. */
export function Look({ entry, actions, onStep, onClose }: LookProps) {
  const popup = useRef<HTMLDivElement>(null);
  const format = useUi((state) => state.saveAs.format);
  const onKeyDown = (event: React.KeyboardEvent) => {
    const inViewer = event.target instanceof HTMLElement && event.target.closest("[role=application]") !== null;
    if (event.ctrlKey || event.altKey || (inViewer && event.key.startsWith("Arrow"))) return;
    const steps: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1 };
    const step = steps[event.key];
    if (step !== undefined) onStep(step);
    else if (event.key === "s") void actions.toggleFavourite([entry]);
    else if (event.key === " " && !(event.target instanceof HTMLButtonElement)) onClose();
    else return;
    event.preventDefault();
  };
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup ref={popup} className="look" initialFocus={popup} onKeyDown={onKeyDown}>
          <header className="look-head">
            <Dialog.Title className="job-name">{entry.name}</Dialog.Title>
            <span className="push" />
            <IconButton label={entry.favourite ? "No favourite any more" : "Favourite"} keys="S" pressed={entry.favourite} className={entry.favourite ? "ember" : ""} onClick={() => void actions.toggleFavourite([entry])}>
              <Star aria-hidden="true" />
            </IconButton>
            <IconButton label="Before" keys="←" onClick={() => onStep(-1)}>
              <ChevronLeft aria-hidden="true" />
            </IconButton>
            <IconButton label="Next" keys="→" onClick={() => onStep(1)}>
              <ChevronRight aria-hidden="true" />
            </IconButton>
            <Dialog.Close className="icon-button" aria-label="Close">
              <X aria-hidden="true" />
            </Dialog.Close>
          </header>
          <div className="look-stage">
            <Subject key={entry.artifact.id} entry={entry} />
          </div>
          <aside className="look-facts">
            <div className="look-scroll">
              <dl>
                {facts(entry).map(([name, value]) => (
                  <div key={name}>
                    <dt className="note">{name}</dt>
                    <dd className="selectable">{value}</dd>
                  </div>
                ))}
              </dl>
              {entry.artifact.kind === "mesh" && <SaveAs hasMesh />}
            </div>
            <div className="look-verbs">
              <Button look="main" size="main" icon={<Download aria-hidden="true" />} onClick={() => void actions.save([entry])}>
                {entry.artifact.kind === "mesh" ? `Save ${format.toUpperCase()}…` : "Save…"}
              </Button>
              <Button icon={<Hammer aria-hidden="true" />} onClick={() => (onClose(), actions.openInForge(entry))}>
                Open in the Forge
              </Button>
              {entry.kind === "mesh" && entry.engine === "draft" && <Upgrade place="the Gallery" onUpgrade={(from) => (onClose(), actions.upgrade(entry, from))} onLeave={onClose} />}
              <Button look="quiet" icon={<Trash2 aria-hidden="true" />} onClick={() => (onClose(), void actions.remove([entry]))}>
                Delete
              </Button>
            </div>
          </aside>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
