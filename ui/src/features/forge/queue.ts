import type { JobSnapshot } from "../../protocol/generated";
import type { ForgeJob } from "../../state/jobView";

/** What a waiting job waits for. */
export interface QueueBefore {
  jobs: number;
  /** By this computer's past runs; null when one of the steps has never run here. */
  waitMs: number | null;
}

function leftMs(job: JobSnapshot): number | null {
  const open = job.steps.filter(({ state }) => state !== "done");
  return open.reduce<number | null>((sum, { estimate_ms }) => (sum === null || estimate_ms === null ? null : sum + estimate_ms), 0);
}

/** The jobs before one that waits; null when it does not wait, or is the next. */
export function queueBefore(jobs: readonly JobSnapshot[], job: ForgeJob): QueueBefore | null {
  const place = jobs.find(({ id }) => id === job.id)?.place_in_queue ?? null;
  if (job.state !== "queued" || place === null) return null;
  const before = jobs.filter(({ state, place_in_queue }) => state === "running" || (state === "queued" && place_in_queue !== null && place_in_queue < place));
  if (before.length === 0) return null;
  return { jobs: before.length, waitMs: before.map(leftMs).reduce((sum, left) => (sum === null || left === null ? null : sum + left), 0) };
}
