import { Check, Download, PanelLeft, SlidersHorizontal, X } from "lucide-react";
import { Button, IconButton } from "../../components/Button";
import { StepIcon } from "../../components/StepIcon";
import { about, duration } from "../../components/format";
import { timeLeftMs, type ForgeJob } from "../../state/jobView";
import { useUi } from "../../state/ui";
import { headline } from "./words";

/** A step that says nothing for this long is worth a word. */
const SILENCE_MS = 20_000;

function elapsedMs(job: ForgeJob, now: number): number {
  return job.steps.reduce((sum, step) => sum + (step.elapsedMs ?? (step.state === "running" && step.startedAt !== null ? Math.max(0, now - step.startedAt) : 0)), 0);
}

interface JobHeaderProps {
  job: ForgeJob;
  now: number;
  busy: boolean;
  onCancel: () => void;
  /** What the narrow window, whose panel foot is hidden, offers here instead; null when it makes no sense now. */
  onSave: (() => void) | null;
  onUseCutout: (() => void) | null;
}

export function JobHeader({ job, now, busy, onCancel, onSave, onUseCutout }: JobHeaderProps) {
  const set = useUi((state) => state.set);
  const settingsOpen = useUi((state) => state.settingsOpen);
  const leftFolded = useUi((state) => state.leftFolded);
  const { look, text, tone } = headline(job);
  const spent = elapsedMs(job, now);
  const left = job.state === "running" && !job.cancelling ? timeLeftMs(job, now) : null;
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
      {left !== null && <span className="quiet wide-only">· {about(left)} left</span>}
      {silent && <span className="quiet wide-only">· No news for {Math.round((now - job.lastNewsAt) / 1000)} s; the engine is still at work.</span>}
      <span className="push" />
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
          Save GLB…
        </Button>
      )}
      <IconButton className="narrow-only" label="Settings of the forge" keys="]" pressed={settingsOpen} onClick={() => set({ settingsOpen: !settingsOpen })}>
        <SlidersHorizontal aria-hidden="true" />
      </IconButton>
    </header>
  );
}
