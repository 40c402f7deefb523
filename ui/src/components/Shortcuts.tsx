import { Dialog } from "@base-ui/react/dialog";
import { X } from "lucide-react";
import { Kbd } from "./Kbd";

const GROUPS: [string, [string, string][]][] = [
  ["Everywhere", [["Ctrl O", "open a picture"], ["Ctrl V", "paste a picture"], ["Ctrl S", "save the GLB"], ["Q", "jobs"], ["[", "fold source and views"], ["]", "fold settings"], ["Esc", "close, else ask to cancel"], ["?", "this list"]]],
  ["Viewer", [[".", "fit"], ["1–7", "shading"], ["W", "wire"], ["G", "grid"], ["← → ↑ ↓", "turn, with the view focused"]]],
  ["Brush", [["K", "keep"], ["R", "remove"], ["[ ]", "size"], ["Alt", "swap keep and remove"], ["H", "hide the outline"], ["Ctrl Z", "undo"], ["Ctrl Shift Z", "redo"], ["Enter", "use this cut-out"]]],
];

/** Every key there is. */
export function Shortcuts({ open, onClose }: { open: boolean; onClose: () => void }) {
  return (
    <Dialog.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="dialog shortcuts">
          <header className="shortcuts-head">
            <Dialog.Title className="dialog-title">Keys</Dialog.Title>
            <Dialog.Close className="icon-button" aria-label="Close">
              <X aria-hidden="true" />
            </Dialog.Close>
          </header>
          <div className="shortcut-groups">
            {GROUPS.map(([group, keys]) => (
              <section key={group}>
                <h3 className="note">{group}</h3>
                <dl>
                  {keys.map(([key, what]) => (
                    <div key={key}>
                      <dt>
                        <Kbd>{key}</Kbd>
                      </dt>
                      <dd>{what}</dd>
                    </div>
                  ))}
                </dl>
              </section>
            ))}
          </div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
