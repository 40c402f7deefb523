import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, cleanup, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { App } from "../src/App";
import { estimateWords } from "../src/components/estimate";
import { layoutOf } from "../src/components/SaveAs";
import { queueBefore } from "../src/features/forge/queue";
import { HostContext } from "../src/host/context";
import type { GateReport, JobSnapshot, MeshDefects, MeshStats } from "../src/protocol/generated";
import { forgeJob, fromSnapshot } from "../src/state/jobView";
import { DEFAULT_PARAMS, importedRef, uiStore } from "../src/state/ui";
import { MemoryHost } from "./memoryHost";

vi.mock("../src/features/viewer/Viewer", () => ({ default: ({ url }: { url: string }) => <div data-testid="viewer">{url}</div> }));

let host: MemoryHost;

beforeEach(() => {
  host = new MemoryHost();
  uiStore.setState({ jobId: null, previousJobId: null, params: DEFAULT_PARAMS, givenViews: {}, cutoutEdits: {}, editingCutout: false, error: null, jobsOpen: false, saveAs: { preset: null, format: "glb", compressed: false, via: "oreforge" } });
  render(
    <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}>
      <HostContext value={host}>
        <App />
      </HostContext>
    </QueryClientProvider>,
  );
});
afterEach(cleanup);

const button = (name: string | RegExp) => screen.findByRole("button", { name });
const CLEAN: MeshDefects = { split_vertices: 0, degenerate_triangles: 0, duplicate_triangles: 0, holes: 0, crowded_edges: 0, pinched_vertices: 0, turned: 0, islands: 0, inner_shells: 0 };
const STATS: MeshStats = {
  vertices: 3, triangles: 1000, watertight: true, manifold: true, consistently_wound: true, components: 1, degenerate_triangles: 0, texture_px: 512, uv_coverage: 0.6, charts: 4,
  uv_overlap: 0, texels_per_m: [1, 1, 1], uv_stretch: 1, detail_maps: false, resemblance: null, repaired: { before: { ...CLEAN, holes: 2, islands: 7 }, after: CLEAN }, bounds_min_m: [0, 0, 0], bounds_max_m: [1, 1, 1],
};

async function forged(report: GateReport | null = null): Promise<string> {
  host.picked = host.source("duck.png");
  fireEvent.click(await button("Open picture…"));
  await screen.findByText("Waiting for its turn");
  const id = uiStore.getState().jobId as string;
  await act(async () => {
    if (report !== null) host.emit(id, { type: "quality", report });
    host.emit(id, { type: "mesh_ready", artifact: host.artifact(id, "mesh", "raw_mesh"), stats: null });
    host.emit(id, { type: "step_done", step: "finish", elapsed_ms: 5, facts: { raw_triangles: 474_240 } });
    host.emit(id, { type: "mesh_ready", artifact: host.artifact(id, "finish", "mesh"), stats: STATS });
    host.emit(id, { type: "done", elapsed_ms: 100 });
  });
  await screen.findByText("Done");
  return id;
}

describe("the Forge's tools", () => {
  it("saves for whom the artist chose, and keeps the choice", async () => {
    await forged();
    act(() => uiStore.setState({ saveAs: { preset: "unreal", format: "fbx", compressed: false, via: "oreforge" } }));
    fireEvent.click((await screen.findAllByRole("button", { name: /Save FBX/ }))[0] as HTMLElement);
    await waitFor(() => expect(host.savedMeshes).toEqual([{ suggestedName: "duck.fbx", preset: "unreal", compressed: false, via: "oreforge" }]));
    expect(localStorage.getItem("oreforge.save-as")).toBe("unreal fbx plain oreforge");
  });

  it("offers Blender where it is, for the formats that it writes, and no packing", async () => {
    host.blender = { version: "Blender 3.4.1", problem: null };
    await forged();
    fireEvent.click(await screen.findByRole("radio", { name: "USDZ" }));
    fireEvent.click(await within(await screen.findByRole("radiogroup", { name: "Written by" })).findByRole("radio", { name: "Blender" }));
    await screen.findByText(/^Blender 3\.4\.1 starts for it/);
    expect(screen.queryByRole("radio", { name: "USDZ" })).toBeNull();
    expect(screen.queryByRole("radiogroup", { name: "Packing" })).toBeNull();
    fireEvent.click((await screen.findAllByRole("button", { name: /Save GLB/ }))[0] as HTMLElement);
    await waitFor(() => expect(host.savedMeshes).toEqual([{ suggestedName: "duck.glb", preset: null, compressed: false, via: "blender" }]));
  });

  it("says why a Blender that was chosen is not there, and leads back", async () => {
    host.blender = { version: null, problem: { code: "engine_unavailable", message: "Blender is not there: no program blender.", details: null, hint: "Point to it in the settings." } };
    await forged();
    expect(screen.queryByRole("radiogroup", { name: "Written by" })).toBeNull();
    act(() => uiStore.setState({ saveAs: { preset: null, format: "glb", compressed: false, via: "blender" } }));
    await screen.findByText(/no program blender\. Point to it in the settings\./);
    fireEvent.click(await within(await screen.findByRole("radiogroup", { name: "Written by" })).findByRole("radio", { name: "Oreforge" }));
    await waitFor(() => expect(screen.queryByRole("radiogroup", { name: "Written by" })).toBeNull());
  });

  it("says axis, unit and pivot as the formats have them", () => {
    expect(layoutOf({ preset: "unreal", format: "fbx", compressed: false, via: "oreforge" })).toContain("Z up, in centimetres");
    expect(layoutOf({ preset: "unreal", format: "glb", compressed: false, via: "oreforge" })).toContain("Y up, in metres");
    expect(layoutOf({ preset: "print", format: "stl", compressed: false, via: "oreforge" })).toContain("Z up, in millimetres");
    expect(layoutOf({ preset: "print", format: "fbx", compressed: false, via: "oreforge" })).toContain("Z up, in centimetres");
    expect(layoutOf({ preset: "unity", format: "fbx", compressed: false, via: "oreforge" })).toContain("Y up, in centimetres");
    expect(layoutOf({ preset: "unity", format: "obj", compressed: false, via: "oreforge" })).toContain("Y up, in metres");
    const named = (["glb", "fbx", "obj", "stl", "ply", "usdz"] as const).filter((format) => layoutOf({ preset: "unreal", format, compressed: false, via: "oreforge" }).includes("SM_"));
    expect(named).toEqual(["glb", "fbx", "obj", "usdz"]);
  });

  it("shows the mesh before it was repaired, with what was found", async () => {
    await forged();
    const after = (await screen.findByTestId("viewer")).textContent;
    await screen.findByText("repaired: 2 holes, 7 floating parts");
    fireEvent.keyDown(window, { key: "b" });
    await screen.findByText(/before finishing · 474.240 triangles/);
    // In the assay, and beside what it speaks of.
    expect(await screen.findAllByText("2 holes, 7 floating parts")).toHaveLength(2);
    expect(screen.getByTestId("viewer").textContent).toContain("raw_mesh");
    fireEvent.click(await button("Show the finished mesh"));
    expect(screen.getByTestId("viewer").textContent).toBe(after);
  });

  it("says in words what running again from a step makes and keeps", async () => {
    const id = await forged();
    fireEvent.click(await button("Retry from…"));
    fireEvent.click(await screen.findByRole("menuitem", { name: /New texture.*same mesh, same seed/ }));
    await waitFor(() => expect(host.commands).toContainEqual({ command: "retry_job", id, from: "finish" }));
  });

  it("offers to swap views that look swapped, and only once", async () => {
    await forged({ verdict: "doubtful", views: [], reasons: [], swapped: [["left", "right"]] });
    const [left, right] = [importedRef(host.source("l.png")), importedRef(host.source("r.png"))];
    act(() => uiStore.setState({ givenViews: { left, right } }));
    await screen.findByText("Left and right look swapped.");
    fireEvent.click(await button("Swap"));
    expect(uiStore.getState().givenViews).toEqual({ left: right, right: left });
    expect(screen.queryByText("Left and right look swapped.")).toBeNull();
    await button("Forge again");
  });

  it("says how long a job goes on only as far as past runs tell", async () => {
    const done = host.jobs.get(await forged()) as JobSnapshot;
    const at = (estimate_ms: number | null, startedAt: number) => {
      const view = forgeJob(fromSnapshot({ ...done, state: "running", steps: done.steps.map((step) => ({ ...step, state: step.name === "mesh" ? "running" : "done", estimate_ms })) } as JobSnapshot));
      if (view === null) throw new Error("no forge");
      return estimateWords({ ...view, steps: view.steps.map((step) => ({ ...step, startedAt })) }, 100_000);
    };
    expect(at(30_000, 90_000)).toBe("about 20 s left");
    expect(at(null, 90_000)).toBeNull();
    expect(at(5000, 90_000)).toBe("longer than the 5 s it usually takes");
  });

  it("names the jobs before a waiting one, and how long they take", async () => {
    const id = await forged();
    const done = host.jobs.get(id) as JobSnapshot;
    const waiting = { ...done, id: "waiting", state: "queued", place_in_queue: 1 } as JobSnapshot;
    const job = forgeJob(fromSnapshot(waiting));
    if (job === null) throw new Error("no forge");
    const running = { ...done, id: "running", state: "running", place_in_queue: null, steps: done.steps.map((step) => ({ ...step, estimate_ms: 500 })) } as JobSnapshot;
    const later = { ...done, id: "later", state: "queued", place_in_queue: 2 } as JobSnapshot;
    expect(queueBefore([later, waiting, running], job)).toEqual({ jobs: 1, waitMs: 3000 });
    const unknown = { ...running, id: "unknown", state: "queued", place_in_queue: 0, steps: running.steps.map((step) => ({ ...step, estimate_ms: null })) } as JobSnapshot;
    expect(queueBefore([waiting, running, unknown], job)).toEqual({ jobs: 2, waitMs: null });
    expect(queueBefore([waiting, later], job)).toBeNull();
  });
});
