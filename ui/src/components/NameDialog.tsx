import { useRef, useState } from "react";
import { Button } from "./Button";
import { FormDialog } from "./FormDialog";

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
  const submit = () => {
    if (!isUsable) return;
    onName(chosen);
    onClose();
  };
  return (
    <FormDialog
      title={title}
      text={text}
      initialFocus={field}
      dismiss="Cancel"
      foot={
        <Button look="main" type="submit" disabled={!isUsable}>
          {confirm(chosen)}
        </Button>
      }
      onSubmit={submit}
      onClose={onClose}
    >
      <label className="dialog-field">
        <span className="note">{label}</span>
        <input ref={field} className="field" value={typed} maxLength={maxLength} onFocus={({ target }) => target.select()} onChange={({ target }) => setTyped(target.value)} />
      </label>
    </FormDialog>
  );
}
