import { useEffect, useRef, useState, type HTMLAttributes, type RefObject } from "react";

/** A press that moves less than this is a click. */
const SLOP_PX = 6;

interface Press {
  from: number;
  startY: number;
  /** Top and bottom of every row as the press began. */
  rows: { top: number; bottom: number }[];
}

interface Drag {
  from: number;
  to: number;
  /** How far a row stands from its place, in pixels. */
  shift: (place: number) => number;
}

/** Handlers of what a row is dragged by. */
export type Grip = Pick<HTMLAttributes<HTMLElement>, "onPointerDown" | "onPointerMove" | "onPointerUp" | "onPointerCancel" | "onClickCapture">;

interface RowDrag {
  list: RefObject<HTMLUListElement | null>;
  drag: Drag | null;
  grip: (place: number) => Grip;
}

function dragTo({ from, startY, rows }: Press, y: number): Drag {
  const dragged = rows[from] ?? { top: 0, bottom: 0 };
  const middle = (dragged.top + dragged.bottom) / 2 + y - startY;
  const others = rows.filter((_, place) => place !== from);
  const to = others.filter(({ top, bottom }) => (top + bottom) / 2 < middle).length;
  const height = dragged.bottom - dragged.top;
  return {
    from,
    to,
    shift(place) {
      if (place === from) return y - startY;
      if (place > from && place <= to) return -height;
      return place < from && place >= to ? height : 0;
    },
  };
}

/** Rows of a list put into another order by pointer: pressed, moved, let go; Escape leaves them as they were. */
export function useRowDrag(onDrop: (from: number, to: number) => void): RowDrag {
  const list = useRef<HTMLUListElement>(null);
  const press = useRef<Press | null>(null);
  const swallowClick = useRef(false);
  const [drag, setDrag] = useState<Drag | null>(null);
  const end = () => {
    press.current = null;
    setDrag(null);
  };
  const dragging = drag !== null;
  useEffect(() => {
    if (!dragging) return undefined;
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      end();
    };
    window.addEventListener("keydown", onKey, { capture: true });
    return () => window.removeEventListener("keydown", onKey, { capture: true });
  }, [dragging]);
  const grip = (place: number): Grip => ({
    onPointerDown(event) {
      swallowClick.current = false;
      if (event.button !== 0 || list.current === null) return;
      press.current = { from: place, startY: event.clientY, rows: [...list.current.children].map((row) => row.getBoundingClientRect()) };
      event.currentTarget.setPointerCapture(event.pointerId);
    },
    onPointerMove({ clientY }) {
      if (press.current === null || (!dragging && Math.abs(clientY - press.current.startY) < SLOP_PX)) return;
      swallowClick.current = true;
      setDrag(dragTo(press.current, clientY));
    },
    onPointerUp() {
      if (drag !== null && drag.to !== drag.from) onDrop(drag.from, drag.to);
      end();
    },
    onPointerCancel: end,
    onClickCapture(event) {
      if (!swallowClick.current) return;
      swallowClick.current = false;
      event.preventDefault();
      event.stopPropagation();
    },
  });
  return { list, drag, grip };
}
