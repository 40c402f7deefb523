import { timeLeftMs, type JobView } from "../state/jobView";
import { about } from "./format";

/** A step beyond its usual time by so much, and by that factor, is late: what is left is not known. */
const LATE_FACTOR = 1.5;
const LATE_MS = 2000;

/** How long it goes on by this computer's past runs, and no more than they say; null when they say nothing. */
export function estimateWords(job: JobView, now: number): string | null {
  const running = job.steps.find(({ state }) => state === "running");
  const passed = running?.startedAt == null ? 0 : now - running.startedAt;
  const usual = running?.estimateMs ?? null;
  if (usual !== null && passed > usual * LATE_FACTOR && passed - usual > LATE_MS) return `longer than the ${about(usual).replace("about ", "")} it usually takes`;
  const left = timeLeftMs(job, now);
  return left === null ? null : `${about(left)} left`;
}
