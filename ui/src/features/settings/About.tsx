import { useMutation } from "@tanstack/react-query";
import { ClipboardCopy, Compass, LifeBuoy } from "lucide-react";
import { Button } from "../../components/Button";
import { Logo } from "../../components/Logo";
import { sayDone, sayFailed } from "../../components/Toasts";
import { useHost } from "../../host/context";
import { reportOf } from "../../host/host";

const copy = (text: string) =>
  void navigator.clipboard.writeText(text).then(
    () => sayDone("Copied. Look it through before you send it."),
    () => sayFailed("The clipboard cannot be used.", "Select the text and copy it."),
  );

/** Versions, the guide, and all that helps to find a bug. */
export function About({ version, onGuide }: { version: string; onGuide: () => void }) {
  const host = useHost();
  const report = useMutation({ mutationFn: () => host.execute({ command: "gather_bug_report" }) });
  return (
    <>
      <header className="about">
        <Logo />
        <div>
          <h2 className="page-title">Oreforge {version}</h2>
          <p className="quiet">A picture goes in, a clean, textured, game-ready mesh comes out. MIT licence.</p>
        </div>
      </header>
      <div className="settings-list">
        <div className="settings-row">
          <span className="settings-words">
            <strong>Guide</strong>
            <span className="note">Four short notes beside the controls they are about.</span>
          </span>
          <Button icon={<Compass aria-hidden="true" />} onClick={onGuide}>
            Show me around
          </Button>
        </div>
        <div className="settings-row">
          <span className="settings-words">
            <strong>Report a bug</strong>
            <span className="note">Gathers versions, the health of the engines, how the last jobs ended and the end of the logs. No pictures, no prompts, no secrets. Nothing is sent.</span>
          </span>
          <Button icon={<LifeBuoy aria-hidden="true" />} busy={report.isPending} onClick={() => report.mutate()}>
            Gather a report
          </Button>
        </div>
      </div>
      {report.error !== null && <p className="err" role="alert">{reportOf(report.error).message}</p>}
      {report.data !== undefined && (
        <>
          <textarea className="field mono report" readOnly aria-label="Bug report" value={report.data} />
          <div className="button-row">
            <Button look="main" icon={<ClipboardCopy aria-hidden="true" />} onClick={() => copy(report.data)}>
              Copy
            </Button>
          </div>
        </>
      )}
    </>
  );
}
