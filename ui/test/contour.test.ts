import { describe, expect, it } from "vitest";
import { contours, type Point } from "../src/features/forge/cutout/contour";

const area = (line: Point[]) => Math.abs(line.reduce((sum, [x, y], i) => sum + x * (line[(i + 1) % line.length] as Point)[1] - y * (line[(i + 1) % line.length] as Point)[0], 0)) / 2;

function raster(rows: string[]): [Uint8Array, number, number] {
  const width = (rows[0] as string).length;
  return [Uint8Array.from(rows.join(""), (char) => (char === "#" ? 255 : 0)), width, rows.length];
}

describe("contours", () => {
  it("finds nothing in nothing", () => {
    expect(contours(...raster(["...", "..."]))).toEqual([]);
  });

  it("goes once round a block, also one that touches the rim", () => {
    for (const rows of [["....", ".##.", ".##.", "...."], ["##", "##"]]) {
      const lines = contours(...raster(rows));
      expect(lines).toHaveLength(1);
      expect(area(lines[0] as Point[])).toBeCloseTo(3.5, 0);
    }
  });

  it("gives a hole an outline of its own", () => {
    const lines = contours(...raster([".....", ".###.", ".#.#.", ".###.", "....."]));
    expect(lines.map((line) => area(line)).sort((a, b) => b - a)).toHaveLength(2);
  });

  it("keeps two corners that touch apart", () => {
    expect(contours(...raster(["#.", ".#"]))).toHaveLength(2);
  });

  it("lies between the samples by their values", () => {
    const [line] = contours(Uint8Array.from([0, 0, 0, 0, 200, 0, 0, 0, 0]), 3, 3, 100);
    expect(Math.max(...(line as Point[]).map(([x]) => x))).toBeCloseTo(2, 5);
  });
});
