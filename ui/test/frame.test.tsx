// What is told about jobs outside of their tabs.
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, fireEvent, render, renderHook, screen, waitFor } from "@testing-library/react";
import type { ReactNode } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { QueuePause } from "../src/components/QueuePause";
import { Toasts } from "../src/components/Toasts";
import { JobsDrawer } from "../src/features/jobs/JobsDrawer";
import { useNotices } from "../src/features/jobs/useNotices";
import { Servers } from "../src/features/settings/Servers";
import { settingsKey } from "../src/features/settings/useSettings";
import { HostContext } from "../src/host/context";
import { HostError } from "../src/host/host";
import type { JobSnapshot } from "../src/protocol/generated";
import { MemoryHost } from "./memoryHost";

let host: MemoryHost;
const around = ({ children }: { children: ReactNode }) => (
  <QueryClientProvider client={new QueryClient()}>
    <HostContext.Provider value={host}>{children}</HostContext.Provider>
  </QueryClientProvider>
);

async function job(name: string, change: Partial<JobSnapshot> = {}): Promise<JobSnapshot> {
  const source = { from: "imported" as const, ...host.source(`${name}.png`) };
  const begun = await host.execute({ command: "start_forge", request: { source, views: {}, mask: null, depth_map: null, params: {} as never, name, project: null } });
  return { ...begun, ...change } as JobSnapshot;
}

beforeEach(() => {
  host = new MemoryHost();
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

test("a long job that ends while nobody looks is told on the desktop, and no other", async () => {
  vi.useFakeTimers();
  const looking = vi.spyOn(document, "hasFocus").mockReturnValue(false);
  const [long, short, watched] = [await job("long"), await job("short"), await job("watched")];
  const { rerender } = renderHook(({ jobs }) => useNotices(jobs), { initialProps: { jobs: [long, watched] }, wrapper: around });
  vi.advanceTimersByTime(30_000);
  rerender({ jobs: [long, watched, short] });
  vi.advanceTimersByTime(5000);
  rerender({ jobs: [{ ...long, state: "done" }, watched, { ...short, state: "done" }] });
  expect(host.notices).toEqual(["long"]);
  looking.mockReturnValue(true);
  rerender({ jobs: [{ ...watched, state: "done" }] });
  expect(host.notices).toEqual(["long"]);
});

test("what waits stands in the order of the queue, whatever order it was made in", async () => {
  const jobs = [await job("third", { place_in_queue: 2 }), await job("first", { place_in_queue: 0 }), await job("second", { place_in_queue: 1 })];
  const nothing = () => undefined;
  render(<JobsDrawer jobs={jobs} currentId={null} onChoose={nothing} onClose={nothing} />, { wrapper: around });
  expect(screen.getAllByText(/^(first|second|third)$/).map((name) => name.textContent)).toEqual(["first", "second", "third"]);
  expect(screen.getByText("Next")).toBeTruthy();
});

test("a move is told by the place it led to, and one that failed is not told as done", async () => {
  const first = await job("first", { place_in_queue: 0 });
  const jobs = [first, await job("second", { place_in_queue: 1 })];
  const nothing = () => undefined;
  const moved = vi.spyOn(host, "execute");
  render(<JobsDrawer jobs={jobs} currentId={null} onChoose={nothing} onClose={nothing} />, { wrapper: around });
  const later = screen.getByRole("button", { name: "Later: first" });
  moved.mockRejectedValueOnce(new HostError({ code: "bad_request", message: "It runs already.", details: null, hint: null }));
  fireEvent.click(later);
  await waitFor(() => expect(moved).toHaveBeenCalledWith(expect.objectContaining({ command: "move_job" })));
  await moved.mock.results.at(-1)?.value.catch(nothing);
  expect(screen.queryByText(/is number/)).toBeNull();
  moved.mockResolvedValueOnce({ ...first, place_in_queue: 1 });
  fireEvent.click(later);
  await screen.findByText("first is number 2 of 2.");
});

test("beside a waiting job a paused queue is told, and can go on", async () => {
  host.paused = true;
  render(<QueuePause />, { wrapper: around });
  await screen.findByText("· the queue is paused");
  fireEvent.click(screen.getByRole("button", { name: "Go on" }));
  await waitFor(() => expect(screen.queryByText("· the queue is paused")).toBeNull());
  expect(host.paused).toBe(false);
});

test("a removed server comes back into the settings as they are by then", async () => {
  const server = { name: "studio", url: "http://studio:8188", auth: { kind: "none" as const } };
  const other = { name: "attic", url: "http://attic:8188", auth: { kind: "none" as const } };
  host.settings = { ...host.settings, servers: [server] };
  const client = new QueryClient();
  render(
    <QueryClientProvider client={client}>
      <HostContext.Provider value={host}>
        <Toasts />
        <Servers />
      </HostContext.Provider>
    </QueryClientProvider>,
  );
  fireEvent.click(await screen.findByRole("button", { name: "Remove studio" }));
  const undo = await screen.findByRole("button", { name: "Undo" });
  expect(host.settings.servers).toEqual([]);
  host.settings = { ...host.settings, servers: [other] };
  client.setQueryData(settingsKey, host.settings);
  fireEvent.click(undo);
  await waitFor(() => expect(host.settings.servers).toEqual([other, server]));
});
