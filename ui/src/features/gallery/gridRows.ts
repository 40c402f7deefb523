import type { DayCount } from "../../protocol/generated";

/** What one line of the grid holds: the head of a day, or tiles by their place among all entries. */
export type GridRow = { type: "day"; start: number; entries: number } | { type: "tiles"; first: number; count: number };

export const GAP_PX = 12;
export const MIN_TILE_PX = 120;
export const MAX_TILE_PX = 320;

export function columnsFor(widthPx: number, tilePx: number): number {
  return Math.max(1, Math.floor((widthPx + GAP_PX) / (tilePx + GAP_PX)));
}

/** Every day begins a line of its own. */
export function gridRows(days: readonly DayCount[], columns: number): GridRow[] {
  const rows: GridRow[] = [];
  let first = 0;
  for (const { start, entries } of days) {
    rows.push({ type: "day", start, entries });
    for (let at = 0; at < entries; at += columns) rows.push({ type: "tiles", first: first + at, count: Math.min(columns, entries - at) });
    first += entries;
  }
  return rows;
}

/** The line that holds an entry; -1 when there is none. */
export function rowOf(rows: readonly GridRow[], entry: number): number {
  let [low, high] = [0, rows.length];
  // The first tiles that begin after it stand behind its own line.
  while (low < high) {
    const middle = (low + high) >> 1;
    const row = rows[middle];
    const after = row?.type === "tiles" ? row.first > entry : nextFirst(rows, middle) > entry;
    if (after) high = middle;
    else low = middle + 1;
  }
  const row = rows[low - 1];
  return row?.type === "tiles" && entry < row.first + row.count ? low - 1 : -1;
}

function nextFirst(rows: readonly GridRow[], day: number): number {
  const next = rows[day + 1];
  return next?.type === "tiles" ? next.first : Number.POSITIVE_INFINITY;
}

/** The entry that an arrow key leads to. */
export function neighbour(rows: readonly GridRow[], entry: number, key: string, linesPerPage: number): number | null {
  const total = rows.reduce((sum, row) => sum + (row.type === "tiles" ? row.count : 0), 0);
  if (total === 0) return null;
  switch (key) {
    case "ArrowLeft":
      return Math.max(0, entry - 1);
    case "ArrowRight":
      return Math.min(total - 1, entry + 1);
    case "Home":
      return 0;
    case "End":
      return total - 1;
    case "ArrowUp":
      return vertical(rows, entry, -1);
    case "ArrowDown":
      return vertical(rows, entry, 1);
    case "PageUp":
      return vertical(rows, entry, -linesPerPage);
    case "PageDown":
      return vertical(rows, entry, linesPerPage);
    default:
      return null;
  }
}

function vertical(rows: readonly GridRow[], entry: number, lines: number): number {
  const from = rowOf(rows, entry);
  const start = rows[from];
  if (start?.type !== "tiles") return 0;
  const column = entry - start.first;
  let found = start;
  for (let at = from, left = Math.abs(lines); left > 0; ) {
    at += Math.sign(lines);
    const row = rows[at];
    if (row === undefined) break;
    if (row.type === "day") continue;
    found = row;
    left--;
  }
  return found === start ? entry : found.first + Math.min(column, found.count - 1);
}
