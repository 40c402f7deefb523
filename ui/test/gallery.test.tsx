import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { App } from "../src/App";
import { gridRows, neighbour, rowOf } from "../src/features/gallery/gridRows";
import { parseSearch } from "../src/features/gallery/search";
import { badge, dayTitle, fileNameOf, spoken, tally } from "../src/features/gallery/words";
import { HostContext } from "../src/host/context";
import type { GalleryEntry } from "../src/protocol/generated";
import { uiStore } from "../src/state/ui";
import { MemoryHost } from "./memoryHost";

vi.mock("../src/features/viewer/Viewer", () => ({ default: () => null }));

const host = new MemoryHost();

function entry(name: string, change: Partial<GalleryEntry> = {}): GalleryEntry {
  return {
    artifact: host.artifact("job-1", "finish", "mesh"), kind: "mesh", name, project: null, engine: "draft", prompt: null, created_at: new Date(2026, 10, 21, 9, 5).getTime(),
    triangles: 19_990, favourite: false, rejected: false, tags: [], ...change,
  };
}

describe("the lines of the grid", () => {
  const days = [{ start: 2, entries: 5 }, { start: 1, entries: 1 }, { start: 0, entries: 4 }];
  const rows = gridRows(days, 3);

  it("begin anew with every day", () => {
    expect(rows.map((row) => (row.type === "day" ? `day ${row.start}` : `${row.first}+${row.count}`))).toEqual(["day 2", "0+3", "3+2", "day 1", "5+1", "day 0", "6+3", "9+1"]);
  });

  it("know which of them holds an entry", () => {
    for (let at = 0; at < 10; at++) {
      const row = rows[rowOf(rows, at)];
      expect(row?.type === "tiles" && row.first <= at && at < row.first + row.count).toBe(true);
    }
    expect([rowOf(rows, 10), rowOf([], 0)]).toEqual([-1, -1]);
  });

  it("are walked by arrows over the ends of days, and never out of the grid", () => {
    const walk = (from: number, ...keys: string[]) => keys.reduce((at, key) => neighbour(rows, at, key, 2) ?? at, from);
    expect(walk(1, "ArrowDown")).toBe(4);
    expect(walk(2, "ArrowDown")).toBe(4);
    expect(walk(4, "ArrowDown")).toBe(5);
    expect(walk(8, "ArrowUp", "ArrowUp")).toBe(3);
    expect(walk(0, "ArrowUp", "ArrowLeft")).toBe(0);
    expect(walk(0, "PageDown")).toBe(5);
    expect(walk(0, "End", "ArrowDown", "ArrowRight")).toBe(9);
    expect(neighbour(rows, 0, "x", 2)).toBeNull();
    expect(neighbour([], 0, "End", 2)).toBeNull();
  });
});

describe("a search", () => {
  const now = new Date(2026, 10, 21, 15, 0).getTime();
  const at = (year: number, month: number, day: number) => new Date(year, month - 1, day).getTime();

  it("takes days out of the words", () => {
    expect(parseSearch(" blue  Today duck", now)).toEqual({ text: "blue duck", since: at(2026, 11, 21), until: at(2026, 11, 22) });
    expect(parseSearch("yesterday", now)).toEqual({ text: "", since: at(2026, 11, 20), until: at(2026, 11, 21) });
    expect(parseSearch("2026-02", now)).toEqual({ text: "", since: at(2026, 2, 1), until: at(2026, 3, 1) });
    expect(parseSearch("2025-12-31", now)).toEqual({ text: "", since: at(2025, 12, 31), until: at(2026, 1, 1) });
  });

  it("leaves what is no day", () => {
    for (const text of ["2026", "2026-13", "model-2026-1-x", "todays"]) expect(parseSearch(text, now)).toEqual({ text, since: null, until: null });
  });
});

describe("words for entries", () => {
  it("say what is written and what is drawn", () => {
    expect(spoken(entry("Duck", { favourite: true }))).toBe("Duck Draft · 09:05 20k tris, favourite");
    expect(badge(entry("Duck", { triangles: null }))).toBe("GLB");
    expect(dayTitle(new Date(2026, 10, 20).getTime(), new Date(2026, 10, 21).getTime())).toBe("Yesterday");
    expect(dayTitle(new Date(2025, 0, 2).getTime(), new Date(2026, 10, 21).getTime())).toContain("2025");
  });

  it("make file names that every system takes", () => {
    const view = host.artifact("job-1", "views", "view", "back");
    expect(fileNameOf(entry('a/b:"c"', { artifact: view, kind: "view" }))).toBe("a_b__c_ back.png");
    expect(tally([entry("a"), entry("b"), entry("c", { kind: "view" })])).toBe("2 meshes and 1 view");
  });
});

describe("the Gallery", () => {
  beforeEach(() => uiStore.setState({ tab: "gallery", jobId: null }));
  afterEach(cleanup);

  const show = (shown: MemoryHost) =>
    render(
      <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}>
        <HostContext value={shown}>
          <App />
        </HostContext>
      </QueryClientProvider>,
    );

  it("says what gathers there before anything was made, and leads to the Forge", async () => {
    show(new MemoryHost());
    await screen.findByText("Everything you make gathers here");
    fireEvent.click(screen.getByRole("button", { name: "Go to the Forge" }));
    expect(uiStore.getState().tab).toBe("forge");
  });

  it("tells an empty Gallery from one whose projects are all archived", async () => {
    const archive = new MemoryHost();
    archive.projects = [{ name: "old", folder: "/data/old", jobs: 1, entries: 3, archived: true }];
    show(archive);
    await screen.findByText("Nothing matches");
    expect(screen.queryByText("Everything you make gathers here")).toBeNull();
  });

  it("keeps one tab's crash from the others", async () => {
    show(new MemoryHost());
    await screen.findByText("Everything you make gathers here");
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    fireEvent(window, new CustomEvent("oreforge:crash", { detail: "gallery" }));
    await screen.findByText("The Gallery stopped drawing");
    fireEvent.click(screen.getByRole("tab", { name: "Forge" }));
    await screen.findByText("Drop a picture to forge it");
    fireEvent.click(screen.getByRole("tab", { name: "Gallery" }));
    fireEvent.click(screen.getByRole("button", { name: "Try again" }));
    await waitFor(() => expect(screen.queryByText("The Gallery stopped drawing")).toBeNull());
    vi.restoreAllMocks();
  });
});
