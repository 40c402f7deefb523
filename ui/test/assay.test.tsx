import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Assay } from "../src/features/forge/Assay";
import type { MeshStats } from "../src/protocol/generated";

afterEach(cleanup);

const none = { split_vertices: 0, degenerate_triangles: 0, duplicate_triangles: 0, holes: 0, crowded_edges: 0, pinched_vertices: 0, turned: 0, islands: 0, inner_shells: 0 };
const sound: MeshStats = {
  vertices: 9_000,
  triangles: 15_000,
  watertight: true,
  manifold: true,
  consistently_wound: true,
  components: 1,
  degenerate_triangles: 0,
  texture_px: 1024,
  uv_coverage: 0.7,
  charts: 20,
  uv_overlap: 0,
  resemblance: null,
  texels_per_m: [900, 1000, 1100],
  uv_stretch: 1.1,
  detail_maps: false,
  repaired: { before: none, after: none },
  bounds_min_m: [-0.5, 0, -0.5],
  bounds_max_m: [0.5, 1, 0.5],
};

describe("the Assay", () => {
  it("offers nothing where all is well", () => {
    render(<Assay stats={sound} budget={20_000} onFix={vi.fn()} />);
    expect(screen.getByText("game-ready")).toBeTruthy();
    expect(screen.queryByRole("button")).toBeNull();
  });

  it.each([
    ["Watertight", { watertight: false }],
    ["Repairs", { repaired: { before: none, after: { ...none, inner_shells: 2 } } }],
    ["Triangles", { triangles: 30_000 }],
    ["UV", { uv_overlap: 0.1 }],
    ["Texture", { texels_per_m: [100, 500, 1000] as [number, number, number] }],
  ])("offers a fix for %s alone", (title, flaw) => {
    const fix = vi.fn();
    render(<Assay stats={{ ...sound, ...flaw }} budget={20_000} onFix={fix} />);
    expect(screen.queryByText("game-ready")).toBeNull();
    const button = screen.getByRole("button", { name: "Fix: finish anew" });
    expect(button.closest("li")?.textContent).toContain(title);
    fireEvent.click(button);
    expect(fix).toHaveBeenCalledOnce();
  });

  it("holds the front against the picture, and offers no fix that would not help", () => {
    render(<Assay stats={{ ...sound, resemblance: { silhouette: 0.97, colour: 0.52, likeness: 0.9 } }} budget={20_000} onFix={vi.fn()} />);
    const line = (title: string) => screen.getByText(title).closest("li");
    expect(line("Silhouette")?.textContent).toContain("97 %");
    expect(line("Likeness")?.querySelector("[aria-label=pass]")).not.toBeNull();
    expect(line("Colour")?.querySelector("[aria-label=warning]")).not.toBeNull();
    expect(screen.queryByText("game-ready")).toBeNull();
    expect(screen.queryByRole("button")).toBeNull();
  });

  it("offers none while it cannot be asked for", () => {
    render(<Assay stats={{ ...sound, watertight: false }} budget={20_000} />);
    expect(screen.queryByRole("button")).toBeNull();
  });
});
