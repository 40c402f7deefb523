import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { DayCount, GalleryEntry, GalleryQuery } from "../../protocol/generated";
import type { Actions } from "./useActions";
import { columnsFor, GAP_PX, gridRows, neighbour, rowOf } from "./gridRows";
import { Tile } from "./Tile";
import { useEntries } from "./useEntries";
import type { Selection } from "./useSelection";
import { dayTitle } from "./words";

const DAY_PX = 38;
/** Name, note and the room beneath them. */
const WORDS_PX = 56;

interface GridProps {
  query: GalleryQuery;
  days: readonly DayCount[];
  tilePx: number;
  selection: Selection;
  actions: Actions;
  /** Where the keyboard is. */
  at: number;
  onAt: (index: number) => void;
  onLook: (index: number) => void;
  /** Keys that mean something for the entry under them; true when one did. */
  onKey: (event: React.KeyboardEvent, entry: GalleryEntry | null, index: number) => boolean;
}

/** Tiles by days. Only what is in view is drawn, asked for and kept. */
export function Grid({ query, days, tilePx, selection, actions, at, onAt, onLook, onKey }: GridProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth - 2 * 16));
    observer.observe(element);
    setWidth(element.clientWidth - 2 * 16);
    return () => observer.disconnect();
  }, []);
  const columns = columnsFor(width, tilePx);
  const side = Math.floor((Math.max(width, tilePx) - (columns - 1) * GAP_PX) / columns);
  const rows = useMemo(() => gridRows(days, columns), [days, columns]);
  // eslint-disable-next-line react-hooks/incompatible-library -- nothing here is memoized by what it returns
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => (rows[index]?.type === "day" ? DAY_PX : side + WORDS_PX),
    overscan: 1,
    initialRect: { width: 1100, height: 800 },
  });
  useEffect(() => virtualizer.measure(), [virtualizer, side, rows]);
  // Another question is looked at from its beginning.
  useEffect(() => virtualizer.scrollToOffset(0), [virtualizer, query]);

  const lines = virtualizer.getVirtualItems();
  const tiles = lines.flatMap(({ index }) => (rows[index]?.type === "tiles" ? [rows[index]] : []));
  const [top, bottom] = [tiles[0], tiles.at(-1)];
  // The first page is asked for beside the days, without which no line is known.
  const entryAt = useEntries(query, top?.first ?? 0, bottom === undefined ? 0 : bottom.first + bottom.count - 1);

  const wanted = useRef(false);
  const go = (index: number) => {
    wanted.current = true;
    onAt(index);
    virtualizer.scrollToIndex(rowOf(rows, index), { align: "auto" });
  };
  // The tile may be drawn only once it was scrolled to.
  useEffect(() => {
    if (!wanted.current) return;
    const tile = document.getElementById(`entry-${at}`);
    if (tile === null) return;
    wanted.current = false;
    tile.focus({ preventScroll: true });
  });

  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.altKey || event.defaultPrevented) return;
    const perPage = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / (side + WORDS_PX)));
    const to = event.ctrlKey || event.metaKey ? null : neighbour(rows, at, event.key, perPage);
    if (to !== null) {
      event.preventDefault();
      if (event.shiftKey) selection.extend(to);
      go(to);
    } else if (onKey(event, entryAt(at), at)) {
      event.preventDefault();
    }
  };
  const press = (event: React.MouseEvent, entry: GalleryEntry, index: number) => {
    onAt(index);
    if (event.shiftKey) selection.extend(index);
    else if (event.ctrlKey || event.metaKey) selection.toggle(entry, index);
    else selection.only(entry, index);
  };
  const now = Date.now();
  return (
    <div ref={scroller} className={`gallery-scroll ${selection.entries.length > 0 ? "selecting" : ""}`}>
      <div role="grid" aria-label="Entries" aria-multiselectable="true" aria-rowcount={rows.length} className="gallery-grid" style={{ height: virtualizer.getTotalSize() }}>
        {lines.map(({ index, start }) => {
          const row = rows[index];
          if (row === undefined) return null;
          const place = { transform: `translateY(${start}px)` };
          if (row.type === "day") {
            return (
              <div key={`day ${row.start}`} role="row" aria-rowindex={index + 1} className="day-row" style={place}>
                <div role="rowheader">
                  <h2>{dayTitle(row.start, now)}</h2> <span className="mono quiet">{row.entries}</span>
                </div>
              </div>
            );
          }
          return (
            <div key={row.first} role="row" aria-rowindex={index + 1} className="tile-row" style={{ ...place, gridTemplateColumns: `repeat(${columns}, ${side}px)` }}>
              {Array.from({ length: row.count }, (_, column) => {
                const entryIndex = row.first + column;
                const entry = entryAt(entryIndex);
                if (entry === null) return <div key={entryIndex} role="gridcell" aria-label="Loading" className="tile loading"><span className="tile-mat" /></div>;
                return (
                  <Tile
                    key={entry.artifact.id}
                    entry={entry}
                    index={entryIndex}
                    selected={selection.has(entry)}
                    focused={entryIndex === at}
                    onPress={(event) => press(event, entry, entryIndex)}
                    onKeyDown={onKeyDown}
                    onToggle={() => selection.toggle(entry, entryIndex)}
                    onLook={() => onLook(entryIndex)}
                    onFavourite={() => void actions.toggleFavourite([entry])}
                  />
                );
              })}
            </div>
          );
        })}
      </div>
    </div>
  );
}
