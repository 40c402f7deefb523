import { Dialog } from "@base-ui/react/dialog";
import { X } from "lucide-react";
import { Kbd } from "./Kbd";

const GROUPS: [string, [string, string][]][] = [
  ["Everywhere", [["Ctrl O", "open a picture"], ["Ctrl V", "paste a picture"], ["Ctrl S", "save the mesh"], ["Ctrl 1 2 3", "go to a tab"], ["Ctrl ,", "settings"], ["Q", "jobs"], ["[", "fold source and views"], ["]", "fold settings"], ["Esc", "close, else ask to cancel"], ["?", "this list"]]],
  ["Jobs that wait", [["Alt ↑ ↓", "earlier, later"], ["Alt Home", "to the front"], ["Alt End", "to the back"]]],
  ["Viewer", [[".", "fit"], ["1–7", "shading"], ["W", "wire"], ["G", "grid"], ["B", "before and after finishing"], ["← → ↑ ↓", "turn, with the view focused"]]],
  ["Gallery", [["Space", "look at it large"], ["Enter", "open in the Forge"], ["F", "forge this picture"], ["S", "favourite"], ["X", "reject"], ["C", "compare two"], ["T", "tags"], ["F2", "rename"], ["Del", "delete"], ["Ctrl Z", "undo that"], ["Ctrl A", "select all"], ["Ctrl S", "save"], ["Ctrl F", "search"]]],
  ["Brush", [["K", "keep"], ["R", "remove"], ["[ ]", "size"], ["Alt", "swap keep and remove"], ["H", "hide the outline"], ["Ctrl Z", "undo"], ["Ctrl Shift Z", "redo"], ["Enter", "use this cut-out"]]],
];

export function ShortcutGroups() {
  return (
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
  );
}

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
          <ShortcutGroups />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
