import type { ForgeJob } from "../../state/jobView";
import { useLivePreview } from "../../state/livePreview";
import { STEP_TITLES } from "./words";

/** What a server's sampler has so far of the running step. */
export function LiveCard({ job }: { job: ForgeJob }) {
  const step = job.steps.find(({ state }) => state === "running");
  const preview = useLivePreview(job.id, step?.name ?? "views");
  if (step === undefined || preview === null) return null;
  return (
    <figure className="live-card card" data-live={step.name}>
      <img src={preview.url} alt={`${STEP_TITLES[step.name]} so far`} draggable={false} />
      <figcaption className="note">{step.doing ?? "at work"}</figcaption>
    </figure>
  );
}
