import { useState } from "react";
import { Play, RefreshCw, X } from "lucide-react";
import { Button } from "../../components/Button";
import { ErrorCard } from "../../components/ErrorCard";
import { estimateWords } from "../../components/estimate";
import { about } from "../../components/format";
import { QueuePause } from "../../components/QueuePause";
import { StepIcon, type StepLook } from "../../components/StepIcon";
import { useKeys } from "../../components/useKeys";
import type { Artifact, JobState, SourceInfo, WorkflowInfo } from "../../protocol/generated";
import { rests, timeLeftMs, type ProspectJob } from "../../state/jobView";
import { useNow } from "../../state/useNow";
import { useLivePreview } from "../../state/livePreview";
import { Candidate, Pending } from "./Candidate";
import { useMarks, useProspect } from "./useProspect";

const LOOKS: Record<JobState, StepLook> = { queued: "waiting", running: "running", done: "done", failed: "failed", cancelled: "cancelled", interrupted: "cancelled" };

function headline(job: ProspectJob, made: number): string {
  const { count } = job.request;
  const step = job.steps[0];
  if (job.cancelling) return "Cancelling";
  switch (job.state) {
    case "queued":
      return "Waiting for its turn";
    case "running":
      return step?.doing === null || step?.doing === undefined ? "Starting" : step.doing.replace(/^./, (first) => first.toUpperCase());
    case "done":
      return count === 1 ? "1 picture" : `${count} pictures`;
    case "failed":
      return `Stopped, ${made} of ${count} made`;
    case "cancelled":
      return `Cancelled, ${made} of ${count} made`;
    case "interrupted":
      return `Interrupted when the program ended, ${made} of ${count} made`;
  }
}

interface ResultsProps {
  job: ProspectJob;
  workflows: readonly WorkflowInfo[];
  take: (picture: SourceInfo) => Promise<void>;
}

/** What earlier runs say of the time; nothing where they say nothing. */
function Estimate({ job }: { job: ProspectJob }) {
  const now = useNow(job.state === "running");
  if (job.cancelling) return null;
  if (job.state === "queued") {
    const whole = timeLeftMs(job, now);
    return whole === null ? null : <span className="quiet">· {about(whole)} once it starts</span>;
  }
  const words = job.state === "running" ? estimateWords(job, now) : null;
  return words === null ? null : <span className="quiet">· {words}</span>;
}

/** The pictures of one job, one by one as they come. */
export function Results({ job, workflows, take }: ResultsProps) {
  const prospect = useProspect();
  const marks = useMarks(job);
  const [selectedId, setSelectedId] = useState<string | null>(null);
  const pictures = new Map(job.artifacts.filter(({ kind }) => kind === "picture").map((picture) => [picture.number ?? 0, picture]));
  const selected = [...pictures.values()].find(({ id }) => id === selectedId) ?? null;
  const { count, seed } = job.request;
  const fraction = job.steps[0]?.fraction ?? null;
  const resting = rests(job.state);
  const preview = useLivePreview(job.id, "pictures");
  const next = Array.from({ length: count }, (_, number) => number).find((number) => !pictures.has(number)) ?? count;
  const keep = (picture: Artifact) => prospect.mark(picture, { favourite: marks.get(picture.id)?.favourite !== true });
  const reject = (picture: Artifact) => prospect.mark(picture, { rejected: marks.get(picture.id)?.rejected !== true });
  const on = (act: (picture: Artifact) => unknown) => () => {
    if (selected !== null) act(selected);
  };
  const reroll = () => prospect.reroll(job);
  const vary = (picture: Artifact) => prospect.vary(job, picture, workflows);
  const forge = (picture: Artifact) => prospect.toForge(picture, take);
  useKeys({ f: on(forge), s: on(keep), x: on(reject), r: on(reroll), v: on(vary) }, selected !== null);
  return (
    <>
      <header className="prospect-head">
        <StepIcon look={LOOKS[job.state]} fraction={fraction} />
        <strong className="prospect-headline">{headline(job, pictures.size)}</strong>
        <Estimate job={job} />
        {job.state === "queued" && <QueuePause />}
        <span className="push" />
        {job.state === "interrupted" || job.state === "cancelled" ? (
          <Button icon={<Play aria-hidden="true" />} onClick={() => void prospect.resume(job.id)}>
            Go on
          </Button>
        ) : null}
        {resting ? (
          <Button look="quiet" icon={<RefreshCw aria-hidden="true" />} onClick={() => void prospect.again(job)}>
            Again, other seeds
          </Button>
        ) : (
          <Button icon={<X aria-hidden="true" />} disabled={job.cancelling} onClick={() => void prospect.cancel(job.id)}>
            Cancel
          </Button>
        )}
      </header>
      <div className="prospect-scroll">
        <p className="prospect-words selectable">{job.request.prompt === "" ? job.name : job.request.prompt}</p>
        <ul className="candidates" aria-label="Pictures">
          {Array.from({ length: count }, (_, number) => {
            const picture = pictures.get(number);
            if (picture === undefined) {
              const state = resting ? "missing" : job.state === "running" && number === next ? "running" : "waiting";
              const share = fraction === null ? null : Math.min(1, Math.max(0, fraction * count - number));
              return <Pending key={number} seed={(seed ?? 0) + number} fraction={share} state={state} preview={preview?.number === number ? preview.url : null} />;
            }
            const mark = marks.get(picture.id);
            return (
              <Candidate
                key={number}
                picture={picture}
                seed={(seed ?? 0) + number}
                favourite={mark?.favourite === true}
                rejected={mark?.rejected === true}
                selected={picture.id === selectedId}
                onSelect={() => setSelectedId(picture.id)}
                onForge={() => void forge(picture)}
                onKeep={() => void keep(picture)}
                onReject={() => void reject(picture)}
                onReroll={() => void reroll()}
                onVary={() => void vary(picture)}
                onSave={() => void prospect.save(picture, `${job.name}-${(seed ?? 0) + number}`)}
              />
            );
          })}
        </ul>
        {job.error !== null && (
          <ErrorCard error={job.error} kept={pictures.size > 0 ? "The pictures that were done are kept." : ""} retryLabel="Go on" onRetry={() => void prospect.resume(job.id)} />
        )}
      </div>
    </>
  );
}
