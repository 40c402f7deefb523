import type { KeyboardEvent } from "react";
import { StepIcon, type StepLook } from "../../components/StepIcon";
import { useHost } from "../../host/context";
import type { JobSnapshot, JobState } from "../../protocol/generated";
import type { Grip } from "./useRowDrag";

export type Group = "Running" | "Needs you" | "Waiting" | "Ended";
export const GROUPS: Group[] = ["Running", "Needs you", "Waiting", "Ended"];

const LOOKS: Record<JobState, StepLook> = { queued: "waiting", running: "running", done: "done", failed: "failed", cancelled: "cancelled", interrupted: "cancelled" };

export function groupOf(job: JobSnapshot): Group {
  if (job.state === "running") return "Running";
  if (job.state === "queued") return "Waiting";
  if (job.state === "interrupted") return "Needs you";
  return job.error?.code === "needs_mask" ? "Needs you" : "Ended";
}

function summary(job: JobSnapshot): string {
  switch (job.state) {
    case "queued":
      return job.place_in_queue === 0 ? "Next" : "Waiting for its turn";
    case "interrupted":
      return "Interrupted; can go on";
    case "running":
      return job.cancelling ? "Cancelling" : `At ${job.steps.find(({ state }) => state === "running")?.name ?? "the start"}`;
    case "done": {
      const ms = job.steps.reduce((sum, step) => sum + (step.elapsed_ms ?? 0), 0);
      return `Done in ${(ms / 1000).toFixed(1)} s`;
    }
    case "cancelled":
      return "Cancelled by you";
    case "failed":
      return job.error?.code === "needs_mask" ? "Which part is the object?" : (job.error?.message ?? "Stopped");
  }
}

function time(at: number): string {
  const date = new Date(at);
  const today = date.toDateString() === new Date().toDateString();
  return today ? date.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" }) : date.toLocaleDateString("en-GB", { day: "numeric", month: "short" });
}

interface JobRowProps {
  job: JobSnapshot;
  current: boolean;
  onChoose: () => void;
  onKey?: (event: KeyboardEvent) => void;
  grip?: Grip;
}

export function JobRow({ job, current, onChoose, onKey, grip = {} }: JobRowProps) {
  const host = useHost();
  const shown = job.artifacts.findLast(({ kind, slot }) => kind === "picture" || (kind === "cutout" && slot === null));
  const { source } = job.request;
  const url = shown !== undefined ? host.artifactUrl(shown.id) : source?.from === "imported" ? host.sourceUrl(source.id) : null;
  const needs = groupOf(job) === "Needs you";
  return (
    <button type="button" className={`job-row ${current ? "current" : ""}`} aria-current={current || undefined} onClick={onChoose} onKeyDown={onKey} data-job={job.id} {...grip}>
      <span className="thumb mat">{url !== null && <img src={url} alt="" loading="lazy" draggable={false} />}</span>
      <span className="job-words">
        <strong>{job.name}</strong>
        <span className={`note ${needs ? "warn" : job.state === "failed" ? "err" : ""}`}>{summary(job)}</span>
      </span>
      <span className="mono quiet">{time(job.created_at)}</span>
      <StepIcon look={needs ? "needs_you" : LOOKS[job.state]} />
    </button>
  );
}
