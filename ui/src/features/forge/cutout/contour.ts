export type Point = [number, number];
type Side = "top" | "right" | "bottom" | "left";

/** Segments by the filled corners of a cell (8 top left, 4 top right, 2 bottom right, 1 bottom left), directed with the filled corners on one hand. */
const SEGMENTS: Record<number, [Side, Side][]> = {
  1: [["bottom", "left"]],
  2: [["right", "bottom"]],
  3: [["right", "left"]],
  4: [["top", "right"]],
  5: [["top", "right"], ["bottom", "left"]],
  6: [["top", "bottom"]],
  7: [["top", "left"]],
  8: [["left", "top"]],
  9: [["bottom", "top"]],
  10: [["left", "top"], ["right", "bottom"]],
  11: [["right", "top"]],
  12: [["left", "right"]],
  13: [["bottom", "right"]],
  14: [["left", "bottom"]],
};

/**
 * Outlines of `alpha >= level` as closed polylines in pixels, by marching squares with linear interpolation
 * (Lorensen & Cline 1987 in two dimensions; saddles keep the filled corners apart). Outside counts as 0, so every outline closes.
 */
export function contours(alpha: Uint8Array | Uint8ClampedArray, width: number, height: number, level = 128): Point[][] {
  const at = (x: number, y: number) => (x < 0 || y < 0 || x >= width || y >= height ? 0 : (alpha[y * width + x] ?? 0));
  // A crossing lies on a horizontal (even id) or a vertical (odd id) edge between two samples.
  const stride = width + 2;
  const horizontal = (x: number, y: number) => 2 * ((y + 1) * stride + x + 1);
  const vertical = (x: number, y: number) => horizontal(x, y) + 1;
  const place = new Map<number, Point>();
  const next = new Map<number, number>();
  const share = (a: number, b: number) => (level - a) / (b - a);
  for (let y = -1; y < height; y++) {
    for (let x = -1; x < width; x++) {
      const [tl, tr, br, bl] = [at(x, y), at(x + 1, y), at(x + 1, y + 1), at(x, y + 1)];
      const code = (tl >= level ? 8 : 0) | (tr >= level ? 4 : 0) | (br >= level ? 2 : 0) | (bl >= level ? 1 : 0);
      if (code === 0 || code === 15) continue;
      const ids = { top: horizontal(x, y), bottom: horizontal(x, y + 1), left: vertical(x, y), right: vertical(x + 1, y) };
      const join = (from: Side, to: Side) => {
        for (const side of [from, to]) {
          if (place.has(ids[side])) continue;
          if (side === "top") place.set(ids.top, [x + share(tl, tr) + 0.5, y + 0.5]);
          if (side === "bottom") place.set(ids.bottom, [x + share(bl, br) + 0.5, y + 1.5]);
          if (side === "left") place.set(ids.left, [x + 0.5, y + share(tl, bl) + 0.5]);
          if (side === "right") place.set(ids.right, [x + 1.5, y + share(tr, br) + 0.5]);
        }
        next.set(ids[from], ids[to]);
      };
      for (const [from, to] of SEGMENTS[code] ?? []) join(from, to);
    }
  }
  return link(place, next);
}

function link(place: Map<number, Point>, next: Map<number, number>): Point[][] {
  const outlines: Point[][] = [];
  while (next.size > 0) {
    const outline: Point[] = [];
    let at: number | undefined = next.keys().next().value;
    while (at !== undefined) {
      const point = place.get(at);
      if (point !== undefined) outline.push(point);
      const following: number | undefined = next.get(at);
      next.delete(at);
      at = following !== undefined && next.has(following) ? following : undefined;
    }
    if (outline.length > 2) outlines.push(outline);
  }
  return outlines;
}
