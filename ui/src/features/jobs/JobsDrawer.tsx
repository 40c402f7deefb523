import { useQuery } from "@tanstack/react-query";
import { Pause, Play, X } from "lucide-react";
import { Button, IconButton } from "../../components/Button";
import { useQueue } from "../../components/useQueue";
import { useHost } from "../../host/context";
import type { JobId, JobSnapshot } from "../../protocol/generated";
import { useGalleryNews } from "../../state/galleryNews";
import { jobsKey } from "../../state/useJob";
import { GROUPS, JobRow, groupOf } from "./JobRow";
import { WaitingJobs } from "./WaitingJobs";

const LIMIT = 60;
const REFRESH_MS = 1000;

/** Jobs of another window wait in a queue of their own. */
const byPlace = (one: JobSnapshot, other: JobSnapshot) => (one.place_in_queue ?? 0) - (other.place_in_queue ?? 0) || one.created_at - other.created_at;

export function useJobs(watched: boolean): JobSnapshot[] {
  const host = useHost();
  const { data } = useQuery({
    queryKey: jobsKey,
    queryFn: () => host.execute({ command: "list_jobs", limit: LIMIT }),
    refetchInterval: (query) => (watched || query.state.data?.some(({ state }) => state === "running" || state === "queued") === true ? REFRESH_MS : false),
    // A job that ends while the window is out of sight is told on the desktop.
    refetchIntervalInBackground: true,
  });
  useGalleryNews(data);
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
                <WaitingJobs jobs={rows.toSorted(byPlace)} currentId={currentId} onMove={queue.move} onChoose={onChoose} />
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
