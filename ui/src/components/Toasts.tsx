import { Toast } from "@base-ui/react/toast";
import { CircleCheck, OctagonX, X } from "lucide-react";
import type { ReactNode } from "react";
import { reportOf } from "../host/host";
import { Ring } from "./Ring";

const toasts = Toast.createToastManager();
const SHOWN_MS = 8000;

export function sayDone(title: string, description?: string) {
  toasts.add({ title, description, type: "ok", timeout: SHOWN_MS });
}

/** News of something that can be taken back while it is shown. */
export function sayUndoable(title: string, undo: () => void) {
  const id = toasts.add({
    title,
    type: "ok",
    timeout: SHOWN_MS,
    actionProps: {
      children: "Undo",
      onClick: () => {
        toasts.close(id);
        undo();
      },
    },
  });
}

/** What goes on until it is done or stopped. Returns the way to take it away. */
export function sayBusy(title: string, description: string, stop: () => void): () => void {
  const id = toasts.add({ title, description, type: "busy", timeout: 0, actionProps: { children: "Cancel", onClick: stop } });
  return () => toasts.close(id);
}

export function sayFailed(title: string, description?: string | null) {
  toasts.add({ title, description: description ?? undefined, type: "err", timeout: 2 * SHOWN_MS, priority: "high" });
}

/** For a promise that may fail. */
export function sayReport(cause: unknown) {
  const { message, hint } = reportOf(cause);
  sayFailed(message, hint);
}

const ICONS: Record<string, ReactNode> = {
  ok: <CircleCheck className="ok" aria-hidden="true" />,
  err: <OctagonX className="err" aria-hidden="true" />,
  busy: <Ring />,
};

function List() {
  const { toasts: shown } = Toast.useToastManager();
  return shown.map((toast) => (
    <Toast.Root key={toast.id} toast={toast} className="toast" swipeDirection={[]}>
      <Toast.Content className="toast-content">
        {ICONS[toast.type ?? "ok"]}
        <div className="toast-words">
          <Toast.Title className="toast-title" render={<p />} />
          <Toast.Description className="note selectable" />
        </div>
        <Toast.Action className="button look-plain size-small" />
        {toast.type !== "busy" && (
          <Toast.Close className="icon-button" aria-label="Close">
            <X aria-hidden="true" />
          </Toast.Close>
        )}
      </Toast.Content>
    </Toast.Root>
  ));
}

/** Short news in the corner; words about a thing that went wrong stay twice as long. */
export function Toasts() {
  return (
    <Toast.Provider toastManager={toasts} limit={3}>
      <Toast.Portal>
        <Toast.Viewport className="toasts">
          <List />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  );
}
