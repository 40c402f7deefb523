import { useQuery } from "@tanstack/react-query";
import { ArrowDown, ArrowUp, ArrowUpToLine, Pause, Play, X } from "lucide-react";
import { useLayoutEffect, useRef, useState, type KeyboardEvent } from "react";
import { Button, IconButton } from "../../components/Button";
import { StepIcon, type StepLook } from "../../components/StepIcon";
import { useQueue } from "../../components/useQueue";
import { useHost } from "../../host/context";
import type { JobId, JobSnapshot, JobState, QueueMove } from "../../protocol/generated";
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

/** Jobs of another window wait in a queue of their own. */
const byPlace = (one: JobSnapshot, other: JobSnapshot) => (one.place_in_queue ?? 0) - (other.place_in_queue ?? 0) || one.created_at - other.created_at;

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
}

function JobRow({ job, current, onChoose, onKey }: JobRowProps) {
  const host = useHost();
  const shown = job.artifacts.findLast(({ kind, slot }) => kind === "picture" || (kind === "cutout" && slot === null));
  const { source } = job.request;
  const url = shown !== undefined ? host.artifactUrl(shown.id) : source?.from === "imported" ? host.sourceUrl(source.id) : null;
  const needs = groupOf(job) === "Needs you";
  return (
    <button type="button" className={`job-row ${current ? "current" : ""}`} aria-current={current || undefined} onClick={onChoose} onKeyDown={onKey} data-job={job.id}>
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

const MOVES: [QueueMove, string, string, typeof ArrowUp][] = [
  ["front", "To the front", "Alt Home", ArrowUpToLine],
  ["up", "Earlier", "Alt ↑", ArrowUp],
  ["down", "Later", "Alt ↓", ArrowDown],
];
const MOVE_KEYS: Record<string, QueueMove> = { Home: "front", ArrowUp: "up", ArrowDown: "down", End: "back" };

/** Those that wait, in their order, and what changes it. */
function Waiting({ jobs, currentId, onMove, onChoose }: { jobs: JobSnapshot[]; currentId: JobId | null; onMove: (job: JobSnapshot, to: QueueMove) => Promise<JobSnapshot | null>; onChoose: (job: JobSnapshot) => void }) {
  const [said, setSaid] = useState("");
  const held = useRef<HTMLElement | null>(null);
  const order = jobs.map(({ id }) => id).join();
  // What moves in the page loses the focus.
  useLayoutEffect(() => {
    if (document.activeElement === document.body) held.current?.focus();
    held.current = null;
  }, [order]);
  const last = jobs.length - 1;
  const move = async (job: JobSnapshot, to: QueueMove) => {
    held.current = document.activeElement instanceof HTMLElement ? document.activeElement : null;
    setSaid("");
    const before = (await onMove(job, to))?.place_in_queue ?? null;
    if (before !== null) setSaid(`${job.name} is number ${before + 1} of ${jobs.length}.`);
  };
  const onKey = (event: KeyboardEvent, job: JobSnapshot) => {
    const to = event.altKey ? MOVE_KEYS[event.key] : undefined;
    if (to === undefined) return;
    event.preventDefault();
    void move(job, to);
  };
  return (
    <>
      <ul>
        {jobs.map((job, place) => (
          <li key={job.id} className="job-item">
            <JobRow job={job} current={job.id === currentId} onChoose={() => onChoose(job)} onKey={(event) => onKey(event, job)} />
            {jobs.length > 1 && (
              <span className="job-acts">
                {MOVES.map(([to, label, keys, Icon]) => (
                  <IconButton key={to} label={`${label}: ${job.name}`} keys={keys} aria-disabled={to === "down" ? place === last : place === 0} onClick={() => void move(job, to)}>
                    <Icon aria-hidden="true" />
                  </IconButton>
                ))}
              </span>
            )}
          </li>
        ))}
      </ul>
      <p className="sr-only" role="status">
        {said}
      </p>
    </>
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
  const queue = useQueue();
  const open = jobs.filter(({ state }) => state === "running" || state === "queued").length;
  return (
    <aside className="drawer jobs-drawer" aria-label="Jobs">
      <header className="drawer-head">
        <h2>Jobs</h2>
        <span className="note">{open === 0 ? "none open" : `${open} open`}</span>
        <span className="push" />
        <Button
          look="quiet"
          size="small"
          icon={queue.paused ? <Play aria-hidden="true" /> : <Pause aria-hidden="true" />}
          title={queue.paused ? "What waits goes on" : "What runs goes on; what waits keeps waiting"}
          onClick={() => void queue.pause(!queue.paused)}
        >
          {queue.paused ? "Go on" : "Pause"}
        </Button>
        <IconButton label="Close" keys="Q" onClick={onClose}>
          <X aria-hidden="true" />
        </IconButton>
      </header>
      {queue.paused && (
        <p className="queue-paused note warn" role="status">
          <Pause aria-hidden="true" /> The queue is paused. What runs goes on; what waits keeps waiting.
        </p>
      )}
      <div className="side-scroll">
        {jobs.length === 0 && <p className="note drawer-empty">Every forge is kept here, with its picture, its views and its mesh.</p>}
        {GROUPS.map((group) => {
          const rows = jobs.filter((job) => groupOf(job) === group);
          if (rows.length === 0) return null;
          return (
            <section key={group} className="job-group">
              <h3 className="note">{group}</h3>
              {group === "Waiting" ? (
                <Waiting jobs={rows.toSorted(byPlace)} currentId={currentId} onMove={queue.move} onChoose={onChoose} />
              ) : (
                <ul>
                  {rows.map((job) => (
                    <li key={job.id}>
                      <JobRow job={job} current={job.id === currentId} onChoose={() => onChoose(job)} />
                    </li>
                  ))}
                </ul>
              )}
            </section>
          );
        })}
      </div>
    </aside>
  );
}
