import { Dialog } from "@base-ui/react/dialog";
import { useRef, useState, type FormEvent } from "react";
import { Button } from "./Button";

interface NameDialogProps {
  title: string;
  label: string;
  /** What the name is for. */
  text?: string;
  name: string;
  maxLength: number;
  mayBeEmpty?: boolean;
  /** Words of the main button, by what is typed. */
  confirm: (name: string) => string;
  onName: (name: string) => void;
  onClose: () => void;
}

const tidy = (name: string) => name.trim().replace(/\s+/g, " ");

/** Asks for a name. */
export function NameDialog({ title, label, text, name, maxLength, mayBeEmpty = false, confirm, onName, onClose }: NameDialogProps) {
  const [typed, setTyped] = useState(name);
  const field = useRef<HTMLInputElement>(null);
  const chosen = tidy(typed);
  const isUsable = mayBeEmpty || chosen !== "";
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!isUsable) return;
    onName(chosen);
    onClose();
  };
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="dialog" initialFocus={field}>
          <form onSubmit={submit}>
            <Dialog.Title className="dialog-title">{title}</Dialog.Title>
            {text !== undefined && <Dialog.Description className="dialog-text">{text}</Dialog.Description>}
            <label className="dialog-field">
              <span className="note">{label}</span>
              <input ref={field} className="field" value={typed} maxLength={maxLength} onFocus={({ target }) => target.select()} onChange={({ target }) => setTyped(target.value)} />
            </label>
            <div className="dialog-foot">
              <Dialog.Close className="button look-plain size-control">Cancel</Dialog.Close>
              <Button look="main" type="submit" disabled={!isUsable}>
                {confirm(chosen)}
              </Button>
            </div>
          </form>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
