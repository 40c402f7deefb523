import { useHost } from "../../host/context";
import type { JobId, JobSnapshot } from "../../protocol/generated";
import { draftStore } from "./draft";

const SHOWN_PICTURES = 4;

export type ProspectSnapshot = Extract<JobSnapshot, { kind: "prospect" }>;

function time(at: number): string {
  const date = new Date(at);
  const today = date.toDateString() === new Date().toDateString();
  return today ? date.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" }) : date.toLocaleDateString("en-GB", { day: "numeric", month: "short" });
}

/** Prompts asked before, newest first; choosing one shows its pictures and puts its words and settings back. */
export function History({ jobs, currentId, onChoose }: { jobs: readonly ProspectSnapshot[]; currentId: JobId | null; onChoose: (id: JobId) => void }) {
  const host = useHost();
  const choose = ({ id, request }: ProspectSnapshot) => {
    draftStore.getState().set({ prompt: request.prompt, workflow: request.workflow, values: request.inputs, seed: request.seed });
    onChoose(id);
  };
  return (
    <aside className="side right prospect-history" aria-label="History">
      <header className="history-head">
        <h2>History</h2>
      </header>
      <div className="side-scroll">
        {jobs.length === 0 && <p className="note history-empty">Every prompt is kept here with its pictures, its seed and its settings.</p>}
        <ul>
          {jobs.map((job) => {
            const pictures = job.artifacts.filter(({ kind }) => kind === "picture");
            return (
              <li key={job.id}>
                <button type="button" className={`history-row ${job.id === currentId ? "current" : ""}`} aria-current={job.id === currentId || undefined} onClick={() => choose(job)} data-job={job.id}>
                  <span className="history-words">{job.request.prompt}</span>
                  <span className="history-pictures">
                    {pictures.slice(0, SHOWN_PICTURES).map((picture) => (
                      <img key={picture.id} src={host.thumbnailUrl(picture.id)} alt="" loading="lazy" draggable={false} />
                    ))}
                    <span className="note">
                      {pictures.length} of {job.request.count}
                    </span>
                    <span className="push mono quiet">{time(job.created_at)}</span>
                  </span>
                </button>
              </li>
            );
          })}
        </ul>
      </div>
    </aside>
  );
}
