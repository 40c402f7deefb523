import { Dialog } from "@base-ui/react/dialog";
import type { FormEvent, ReactNode, RefObject } from "react";

interface FormDialogProps {
  title: ReactNode;
  text?: ReactNode;
  className?: string;
  initialFocus?: RefObject<HTMLElement | null>;
  /** Words of the button that closes it; none where there is nothing to call off. */
  dismiss?: string;
  /** The main button: it submits. */
  foot: ReactNode;
  onSubmit: () => void;
  onClose: () => void;
  children: ReactNode;
}

/** Asks for something in a form of its own. */
export function FormDialog({ title, text, className = "", initialFocus, dismiss, foot, onSubmit, onClose, children }: FormDialogProps) {
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSubmit();
  };
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className={`dialog ${className}`} initialFocus={initialFocus}>
          <form onSubmit={submit}>
            <Dialog.Title className="dialog-title">{title}</Dialog.Title>
            {text !== undefined && <Dialog.Description className="dialog-text">{text}</Dialog.Description>}
            {children}
            <div className="dialog-foot">
              {dismiss !== undefined && <Dialog.Close className="button look-plain size-control">{dismiss}</Dialog.Close>}
              {foot}
            </div>
          </form>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
