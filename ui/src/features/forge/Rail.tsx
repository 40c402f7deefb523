import { RotateCcw } from "lucide-react";
import { StepIcon } from "../../components/StepIcon";
import { about, count, duration } from "../../components/format";
import { IconButton } from "../../components/Button";
import type { StepName } from "../../protocol/generated";
import { canRetry, newestOf, newestViews, FORGE_STEPS, statsOf, type ForgeJob, type StepView } from "../../state/jobView";
import { retryWords } from "./RetryMenu";
import { lookOf, PROFILE_TITLES, STEP_PURPOSES, STEP_TITLES, textFact } from "./words";

/** What a finished step has to show for itself. */
function result(job: ForgeJob, step: StepView): string | null {
  switch (step.name) {
    case "prepare": {
      const method = textFact(step, "mask_method");
      return method === null ? null : `from ${method}`;
    }
    case "views": {
      const views = newestViews(job).length;
      return views === 0 ? null : `${views} made`;
    }
    case "gate": {
      if (job.gate === null) return null;
      const passed = job.gate.views.filter(({ verdict }) => verdict === "pass").length;
      return passed === job.gate.views.length ? `${passed} pass` : `${passed} of ${job.gate.views.length} pass`;
    }
    case "mesh":
      return PROFILE_TITLES[textFact(step, "profile") ?? ""]?.toLowerCase() ?? null;
    case "finish": {
      const stats = statsOf(job, newestOf(job, "mesh"));
      return stats === null ? null : `${count(stats.triangles)} tris`;
    }
    case "export":
      return "GLB, report";
    case "pictures":
      return null;
  }
}

function lines(job: ForgeJob | null, step: StepView | undefined, engine: string | null, now: number): [string, string | null] {
  if (job === null || step === undefined) return ["", null];
  const by = step.name === "views" || step.name === "mesh" ? engine : null;
  switch (step.state) {
    case "done":
      return [step.elapsedMs === null ? "done" : duration(step.elapsedMs), [by, result(job, step)].filter((part) => part !== null).join(" · ")];
    case "running": {
      const passed = step.startedAt === null ? 0 : Math.max(0, now - step.startedAt);
      const left = step.estimateMs === null ? "first run, no estimate" : `${about(Math.max(0, step.estimateMs - passed))} left`;
      return [duration(passed), step.doing ?? left];
    }
    case "failed":
      return [lookOf(job, step) === "needs_you" ? "needs you" : step.elapsedMs === null ? "stopped" : duration(step.elapsedMs), lookOf(job, step) === "needs_you" ? null : "stopped"];
    case "cancelled":
      return ["cancelled", null];
    case "waiting":
      return [step.estimateMs === null ? (job.state === "running" ? "no estimate" : "not started") : about(step.estimateMs), null];
  }
}

interface RailProps {
  job: ForgeJob | null;
  engine: string | null;
  now: number;
  onRetry: (from: StepName) => void;
}

/** The six steps, always in view. */
export function Rail({ job, engine, now, onRetry }: RailProps) {
  return (
    <ol className="rail" aria-label="Steps">
      {FORGE_STEPS.map((name) => {
        const step = job?.steps.find((candidate) => candidate.name === name);
        const look = job === null || step === undefined ? "waiting" : lookOf(job, step);
        const [time, note] = job === null ? [STEP_PURPOSES[name], null] : lines(job, step, engine, now);
        return (
          <li key={name} className={`step ${look}`} aria-current={look === "running" ? "step" : undefined} data-step={name} data-state={look}>
            {look === "running" && <span className="step-progress" style={{ transform: `scaleX(${step?.fraction ?? 0})` }} />}
            <StepIcon look={look} />
            <div className="step-words">
              <span className="step-title">{STEP_TITLES[name]}</span>
              <span className={job === null || look === "waiting" || look === "needs_you" ? "step-line" : "step-line mono"}>{time}</span>
              {note !== null && <span className="step-line step-note">{note}</span>}
            </div>
            <span className="sr-only">{look.replace("_", " ")}</span>
            {job !== null && canRetry(job, name) && (
              <IconButton className="step-retry" label={`Run again from ${STEP_TITLES[name]}`} title={retryWords(name)} onClick={() => onRetry(name)}>
                <RotateCcw aria-hidden="true" />
              </IconButton>
            )}
          </li>
        );
      })}
    </ol>
  );
}
