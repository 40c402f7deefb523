import { ArrowDown, ArrowUp, ArrowUpToLine } from "lucide-react";
import { useLayoutEffect, useRef, useState, type KeyboardEvent } from "react";
import { IconButton } from "../../components/Button";
import type { JobId, JobSnapshot, QueueMove } from "../../protocol/generated";
import { JobRow } from "./JobRow";
import { useRowDrag } from "./useRowDrag";

const MOVES: [QueueMove, string, string, typeof ArrowUp][] = [
  ["front", "To the front", "Alt Home", ArrowUpToLine],
  ["up", "Earlier", "Alt ↑", ArrowUp],
  ["down", "Later", "Alt ↓", ArrowDown],
];
const MOVE_KEYS: Record<string, QueueMove> = { Home: "front", ArrowUp: "up", ArrowDown: "down", End: "back" };

interface WaitingJobsProps {
  jobs: JobSnapshot[];
  currentId: JobId | null;
  onMove: (job: JobSnapshot, to: QueueMove) => Promise<JobSnapshot | null>;
  onChoose: (job: JobSnapshot) => void;
}

/** Those that wait, in their order, and what changes it. */
export function WaitingJobs({ jobs, currentId, onMove, onChoose }: WaitingJobsProps) {
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
  const { list, drag, grip } = useRowDrag((from, to) => {
    const job = jobs[from];
    const next = jobs.filter((other) => other !== job)[to];
    if (job !== undefined) void move(job, next === undefined ? "back" : { before: next.id });
  });
  const onKey = (event: KeyboardEvent, job: JobSnapshot) => {
    const to = event.altKey ? MOVE_KEYS[event.key] : undefined;
    if (to === undefined) return;
    event.preventDefault();
    void move(job, to);
  };
  return (
    <>
      <ul ref={list} className={drag === null ? "" : "dragging"}>
        {jobs.map((job, place) => (
          <li key={job.id} className={`job-item ${drag?.from === place ? "dragged" : ""}`} style={drag === null ? undefined : { translate: `0 ${drag.shift(place)}px` }}>
            <JobRow job={job} current={job.id === currentId} onChoose={() => onChoose(job)} onKey={(event) => onKey(event, job)} grip={jobs.length > 1 ? grip(place) : {}} />
            {jobs.length > 1 && (
              <span className="job-acts">
                {MOVES.map(([to, label, keys, Icon]) => (
                  <IconButton key={label} label={`${label}: ${job.name}`} keys={keys} aria-disabled={to === "down" ? place === last : place === 0} onClick={() => void move(job, to)}>
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
