import { History as HistoryIcon, Pickaxe } from "lucide-react";
import { useState } from "react";
import { IconButton } from "../../components/Button";
import { useKeys } from "../../components/useKeys";
import type { JobId, JobSnapshot, SourceInfo } from "../../protocol/generated";
import { useUi } from "../../state/ui";
import { useJob } from "../../state/useJob";
import { useWorkflows } from "../../state/useWorkflows";
import { currentWorkflow, promptWorkflows, requestOf, useDraft } from "./draft";
import { History, type ProspectSnapshot } from "./History";
import { NoServer } from "./NoServer";
import { PromptPanel } from "./PromptPanel";
import { Results } from "./Results";
import { useProspect } from "./useProspect";
import "./prospect.css";

interface ProspectTabProps {
  /** What the Forge does with a picture. */
  forge: { open: () => Promise<void>; paste: () => Promise<void>; sample: (name: string) => Promise<void>; take: (picture: SourceInfo) => Promise<void> };
  jobs: JobSnapshot[];
}

export default function ProspectTab({ forge, jobs }: ProspectTabProps) {
  const prospect = useProspect();
  const draft = useDraft();
  const { prospectId, set } = useUi();
  // Wide windows show it always.
  const [historyOpen, setHistoryOpen] = useState(false);
  const { data: all, isFetching, refetch } = useWorkflows();
  const { view } = useJob(prospectId);
  const job = view?.kind === "prospect" ? view : null;
  const workflows = promptWorkflows(all ?? []);
  const workflow = currentWorkflow(workflows, draft.workflow);
  const history = jobs.filter((one): one is ProspectSnapshot => one.kind === "prospect" && one.request.goal === "pictures");
  const ready = workflows.some(({ server, problems }) => server !== null && problems.length === 0);
  const choose = (id: JobId) => {
    set({ prospectId: id });
    setHistoryOpen(false);
  };
  const obstacle = !ready
    ? "Prompts need a ComfyUI server. What you write here is kept."
    : draft.prompt.trim() === ""
      ? "Say what the pictures show."
      : workflow !== null && workflow.problems.length > 0
        ? workflow.problems.join(" ")
        : null;
  const start = (inFront: boolean) => {
    if (obstacle === null && workflow !== null) void prospect.start(requestOf(draft, workflow), inFront);
  };
  useKeys({
    "Ctrl+Enter": (event) => start(event.shiftKey),
    ...(historyOpen ? { Escape: () => setHistoryOpen(false) } : {}),
    "Ctrl+Alt+Enter": () => {
      if (job !== null) void prospect.cancel(job.id);
    },
  });
  return (
    <div className={`prospect ${historyOpen ? "history-open" : ""}`} data-ready={ready}>
      <PromptPanel workflows={workflows} workflow={workflow} obstacle={obstacle} lacking={ready && workflow !== null && workflow.problems.length > 0 ? workflow.models : []} onStart={() => start(false)} />
      <main className="prospect-main" aria-label="Results">
        <IconButton className="history-toggle boxed" label="Prompts asked before" pressed={historyOpen} onClick={() => setHistoryOpen(!historyOpen)}>
          <HistoryIcon aria-hidden="true" />
        </IconButton>
        {job !== null ? (
          <Results key={job.id} job={job} workflows={all ?? []} take={forge.take} />
        ) : all === undefined ? null : ready ? (
          <div className="prospect-empty">
            <Pickaxe className="drop-icon" aria-hidden="true" />
            <h1 className="page-title">Pictures appear here, one by one</h1>
            <p className="drop-text">Say what you want on the left. The best of them goes to the Forge.</p>
          </div>
        ) : (
          <NoServer workflows={workflows} busy={isFetching} onCheck={() => void refetch()} open={forge.open} paste={forge.paste} sample={forge.sample} />
        )}
      </main>
      <History jobs={history} currentId={job?.id ?? null} onChoose={choose} />
    </div>
  );
}
