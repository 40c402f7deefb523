import type {
  Artifact, ArtifactId, ArtifactKind, ErrorReport, Event, EventSeq, ForgeRequest, GateReport, JobId, JobSnapshot, JobState, JsonValue, LogLevel,
  MeshStats, ProspectRequest, RetrySnapshot, StepName, StepState, ViewSlot,
} from "../protocol/generated";

export const FORGE_STEPS = ["prepare", "views", "gate", "mesh", "finish", "export"] as const satisfies readonly StepName[];
const LOG_LIMIT = 200;

export interface StepView {
  name: StepName;
  state: StepState;
  elapsedMs: number | null;
  estimateMs: number | null;
  startedAt: number | null;
  /** 0..=1; null before the first news. */
  fraction: number | null;
  doing: string | null;
  facts: Record<string, JsonValue>;
}

export interface LogLine {
  seq: EventSeq;
  at: number;
  level: LogLevel;
  message: string;
}

interface JobBase {
  id: JobId;
  name: string;
  state: JobState;
  cancelling: boolean;
  createdAt: number;
  checkpoint: StepName | null;
  /** Those of an open retry in place of the ones they repeat. */
  steps: StepView[];
  /** What stands; an open retry replaces it when it is done. */
  artifacts: Artifact[];
  retry: RetrySnapshot | null;
  /** Of finished meshes, also of those that do not stand. */
  measured: Record<ArtifactId, MeshStats>;
  gate: GateReport | null;
  error: ErrorReport | null;
  log: LogLine[];
  /** Events up to here are part of the snapshot already. */
  snapshotSeq: EventSeq;
  /** Events up to here have been taken in. */
  cursor: EventSeq;
  lastNewsAt: number;
}

export type ForgeJob = JobBase & { kind: "forge"; request: ForgeRequest };
export type ProspectJob = JobBase & { kind: "prospect"; request: ProspectRequest };

/** A job as the screen shows it: a snapshot, carried on by the events after it. */
export type JobView = ForgeJob | ProspectJob;

export function fromSnapshot(snapshot: JobSnapshot): JobView {
  const base: JobBase = {
    id: snapshot.id,
    name: snapshot.name,
    state: snapshot.state,
    cancelling: snapshot.cancelling,
    createdAt: snapshot.created_at,
    checkpoint: snapshot.checkpoint,
    steps: snapshot.steps.map((step) => ({
      name: step.name,
      state: step.state,
      elapsedMs: step.elapsed_ms,
      estimateMs: step.estimate_ms,
      startedAt: null,
      fraction: null,
      doing: null,
      facts: {},
    })),
    artifacts: snapshot.artifacts,
    retry: snapshot.retry,
    measured: {},
    gate: null,
    error: snapshot.error,
    log: [],
    snapshotSeq: snapshot.last_seq,
    cursor: 0,
    lastNewsAt: snapshot.created_at,
  };
  return snapshot.kind === "forge" ? { ...base, kind: "forge", request: snapshot.request } : { ...base, kind: "prospect", request: snapshot.request };
}

/** The job if it is a forge. */
export function forgeJob(view: JobView | null): ForgeJob | null {
  return view?.kind === "forge" ? view : null;
}

export function isTerminal(state: JobState): boolean {
  return state === "done" || state === "failed" || state === "cancelled";
}

/** Neither working nor waiting for its turn. */
export function rests(state: JobState): boolean {
  return isTerminal(state) || state === "interrupted";
}

/** The artifact of a kind, and of a slot, that stands. */
export function artifactOf(view: JobView, kind: ArtifactKind, slot: ViewSlot | null = null): Artifact | null {
  return view.artifacts.findLast((artifact) => artifact.kind === kind && artifact.slot === slot) ?? null;
}

/** The same, of an open retry where it has made one already. */
export function newestOf(view: JobView, kind: ArtifactKind, slot: ViewSlot | null = null): Artifact | null {
  return view.retry?.artifacts.findLast((artifact) => artifact.kind === kind && artifact.slot === slot) ?? artifactOf(view, kind, slot);
}

/** Of every slot the newest view. */
export function newestViews(view: JobView): Artifact[] {
  const views = view.artifacts.filter(({ kind }) => kind === "view");
  return view.retry === null ? views : replaced(views, view.retry.artifacts.filter(({ kind }) => kind === "view"));
}

/** The mesh of a job that has been through all its steps, whatever became of a retry since. */
export function finishedMesh(view: JobView): Artifact | null {
  return view.checkpoint === "export" ? artifactOf(view, "mesh") : null;
}

export function statsOf(view: JobView, mesh: Artifact | null): MeshStats | null {
  return mesh === null ? null : (view.measured[mesh.id] ?? null);
}

/** Every input of the step is there, and nothing is in the way of running it again. */
export function canRetry(view: JobView, from: StepName): boolean {
  return rests(view.state) && view.checkpoint !== null && place(view, from) <= place(view, view.checkpoint);
}

/** Of a step among those of its job. */
function place(view: JobView, name: StepName): number {
  return view.steps.findIndex((step) => step.name === name);
}

function withStep(view: JobView, name: StepName, change: Partial<StepView>): JobView {
  return { ...view, steps: view.steps.map((step) => (step.name === name ? { ...step, ...change } : step)) };
}

function withRunningStep(view: JobView, change: Partial<StepView>): JobView {
  return { ...view, steps: view.steps.map((step) => (step.state === "running" ? { ...step, ...change } : step)) };
}

function replaced(artifacts: Artifact[], by: Artifact[]): Artifact[] {
  const others = artifacts.filter((other) => by.every((artifact) => other.id !== artifact.id && !(other.kind === artifact.kind && other.slot === artifact.slot && other.number === artifact.number)));
  return [...others, ...by];
}

function withArtifact(view: JobView, artifact: Artifact): JobView {
  if (view.retry === null) return { ...view, artifacts: replaced(view.artifacts, [artifact]) };
  return { ...view, retry: { ...view.retry, artifacts: replaced(view.retry.artifacts, [artifact]) } };
}

/** What a retry made stands in place of what it repeated. */
function promoted(view: JobView): JobView {
  if (view.retry === null) return view;
  const from = place(view, view.retry.from);
  const earlier = view.artifacts.filter(({ step }) => place(view, step) < from);
  return { ...view, retry: null, artifacts: replaced(earlier, view.retry.artifacts) };
}

function startOver(view: JobView, step: StepName): JobView {
  const from = place(view, step);
  const steps = view.steps.map((one, index) => (index >= from ? { ...one, state: "waiting" as const, elapsedMs: null, fraction: null, doing: null } : one));
  return { ...view, steps, state: "queued", error: null, cancelling: false };
}

function withLog(view: JobView, event: { seq: EventSeq; at: number }, level: LogLevel, message: string): JobView {
  return { ...view, log: [...view.log, { seq: event.seq, at: event.at, level, message }].slice(-LOG_LIMIT) };
}

/** What a snapshot does not hold, and so has to come from its events too. */
function annotate(view: JobView, event: Event): JobView {
  switch (event.type) {
    case "step_active":
      return withStep(view, event.step, { startedAt: event.at });
    case "progress":
      return withStep(view, event.step, { fraction: event.fraction, doing: event.doing });
    case "step_done":
      return withStep(view, event.step, { facts: event.facts });
    case "mesh_ready":
      return event.stats === null ? view : { ...view, measured: { ...view.measured, [event.artifact.id]: event.stats } };
    case "quality":
      return { ...view, gate: event.report };
    case "log":
      return withLog(view, event, event.level, event.message);
    case "queued":
    case "image_ready":
    case "view_ready":
    case "cancelling":
    case "interrupted":
    case "resumed":
    case "retried":
    case "done":
    case "error":
    case "cancelled":
      return view;
    default: {
      // A core newer than this page may speak of more.
      const unknown: { type: string; seq: EventSeq; at: number } = event;
      return withLog(view, unknown, "info", unknown.type.replaceAll("_", " "));
    }
  }
}

function advance(view: JobView, event: Event): JobView {
  switch (event.type) {
    case "queued":
      return { ...view, state: "queued" };
    case "step_active": {
      const started = withStep(view, event.step, { state: "running", elapsedMs: null, estimateMs: event.estimate_ms, fraction: null, doing: null });
      return { ...started, state: "running", error: null };
    }
    case "step_done": {
      const done = withStep(view, event.step, { state: "done", elapsedMs: event.elapsed_ms, fraction: 1 });
      const isFurther = view.checkpoint === null || place(view, event.step) > place(view, view.checkpoint);
      return view.retry === null && isFurther ? { ...done, checkpoint: event.step } : done;
    }
    case "image_ready":
    case "view_ready":
    case "mesh_ready":
      return withArtifact(view, event.artifact);
    case "cancelling":
      return { ...view, cancelling: true };
    case "cancelled":
      return { ...withRunningStep(view, { state: "cancelled" }), state: "cancelled", cancelling: false };
    case "interrupted":
      return { ...withRunningStep(view, { state: "waiting" }), state: "interrupted", cancelling: false };
    case "resumed":
      return startOver(view, event.step);
    case "retried":
      return { ...startOver(view, event.from), retry: { from: event.from, artifacts: [] } };
    case "done":
      return { ...promoted(view), state: "done", checkpoint: view.steps.at(-1)?.name ?? view.checkpoint, cancelling: false };
    case "error": {
      const failed = event.step === null ? view : withStep(view, event.step, { state: "failed", elapsedMs: elapsed(view, event.step, event.at) });
      return { ...failed, state: "failed", error: event.error, cancelling: false };
    }
    default:
      return view;
  }
}

function elapsed(view: JobView, name: StepName, at: number): number | null {
  const startedAt = view.steps.find((step) => step.name === name)?.startedAt ?? null;
  return startedAt === null ? null : Math.max(0, at - startedAt);
}

/** The view after one more event. An event taken in before changes nothing, so a replay is harmless. */
export function reduce(view: JobView, event: Event): JobView {
  if (event.job_id !== view.id || event.seq <= view.cursor) return view;
  const carried = event.seq > view.snapshotSeq ? advance(view, event) : view;
  return { ...annotate(carried, event), cursor: event.seq, lastNewsAt: event.at };
}

/** Milliseconds until the job is through by this computer's past runs; null when a step has never run here. */
export function timeLeftMs(view: JobView, now: number): number | null {
  let left = 0;
  for (const step of view.steps) {
    if (step.state === "done") continue;
    if (step.estimateMs === null) return null;
    const passed = step.state === "running" && step.startedAt !== null ? now - step.startedAt : 0;
    left += Math.max(0, step.estimateMs - passed);
  }
  return left;
}
