import { Dialog } from "@base-ui/react/dialog";
import { useRef, useState, type FormEvent } from "react";
import { Button } from "../../components/Button";
import type { GalleryEntry } from "../../protocol/generated";
import type { Actions } from "./useActions";

/** Renames one entry; an empty name gives it that of its job again. */
export function NameDialog({ entry, actions, onClose }: { entry: GalleryEntry; actions: Actions; onClose: () => void }) {
  const [name, setName] = useState(entry.name);
  const field = useRef<HTMLInputElement>(null);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void actions.mark([entry], { name });
    onClose();
  };
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="dialog" initialFocus={field}>
          <form onSubmit={submit}>
            <Dialog.Title className="dialog-title">Rename</Dialog.Title>
            <label className="dialog-field">
              <span className="note">Name; left empty, it is called after its job again</span>
              <input ref={field} className="field" value={name} maxLength={200} onFocus={({ target }) => target.select()} onChange={({ target }) => setName(target.value)} />
            </label>
            <div className="dialog-foot">
              <Dialog.Close className="button look-plain size-control">Cancel</Dialog.Close>
              <Button look="main" type="submit">
                Rename
              </Button>
            </div>
          </form>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
