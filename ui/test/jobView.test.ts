import { describe, expect, it } from "vitest";
import type { Event, JobSnapshot } from "../src/protocol/generated";
import { artifactOf, canRetry, finishedMesh, fromSnapshot, newestOf, reduce, statsOf, FORGE_STEPS, timeLeftMs, type JobView } from "../src/state/jobView";

const ID = "job";
const stats = { triangles: 20_000 } as never;

function snapshot(change: Partial<Omit<JobSnapshot, "kind" | "request">> = {}): JobSnapshot {
  return {
    id: ID, kind: "forge", name: "duck", project: null, state: "queued", place_in_queue: 0, cancelling: false, checkpoint: null, retry: null,
    steps: FORGE_STEPS.map((name) => ({ name, state: "waiting", elapsed_ms: null, estimate_ms: 100 })),
    request: { source: { from: "sample", name: "duck" }, views: {}, mask: null, depth_map: null, params: {} as never, name: null, project: null },
    created_at: 0, artifacts: [], error: null, last_seq: 0, ...change,
  };
}

type Body<E> = E extends Event ? Omit<E, "seq" | "job_id" | "at"> : never;
const event = (seq: number, body: Body<Event>): Event => ({ seq, job_id: ID, at: seq * 10, ...body }) as Event;
const artifact = (id: string, kind: "cutout" | "view" | "raw_mesh" | "mesh", slot: "back" | null = null) =>
  ({ id, job_id: ID, step: "views", kind, slot, number: null, path: "", bytes: 1, sha256: "" }) as const;
const run = (events: Event[], from = fromSnapshot(snapshot())): JobView => events.reduce(reduce, from);

const FULL: Event[] = [
  event(1, { type: "queued", name: "duck" }),
  event(2, { type: "step_active", step: "prepare", estimate_ms: 200 }),
  event(3, { type: "progress", step: "prepare", fraction: 0.4, doing: "finding the object" }),
  event(4, { type: "image_ready", artifact: artifact("c", "cutout") }),
  event(5, { type: "step_done", step: "prepare", elapsed_ms: 25, facts: { mask_confidence: 0.9 } }),
  event(6, { type: "step_active", step: "views", estimate_ms: null }),
  event(7, { type: "view_ready", artifact: artifact("v", "view", "back") }),
  event(8, { type: "quality", report: { verdict: "pass", views: [], reasons: [], swapped: [] } }),
  event(9, { type: "mesh_ready", artifact: artifact("r", "raw_mesh"), stats: null }),
  event(10, { type: "mesh_ready", artifact: artifact("m", "mesh"), stats }),
  event(11, { type: "log", level: "warn", message: "thin legs" }),
  event(12, { type: "done", elapsed_ms: 900 }),
];

describe("reduce", () => {
  it("carries a job from the queue to its end", () => {
    const view = run(FULL);
    expect(view.state).toBe("done");
    expect(view.steps[0]).toMatchObject({ state: "done", elapsedMs: 25, facts: { mask_confidence: 0.9 } });
    expect(view.steps[1]).toMatchObject({ state: "running", estimateMs: null });
    expect(artifactOf(view, "mesh")?.id).toBe("m");
    expect(artifactOf(view, "view", "back")?.id).toBe("v");
    expect(statsOf(view, artifactOf(view, "mesh"))).toBe(stats);
    expect(view.log.map(({ message }) => message)).toEqual(["thin legs"]);
  });

  it("takes every event in once: a replay from any earlier cursor changes nothing", () => {
    const view = run(FULL);
    for (let from = 0; from < FULL.length; from++) expect(run(FULL.slice(from), view)).toBe(view);
  });

  it("comes to the same view from a snapshot taken anywhere and a full replay", () => {
    const taken = snapshot({
      state: "done", last_seq: 12, artifacts: [artifact("c", "cutout"), artifact("v", "view", "back"), artifact("r", "raw_mesh"), artifact("m", "mesh")],
      steps: FORGE_STEPS.map((name) => ({ name, state: name === "prepare" ? "done" : name === "views" ? "running" : "waiting", elapsed_ms: name === "prepare" ? 25 : null, estimate_ms: 100 })),
    });
    const late = run(FULL, fromSnapshot(taken));
    const live = run(FULL);
    expect(late.state).toBe(live.state);
    expect(late.measured).toEqual(live.measured);
    expect(late.gate).toEqual(live.gate);
    expect(late.log).toEqual(live.log);
    expect(late.artifacts.map(({ id }) => id)).toEqual(live.artifacts.map(({ id }) => id));
    expect(late.steps.map(({ state, facts }) => ({ state, facts }))).toEqual(live.steps.map(({ state, facts }) => ({ state, facts })));
  });

  it("does not let old events undo what a snapshot knows", () => {
    const view = run(FULL.slice(0, 3), fromSnapshot(snapshot({ state: "done", last_seq: 12 })));
    expect(view.state).toBe("done");
  });

  it("keeps what was made after an error", () => {
    const view = run([...FULL.slice(0, 7), event(8, { type: "error", step: "views", error: { code: "engine_failed", message: "m", details: null, hint: null } })]);
    expect(view.state).toBe("failed");
    expect(view.steps[1]).toMatchObject({ state: "failed", elapsedMs: 20 });
    expect(view.artifacts).toHaveLength(2);
  });

  it("shows a cancel at once and ends with it", () => {
    const asked = run([...FULL.slice(0, 3), event(4, { type: "cancelling" })]);
    expect(asked).toMatchObject({ state: "running", cancelling: true });
    const over = reduce(asked, event(5, { type: "cancelled" }));
    expect(over).toMatchObject({ state: "cancelled", cancelling: false });
    expect(over.steps[0]?.state).toBe("cancelled");
  });

  it("goes on after a resume from the step it names", () => {
    const failed = run([...FULL.slice(0, 6), event(7, { type: "error", step: "views", error: { code: "engine_failed", message: "m", details: null, hint: null } })]);
    const resumed = run([event(8, { type: "resumed", step: "views" }), event(9, { type: "step_active", step: "views", estimate_ms: 5 })], failed);
    expect(resumed).toMatchObject({ state: "running", error: null });
    expect(resumed.steps.map(({ state }) => state)).toEqual(["done", "running", "waiting", "waiting", "waiting", "waiting"]);
  });

  it("keeps the older result through a retry until it is done, live and from a snapshot alike", () => {
    const done = run(FULL);
    expect(FORGE_STEPS.filter((name) => canRetry(done, name))).toEqual([...FORGE_STEPS]);
    const retry: Event[] = [
      event(13, { type: "retried", from: "views" }),
      event(14, { type: "step_active", step: "views", estimate_ms: 5 }),
      event(15, { type: "view_ready", artifact: { ...artifact("v2", "view", "back") } }),
      event(16, { type: "mesh_ready", artifact: { ...artifact("m2", "mesh"), step: "finish" }, stats: { triangles: 5 } as never }),
    ];
    const during = run(retry, done);
    expect(during.steps.map(({ state }) => state)).toEqual(["done", "running", "waiting", "waiting", "waiting", "waiting"]);
    expect([finishedMesh(during)?.id, newestOf(during, "mesh")?.id, newestOf(during, "view", "back")?.id]).toEqual(["m", "m2", "v2"]);
    expect(statsOf(during, finishedMesh(during))).toBe(stats);
    expect(canRetry(during, "views")).toBe(false);
    const failed = reduce(during, event(17, { type: "error", step: "views", error: { code: "engine_failed", message: "m", details: null, hint: null } }));
    expect([failed.state, finishedMesh(failed)?.id, canRetry(failed, "export")]).toEqual(["failed", "m", true]);
    const taken = fromSnapshot(snapshot({ state: "running", checkpoint: "export", last_seq: 16, artifacts: done.artifacts, retry: during.retry }));
    for (const view of [during, run([...FULL, ...retry], taken)]) {
      const after = reduce(view, event(17, { type: "done", elapsed_ms: 1 }));
      expect(after.retry).toBeNull();
      expect([finishedMesh(after)?.id, artifactOf(after, "view", "back")?.id]).toEqual(["m2", "v2"]);
      expect(after.artifacts.some(({ id }) => id === "r")).toBe(false);
    }
  });

  it("replaces an artifact by its successor of the same kind and slot", () => {
    const view = run([event(1, { type: "view_ready", artifact: artifact("a", "view", "back") }), event(2, { type: "view_ready", artifact: artifact("b", "view", "back") })]);
    expect(view.artifacts.map(({ id }) => id)).toEqual(["b"]);
  });

  it("says an event it does not know as a line of the log", () => {
    const view = reduce(fromSnapshot(snapshot()), { seq: 1, job_id: ID, at: 5, type: "views_swapped" } as never);
    expect(view.log).toEqual([{ seq: 1, at: 5, level: "info", message: "views swapped" }]);
  });

  it("ignores the events of other jobs", () => {
    const view = fromSnapshot(snapshot());
    expect(reduce(view, { ...event(1, { type: "cancelled" }), job_id: "other" })).toBe(view);
  });
});

describe("timeLeftMs", () => {
  it("adds what the open steps usually take, less what has passed", () => {
    const view = run([event(1, { type: "step_active", step: "prepare", estimate_ms: 100 })]);
    expect(timeLeftMs(view, 10 + 40)).toBe(60 + 5 * 100);
    expect(timeLeftMs(view, 10 + 400)).toBe(5 * 100);
  });

  it("is unknown while any open step has never run here", () => {
    expect(timeLeftMs(run([event(1, { type: "step_active", step: "prepare", estimate_ms: null })]), 50)).toBeNull();
  });
});
