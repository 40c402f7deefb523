// What is told about jobs outside of their tabs.
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render, renderHook, screen } from "@testing-library/react";
import type { ReactNode } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { JobsDrawer } from "../src/features/jobs/JobsDrawer";
import { useNotices } from "../src/features/jobs/useNotices";
import { HostContext } from "../src/host/context";
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
  const begun = await host.execute({ command: "start_forge", request: { source, views: {}, mask: null, params: {} as never, name, project: null } });
  return { ...begun, ...change } as JobSnapshot;
}

beforeEach(() => {
  host = new MemoryHost();
});
afterEach(() => {
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
