import { Play } from "lucide-react";
import { useEffect, useMemo, useState } from "react";
import { Button } from "../../components/Button";
import { ConfirmDialog } from "../../components/ConfirmDialog";
import { CrashPoint } from "../../components/ErrorBoundary";
import { useKeys } from "../../components/useKeys";
import { useHost } from "../../host/context";
import { reportOf } from "../../host/host";
import type { ForgeParams, JobSnapshot } from "../../protocol/generated";
import { finishedMesh, forgeJob, rests, type ForgeJob } from "../../state/jobView";
import { importedRef, useUi, type GivenViews } from "../../state/ui";
import { useJob } from "../../state/useJob";
import { useNow } from "../../state/useNow";
import { CutoutEditor } from "./cutout/CutoutEditor";
import { useCutout } from "./cutout/useCutout";
import { EmptyState } from "./EmptyState";
import { ErrorCard } from "../../components/ErrorCard";
import { InterruptedCard } from "./InterruptedCard";
import { Inspector } from "./Inspector";
import { JobHeader } from "./JobHeader";
import { Rail } from "./Rail";
import { SourcePanel } from "./SourcePanel";
import { queueBefore } from "./queue";
import type { Forge } from "./useForge";
import { ViewerZone } from "./ViewerZone";
import { keptSentence, needsMask, stepOf, textFact } from "./words";

function differ(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) !== JSON.stringify(other);
}

function settingsChanged(job: ForgeJob, params: ForgeParams, views: GivenViews): boolean {
  const { params: used, views: usedViews } = job.request;
  return (Object.keys(used) as (keyof ForgeParams)[]).some((key) => differ(used[key], params[key])) || differ(usedViews, views);
}

function engineOf(job: ForgeJob | null): string | null {
  if (job === null) return null;
  const named = textFact(stepOf(job, "mesh"), "engine") ?? (job.request.params.engine === "auto" ? "draft" : job.request.params.engine);
  return named.charAt(0).toUpperCase() + named.slice(1);
}

interface ForgeTabProps {
  forge: Forge;
  automation: boolean;
  /** Newest first. */
  jobs: JobSnapshot[];
  /** Jobs whose program ended, newest first. */
  interrupted: JobSnapshot[];
}

export function ForgeTab({ forge, automation, jobs, interrupted }: ForgeTabProps) {
  const host = useHost();
  const { jobId, previousJobId, params, givenViews, editingCutout, error, leftFolded, rightFolded, settingsOpen, set } = useUi();
  const { view, error: jobError } = useJob(jobId);
  const job = forgeJob(view);
  const previous = forgeJob(useJob(previousJobId).view);
  const [asking, setAsking] = useState(false);
  const [savingMask, setSavingMask] = useState(false);
  const busy = job !== null && !rests(job.state);
  const now = useNow(busy);
  const changed = job !== null && settingsChanged(job, params, givenViews);

  // A job chosen elsewhere brings its own settings.
  useEffect(() => {
    if (job !== null) set({ params: job.request.params, givenViews: job.request.views });
    // eslint-disable-next-line react-hooks/exhaustive-deps -- only when another job is looked at
  }, [job?.id, set]);
  useEffect(() => {
    if (jobError?.code === "job_not_found") set({ jobId: null });
  }, [jobError, set]);
  useEffect(() => {
    if (!busy) setAsking(false);
  }, [busy]);

  const source = job?.request.source.from === "imported" ? job.request.source : null;
  const editingActive = job !== null && source !== null && (editingCutout || (needsMask(job) && !busy));
  const sourceRef = useMemo(() => source, [source?.id]); // eslint-disable-line react-hooks/exhaustive-deps -- a source is its id
  const cutout = useCutout(source?.id ?? null, sourceRef, editingActive);
  const editing = editingActive ? cutout : null;

  const useThisCutout = () => {
    if (job === null || editing === null || savingMask) return;
    setSavingMask(true);
    void (async () => {
      try {
        const mask = await editing.save();
        await forge.again(job, { mask: importedRef(mask) });
      } catch (cause) {
        set({ error: reportOf(cause) });
      } finally {
        setSavingMask(false);
      }
    })();
  };
  const askCancel = () => busy && !job.cancelling && setAsking(true);
  const mesh = job === null || busy ? null : finishedMesh(job);
  const save = job !== null && mesh !== null ? () => void forge.save(mesh, job.name) : null;
  useKeys({
    Escape: () => {
      if (settingsOpen) set({ settingsOpen: false });
      else if (error !== null) set({ error: null });
      else if (editingCutout && job !== null && !needsMask(job)) set({ editingCutout: false });
      else askCancel();
    },
    "Ctrl+s": () => save?.(),
    ...(editing === null
      ? { "[": () => set({ leftFolded: !leftFolded }), "]": () => (window.innerWidth < 1100 ? set({ settingsOpen: !settingsOpen }) : set({ rightFolded: !rightFolded })) }
      : {}),
  });
  useEffect(() => {
    if (editing === null) return undefined;
    const onEnter = (event: KeyboardEvent) => {
      const onControl = event.target instanceof HTMLElement && event.target.closest("button, input, [role=listbox]") !== null;
      if (event.key === "Enter" && !onControl) useThisCutout();
    };
    window.addEventListener("keydown", onEnter);
    return () => window.removeEventListener("keydown", onEnter);
  });

  const stopped = job !== null && job.state === "failed" && !needsMask(job) ? job.error : null;
  return (
    <div className={`forge ${job === null ? "is-empty" : ""} ${leftFolded ? "left-folded" : ""} ${rightFolded ? "right-folded" : ""} ${settingsOpen ? "settings-open" : ""}`}>
      <CrashPoint name="forge" armed={automation} />
      {job !== null && <SourcePanel job={job} forge={forge} busy={busy} />}
      <main className="centre">
        {job !== null && <JobHeader job={job} queue={queueBefore(jobs, job)} now={now} busy={busy} onCancel={() => void forge.cancel(job)} onSave={save} onRetry={editing === null ? (from) => void forge.retry(job, from) : null} onUseCutout={editing === null ? null : useThisCutout} />}
        <div className="stage">
          {job === null && jobId === null && <EmptyState forge={forge} />}
          {job !== null && editing === null && <ViewerZone job={job} previous={previous} automation={automation} />}
          {editing !== null && source !== null && <CutoutEditor key={source.id} editing={editing} pictureUrl={host.sourceUrl(source.id)} />}
          <div className="dock">
            {error !== null && <ErrorCard error={error} onClose={() => set({ error: null })} />}
            {jobId === null && interrupted.length > 0 && <InterruptedCard jobs={interrupted} onGoOn={() => void forge.resumeAll(interrupted)} />}
            {jobError !== null && jobError.code !== "job_not_found" && <ErrorCard error={jobError} />}
            {job !== null && stopped !== null && error === null && (
              <ErrorCard error={stopped} kept={keptSentence(job)} onRetry={() => void (changed ? forge.again(job) : forge.resume(job))} retryLabel={stopped.code === "quarantined" && !changed ? "Run it once more" : undefined}>
                {stopped.code === "gate_refused" && <Button onClick={() => void forge.acceptViews(job)}>Use anyway</Button>}
              </ErrorCard>
            )}
            {job !== null && (job.state === "cancelled" || job.state === "interrupted") && error === null && (
              <div className="card calm-card" role="status">
                <p>
                  <strong>{job.state === "cancelled" ? "Cancelled." : "The program ended while this was being forged."}</strong> {keptSentence(job)}
                </p>
                <Button icon={<Play aria-hidden="true" />} onClick={() => void forge.resume(job)}>
                  Go on
                </Button>
              </div>
            )}
          </div>
        </div>
        <Rail job={job} engine={engineOf(job)} now={now} onRetry={(from) => job !== null && void forge.retry(job, from)} />
      </main>
      <Inspector job={job} editing={editing} savingMask={savingMask} changed={changed} forge={forge} onCancel={() => job !== null && void forge.cancel(job)} onUseCutout={useThisCutout} />
      <ConfirmDialog
        open={asking}
        title="Cancel this job?"
        text="What is ready so far is kept, and the job can go on later."
        confirm="Cancel job"
        keep="Keep going"
        onConfirm={() => {
          setAsking(false);
          if (job !== null) void forge.cancel(job);
        }}
        onClose={() => setAsking(false)}
      />
    </div>
  );
}
