import { Dialog } from "@base-ui/react/dialog";
import { useRef, useState, type FormEvent } from "react";
import { Button } from "../../components/Button";

interface NewProjectProps {
  known: readonly string[];
  onName: (name: string) => void;
  onClose: () => void;
}

/** Names a project; its folder is made with its first job. */
export function NewProject({ known, onName, onClose }: NewProjectProps) {
  const [name, setName] = useState("");
  const field = useRef<HTMLInputElement>(null);
  const tidy = name.trim().replace(/\s+/g, " ");
  const twin = known.find((other) => other.toLowerCase() === tidy.toLowerCase());
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (tidy === "") return;
    onName(twin ?? tidy);
    onClose();
  };
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="dialog" initialFocus={field}>
          <form onSubmit={submit}>
            <Dialog.Title className="dialog-title">New project</Dialog.Title>
            <Dialog.Description className="dialog-text">What you forge from now on is kept in a folder of this name.</Dialog.Description>
            <input ref={field} className="field project-field" aria-label="Name of the project" value={name} maxLength={100} onChange={({ target }) => setName(target.value)} />
            <div className="dialog-foot">
              <Dialog.Close className="button look-plain size-control">Cancel</Dialog.Close>
              <Button look="main" type="submit" disabled={tidy === ""}>
                {twin === undefined ? "Start it" : `Open ${twin}`}
              </Button>
            </div>
          </form>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
