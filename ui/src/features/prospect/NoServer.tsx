import { useQuery } from "@tanstack/react-query";
import { ClipboardPaste, FolderOpen, ImagePlus, Plus, RefreshCw } from "lucide-react";
import { Button } from "../../components/Button";
import { Samples } from "../../components/Samples";
import { StepIcon, type StepLook } from "../../components/StepIcon";
import { useHost } from "../../host/context";
import { useUi } from "../../state/ui";
import { MissingModels } from "./MissingModels";
import type { CheckState, WorkflowInfo } from "../../protocol/generated";

const LOOKS: Record<CheckState, StepLook> = { good: "done", not_yet: "needs_you", bad: "failed" };

interface NoServerProps {
  workflows: readonly WorkflowInfo[];
  busy: boolean;
  onCheck: () => void;
  open: () => Promise<void>;
  paste: () => Promise<void>;
  sample: (name: string) => Promise<void>;
}

/** Why no prompt can be made into pictures now, and ways to go on without. */
export function NoServer({ workflows, busy, onCheck, open, paste, sample }: NoServerProps) {
  const host = useHost();
  const set = useUi((state) => state.set);
  const { data: report, refetch, isFetching } = useQuery({ queryKey: ["doctor"], queryFn: () => host.execute({ command: "doctor", comfy: null }) });
  const answered = workflows.some(({ server }) => server !== null);
  const lacking = workflows.filter(({ problems }) => problems.length > 0);
  return (
    <div className="no-server">
      <section aria-label="What is missing">
        <h1 className="page-title">{answered ? "The server lacks what prompts need" : "No ComfyUI server answers"}</h1>
        <p className="drop-text">Prompts become pictures on a ComfyUI server. Everything else works without one.</p>
        <ul className="checks">
          {lacking.map(({ name, title, problems, models }) => (
            <li key={name}>
              <StepIcon look="needs_you" />
              <div>
                <strong>{title}</strong>
                {problems.map((problem) => (
                  <p key={problem} className="note selectable">
                    {problem}
                  </p>
                ))}
                <MissingModels models={models} />
              </div>
            </li>
          ))}
          {report?.checks.map((check) => (
            <li key={check.subject}>
              <StepIcon look={LOOKS[check.state]} />
              <div>
                <strong className="selectable">{check.subject}</strong>
                <p className="note selectable">{[check.message, check.hint].filter(Boolean).join(" ")}</p>
              </div>
            </li>
          ))}
          {report !== undefined && report.checks.every(({ subject }) => !subject.includes("://")) && (
            <li>
              <StepIcon look="needs_you" />
              <div>
                <strong>ComfyUI</strong>
                <p className="note">No server is named in the settings yet.</p>
              </div>
            </li>
          )}
        </ul>
        <div className="button-row">
          <Button icon={<Plus aria-hidden="true" />} onClick={() => set({ settingsAt: { page: "servers" } })}>
            Add a server…
          </Button>
          <Button
            look="quiet"
            icon={<RefreshCw aria-hidden="true" />}
            busy={busy || isFetching}
            onClick={() => {
              void refetch();
              onCheck();
            }}
          >
            Check again
          </Button>
        </div>
      </section>
      <section aria-label="Go on with a picture">
        <h2>Go on with a picture instead</h2>
        <div className="drop-zone">
          <ImagePlus className="drop-icon" aria-hidden="true" />
          <strong>Drop pictures here</strong>
          <div className="button-row">
            <Button icon={<FolderOpen aria-hidden="true" />} onClick={() => void open()}>
              Open…
            </Button>
            <Button icon={<ClipboardPaste aria-hidden="true" />} onClick={() => void paste()}>
              Paste
            </Button>
          </div>
        </div>
        <Samples title="Samples" onChoose={(name) => void sample(name)} />
      </section>
    </div>
  );
}
