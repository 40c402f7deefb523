import { useQuery } from "@tanstack/react-query";
import { X } from "lucide-react";
import { IconButton } from "../../components/Button";
import { StepIcon, type StepLook } from "../../components/StepIcon";
import { useHost } from "../../host/context";
import type { JobId, JobSnapshot, JobState } from "../../protocol/generated";
import { jobsKey } from "../../state/useJob";

const LIMIT = 60;
const REFRESH_MS = 1000;

type Group = "Running" | "Needs you" | "Waiting" | "Ended";
const GROUPS: Group[] = ["Running", "Needs you", "Waiting", "Ended"];

const LOOKS: Record<JobState, StepLook> = { queued: "waiting", running: "running", done: "done", failed: "failed", cancelled: "cancelled", interrupted: "cancelled" };

function groupOf(job: JobSnapshot): Group {
  if (job.state === "running") return "Running";
  if (job.state === "queued") return "Waiting";
  if (job.state === "interrupted") return "Needs you";
  return job.error?.code === "needs_mask" ? "Needs you" : "Ended";
}

function summary(job: JobSnapshot): string {
  switch (job.state) {
    case "queued":
      return "Waiting for its turn";
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

function JobRow({ job, current, onChoose }: { job: JobSnapshot; current: boolean; onChoose: () => void }) {
  const host = useHost();
  const shown = job.artifacts.findLast(({ kind, slot }) => kind === "picture" || (kind === "cutout" && slot === null));
  const { source } = job.request;
  const url = shown !== undefined ? host.artifactUrl(shown.id) : source?.from === "imported" ? host.sourceUrl(source.id) : null;
  const needs = groupOf(job) === "Needs you";
  return (
    <li>
      <button type="button" className={`job-row ${current ? "current" : ""}`} aria-current={current || undefined} onClick={onChoose} data-job={job.id}>
        <span className="thumb mat">{url !== null && <img src={url} alt="" loading="lazy" draggable={false} />}</span>
        <span className="job-words">
          <strong>{job.name}</strong>
          <span className={`note ${needs ? "warn" : job.state === "failed" ? "err" : ""}`}>{summary(job)}</span>
        </span>
        <span className="mono quiet">{time(job.created_at)}</span>
        <StepIcon look={needs ? "needs_you" : LOOKS[job.state]} />
      </button>
    </li>
  );
}

export function useJobs(watched: boolean): JobSnapshot[] {
  const host = useHost();
  const { data } = useQuery({
    queryKey: jobsKey,
    queryFn: () => host.execute({ command: "list_jobs", limit: LIMIT }),
    refetchInterval: (query) => (watched || query.state.data?.some(({ state }) => state === "running" || state === "queued") === true ? REFRESH_MS : false),
  });
  return data ?? [];
}

export function JobsDrawer({ jobs, currentId, onChoose, onClose }: { jobs: JobSnapshot[]; currentId: JobId | null; onChoose: (job: JobSnapshot) => void; onClose: () => void }) {
  const open = jobs.filter(({ state }) => state === "running" || state === "queued").length;
  return (
    <aside className="drawer jobs-drawer" aria-label="Jobs">
      <header className="drawer-head">
        <h2>Jobs</h2>
        <span className="note">{open === 0 ? "none open" : `${open} open`}</span>
        <span className="push" />
        <IconButton label="Close" keys="Q" onClick={onClose}>
          <X aria-hidden="true" />
        </IconButton>
      </header>
      <div className="side-scroll">
        {jobs.length === 0 && <p className="note drawer-empty">Every forge is kept here, with its picture, its views and its mesh.</p>}
        {GROUPS.map((group) => {
          const rows = jobs.filter((job) => groupOf(job) === group);
          if (rows.length === 0) return null;
          return (
            <section key={group} className="job-group">
              <h3 className="note">{group}</h3>
              <ul>
                {rows.map((job) => (
                  <JobRow key={job.id} job={job} current={job.id === currentId} onChoose={() => onChoose(job)} />
                ))}
              </ul>
            </section>
          );
        })}
      </div>
    </aside>
  );
}
