import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, cleanup, render, screen, waitFor } from "@testing-library/react";
import { afterEach, expect, it } from "vitest";
import { HostContext } from "../src/host/context";
import { importedRef, DEFAULT_PARAMS } from "../src/state/ui";
import { useJob } from "../src/state/useJob";
import { MemoryHost } from "./memoryHost";

afterEach(cleanup);

it("draws a thousand events that come together in a few frames, and loses none", async () => {
  const host = new MemoryHost();
  const request = { source: importedRef(host.source("duck.png")), views: {}, mask: null, depth_map: null, params: DEFAULT_PARAMS, name: null, project: null };
  const { id } = await host.execute({ command: "start_forge", request });
  let drawn = 0;
  function Probe() {
    const { view } = useJob(id);
    drawn += 1;
    return <p>{view === null ? "none" : `${view.cursor} ${view.steps[0]?.doing}`}</p>;
  }
  render(
    <QueryClientProvider client={new QueryClient()}>
      <HostContext value={host}>
        <Probe />
      </HostContext>
    </QueryClientProvider>,
  );
  await waitFor(() => expect(host.subscriptions).toEqual([id]));
  const before = drawn;
  await act(async () => {
    for (let n = 1; n <= 1000; n++) host.emit(id, { type: "progress", step: "prepare", fraction: n / 1000, doing: `line ${n}` });
  });
  await screen.findByText("1001 line 1000");
  expect(drawn - before).toBeLessThan(10);
});
