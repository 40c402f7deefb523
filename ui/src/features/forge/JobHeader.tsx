import { Check, Download, PanelLeft, SlidersHorizontal, X } from "lucide-react";
import { Button, IconButton } from "../../components/Button";
import { QueuePause } from "../../components/QueuePause";
import { StepIcon } from "../../components/StepIcon";
import { about, duration } from "../../components/format";
import { estimateWords } from "../../components/estimate";
import type { ForgeJob } from "../../state/jobView";
import type { StepName } from "../../protocol/generated";
import { useQueuePaused } from "../../state/useQueuePaused";
import { useUi } from "../../state/ui";
import { RetryMenu } from "./RetryMenu";
import type { QueueBefore } from "./queue";
import { headline } from "./words";

/** A step that says nothing for this long is worth a word. */
const SILENCE_MS = 20_000;

function elapsedMs(job: ForgeJob, now: number): number {
  return job.steps.reduce((sum, step) => sum + (step.elapsedMs ?? (step.state === "running" && step.startedAt !== null ? Math.max(0, now - step.startedAt) : 0)), 0);
}

function Wait({ queue }: { queue: QueueBefore | null }) {
  const paused = useQueuePaused();
  if (paused) return <QueuePause />;
  if (queue === null) return null;
  return (
    <span className="quiet">
      · {queue.jobs === 1 ? "one job" : `${queue.jobs} jobs`} before it{queue.waitMs !== null && `, ${about(queue.waitMs)}`}
    </span>
  );
}

interface JobHeaderProps {
  job: ForgeJob;
  queue: QueueBefore | null;
  now: number;
  busy: boolean;
  onCancel: () => void;
  /** What the narrow window, whose panel foot is hidden, offers here instead; null when it makes no sense now. */
  onSave: (() => void) | null;
  onRetry: ((from: StepName) => void) | null;
  onUseCutout: (() => void) | null;
}

export function JobHeader({ job, queue, now, busy, onCancel, onSave, onRetry, onUseCutout }: JobHeaderProps) {
  const set = useUi((state) => state.set);
  const settingsOpen = useUi((state) => state.settingsOpen);
  const format = useUi((state) => state.saveAs.format);
  const leftFolded = useUi((state) => state.leftFolded);
  const { look, text, tone } = headline(job);
  const spent = elapsedMs(job, now);
  const estimate = job.state === "running" && !job.cancelling ? (estimateWords(job, now) ?? "first run, no estimate") : null;
  const silent = job.state === "running" && now - job.lastNewsAt > SILENCE_MS;
  return (
    <header className="job-header">
      {leftFolded && (
        <IconButton label="Show source and views" keys="[" onClick={() => set({ leftFolded: false })}>
          <PanelLeft aria-hidden="true" />
        </IconButton>
      )}
      <h1 className="job-name">{job.name}</h1>
      <span className={`job-state ${tone}`}>
        <StepIcon look={look} />
        <span role="status" data-testid="job-state">
          {text}
        </span>
      </span>
      {spent > 0 && <span className="mono quiet">{duration(spent)}</span>}
      {estimate !== null && <span className="quiet wide-only">· {estimate}</span>}
      {job.state === "queued" && <Wait queue={queue} />}
      {silent && <span className="quiet wide-only">· No news for {Math.round((now - job.lastNewsAt) / 1000)} s; the engine is still at work.</span>}
      <span className="push" />
      {onRetry !== null && <RetryMenu job={job} onRetry={onRetry} />}
      {busy && (
        <Button className="narrow-only" icon={<X aria-hidden="true" />} busy={job.cancelling} onClick={onCancel}>
          Cancel
        </Button>
      )}
      {onUseCutout !== null && (
        <Button className="narrow-only" look="main" icon={<Check aria-hidden="true" />} onClick={onUseCutout}>
          Use this cut-out
        </Button>
      )}
      {onUseCutout === null && onSave !== null && (
        <Button className="narrow-only" look="main" icon={<Download aria-hidden="true" />} onClick={onSave}>
          Save {format.toUpperCase()}…
        </Button>
      )}
      <IconButton className="narrow-only" label="Settings of the forge" keys="]" pressed={settingsOpen} onClick={() => set({ settingsOpen: !settingsOpen })}>
        <SlidersHorizontal aria-hidden="true" />
      </IconButton>
    </header>
  );
}
