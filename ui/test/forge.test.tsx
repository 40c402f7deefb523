import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, cleanup, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { App } from "../src/App";
import { HostContext } from "../src/host/context";
import { HostError } from "../src/host/host";
import type { ForgeRequest } from "../src/protocol/generated";
import { DEFAULT_PARAMS, uiStore } from "../src/state/ui";
import { MemoryHost } from "./memoryHost";

vi.mock("../src/features/viewer/Viewer", () => ({ default: ({ url }: { url: string }) => <div data-testid="viewer">{url}</div> }));

let host: MemoryHost;

beforeEach(() => {
  host = new MemoryHost();
  uiStore.setState({ jobId: null, previousJobId: null, params: DEFAULT_PARAMS, givenViews: {}, cutoutEdits: {}, editingCutout: false, error: null, jobsOpen: false });
  show();
});
afterEach(cleanup);

function show() {
  render(
    <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}>
      <HostContext value={host}>
        <App />
      </HostContext>
    </QueryClientProvider>,
  );
}

const button = (name: string | RegExp) => screen.findByRole("button", { name });
const lastRequest = (): ForgeRequest => {
  const command = host.commands.findLast((candidate) => candidate.command === "start_forge");
  if (command?.command !== "start_forge") throw new Error("nothing was forged");
  return command.request;
};

async function forgeTo(state: "running" | "done"): Promise<string> {
  host.picked = host.source("duck.png");
  fireEvent.click(await button("Open picture…"));
  await screen.findByText("Waiting for its turn");
  const id = uiStore.getState().jobId as string;
  await act(async () => {
    host.emit(id, { type: "step_active", step: "prepare", estimate_ms: 100 });
    if (state === "running") return;
    host.emit(id, { type: "mesh_ready", artifact: host.artifact(id, "finish", "mesh"), stats: null });
    host.emit(id, { type: "done", elapsed_ms: 100 });
  });
  await screen.findByText(state === "running" ? "Cutting out the object" : "Done");
  return id;
}

describe("the Forge", () => {
  it("starts empty, with one main verb that says what it waits for", async () => {
    expect(await button("Forge")).toHaveProperty("disabled", true);
    expect(screen.getByText("Add a picture first")).toBeTruthy();
    expect(await screen.findByText("Robot")).toBeTruthy();
  });

  it("forges the picture of the dialog and follows it by one subscription", async () => {
    const id = await forgeTo("running");
    expect(lastRequest().source).toEqual({ from: "imported", id: "duck.png", file_name: "duck.png" });
    expect(host.subscriptions).toEqual([id]);
  });

  it("says why a picture cannot be used, with its code at hand", async () => {
    host.picked = new HostError({ code: "not_a_picture", message: "notes.txt is a text, not a picture.", details: "magic 0x68", hint: "Choose a PNG." });
    fireEvent.click(await button("Open picture…"));
    const alert = await screen.findByRole("alert");
    expect(alert.textContent).toContain("notes.txt is a text, not a picture.");
    expect(alert.textContent).toContain("not_a_picture");
    fireEvent.click(await button("Close"));
    expect(screen.queryByRole("alert")).toBeNull();
  });

  it("shows the cancel at once, and asks first when Escape is pressed", async () => {
    await forgeTo("running");
    fireEvent.keyDown(window, { key: "Escape" });
    await screen.findByText("Cancel this job?");
    expect(host.commands.some(({ command }) => command === "cancel_job")).toBe(false);
    fireEvent.click((await screen.findAllByRole("button", { name: "Cancel job" })).at(-1) as HTMLElement);
    await screen.findAllByText("Cancelling");
    expect(host.commands.some(({ command }) => command === "cancel_job")).toBe(true);
  });

  it("takes a double click for one: no second job, and no cancel by the button that comes in its place", async () => {
    const first = await forgeTo("done");
    act(() => uiStore.getState().setParams({ back: "mirror" }));
    const forge = await button("Forge again");
    const begun = () => host.commands.filter(({ command }) => command === "start_forge").length;
    const before = begun();
    fireEvent.click(forge, { detail: 1 });
    fireEvent.click(forge, { detail: 2 });
    await waitFor(() => expect(uiStore.getState().jobId).not.toBe(first));
    fireEvent.click(await screen.findByTestId("cancel"), { detail: 2 });
    expect(begun()).toBe(before + 1);
    expect(host.commands.some(({ command }) => command === "cancel_job")).toBe(false);
  });

  it("offers Forge again only when a setting differs, and keeps the old mesh in view", async () => {
    const first = await forgeTo("done");
    const shown = (await screen.findByTestId("viewer")).textContent;
    expect(screen.queryByRole("button", { name: "Forge again" })).toBeNull();
    act(() => uiStore.getState().setParams({ back: "mirror" }));
    fireEvent.click(await button("Forge again"));
    await waitFor(() => expect(uiStore.getState().jobId).not.toBe(first));
    expect(lastRequest().params.back).toBe("mirror");
    expect((await screen.findByTestId("viewer")).textContent).toBe(shown);
  });

  it("runs a done job again from a step, with the older mesh in view and at hand until the new one is done", async () => {
    const id = await forgeTo("done");
    const shown = (await screen.findByTestId("viewer")).textContent;
    fireEvent.click(await button("Run again from Mesh"));
    expect(host.commands.at(-1)).toEqual({ command: "retry_job", id, from: "mesh" });
    await act(async () => {
      host.emit(id, { type: "retried", from: "mesh" });
      host.emit(id, { type: "step_active", step: "mesh", estimate_ms: 100 });
      host.emit(id, { type: "mesh_ready", artifact: host.artifact(id, "mesh", "raw_mesh"), stats: null });
    });
    await button(/Cancel job/);
    expect(screen.getByTestId("viewer").textContent).toBe(shown);
    await act(async () => void host.emit(id, { type: "error", step: "mesh", error: { code: "quarantined", message: "Set aside.", details: null, hint: null } }));
    await button("Run it once more");
    expect((await screen.findAllByRole("button", { name: /Save GLB/ })).length).toBeGreaterThan(0);
    expect(screen.getByTestId("viewer").textContent).toBe(shown);
  });

  it("goes on with views that the gate refused, when a person says so", async () => {
    const id = await forgeTo("running");
    await act(async () => void host.emit(id, { type: "error", step: "gate", error: { code: "gate_refused", message: "The views show something else.", details: null, hint: null } }));
    fireEvent.click(await button("Use anyway"));
    await waitFor(() => expect(host.commands).toContainEqual({ command: "accept_views", id }));
  });

  it("asks each step's engine for itself", async () => {
    await forgeTo("done");
    const mesh = screen.getByRole("radiogroup", { name: "Engine of the mesh" });
    fireEvent.click(within(mesh).getByRole("radio", { name: "ComfyUI" }));
    fireEvent.click(await button("Forge again"));
    await waitFor(() => expect(lastRequest().params).toMatchObject({ engine: "auto", views_engine: null, mesh_engine: "comfy" }));
  });

  it("offers to go on with what was interrupted when the program ended", async () => {
    const id = await forgeTo("running");
    const job = host.jobs.get(id);
    if (job === undefined) throw new Error("no job");
    host.jobs.set(id, { ...job, state: "interrupted" });
    act(() => uiStore.setState({ jobId: null, jobsOpen: true }));
    await screen.findByText("duck was interrupted when the program ended.", undefined, { timeout: 3000 });
    fireEvent.click((await screen.findAllByRole("button", { name: "Go on" }))[0] as HTMLElement);
    await waitFor(() => expect(host.commands).toContainEqual({ command: "resume_job", id }));
    await waitFor(() => expect(uiStore.getState().jobId).toBe(id));
  });

  it("says why there is no data folder, and opens once there is one", async () => {
    cleanup();
    host.storeError = { code: "store_unavailable", message: "/data is not there any more.", details: null, hint: "Check the folder." };
    show();
    await screen.findByText("/data is not there any more.");
    host.storeError = null;
    fireEvent.click(await button("Try again"));
    await screen.findByText("Drop a picture to forge it");
  });

  it("names the place it saved to", async () => {
    await forgeTo("done");
    host.savedTo = { path: "/home/me/Props/duck.glb", bytes: 10 };
    fireEvent.click((await screen.findAllByRole("button", { name: /Save GLB/ }))[0] as HTMLElement);
    expect((await screen.findAllByText("Saved duck.glb to Props.")).length).toBeGreaterThan(0);
  });

  it("says why a file could not be saved", async () => {
    await forgeTo("done");
    host.savedTo = new HostError({ code: "disk_full", message: "The disk is full.", details: null, hint: "Nothing was written." });
    fireEvent.click((await screen.findAllByRole("button", { name: /Save GLB/ }))[0] as HTMLElement);
    expect((await screen.findAllByText("The disk is full.")).length).toBeGreaterThan(0);
  });

  it("leaves an error panel, not a white window, when drawing fails", async () => {
    const quiet = vi.spyOn(console, "error").mockImplementation(() => undefined);
    await forgeTo("done");
    act(() => void window.dispatchEvent(new CustomEvent("oreforge:crash", { detail: "forge" })));
    await screen.findByText("The Forge stopped drawing");
    fireEvent.click(await button("Try again"));
    await screen.findByText("Done");
    quiet.mockRestore();
  });

  it("forges what is pasted, and says when there is nothing to paste", async () => {
    await screen.findByText("Robot");
    fireEvent.keyDown(window, { key: "v", ctrlKey: true });
    expect((await screen.findAllByText("There is no picture on the clipboard.")).length).toBeGreaterThan(0);
    host.pasted = host.source("pasted.png");
    fireEvent.keyDown(window, { key: "v", ctrlKey: true });
    await waitFor(() => expect(lastRequest().source).toMatchObject({ id: "pasted.png" }));
  });

  it("forges what is dropped, one job each", async () => {
    await screen.findByText("Robot");
    await act(async () => host.onDrop({ type: "over", files: 2 }));
    await screen.findByText("Forge these 2 pictures, one job each");
    await act(async () => host.onDrop({ type: "dropped", pictures: [host.source("a.png"), host.source("b.png")], errors: [] }));
    await waitFor(() => expect(host.jobs.size).toBe(2));
  });
});
