import { createContext, useContext, useLayoutEffect, useRef } from "react";

/** `Ctrl+O`, `Escape`, `.`, `1`. Letters are lower case; ⌘ counts as Ctrl. */
export type KeyMap = Record<string, (event: KeyboardEvent) => void>;

/** False above what is mounted but out of sight: its keys rest. */
export const InView = createContext(true);

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("input:not([type=range]), textarea, [contenteditable], [role=listbox]") !== null;
}

function inDialog(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("[role=alertdialog], [role=dialog]:not(.drawer), [role=listbox]") !== null;
}

export function nameOfKey(event: KeyboardEvent): string {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (!event.ctrlKey && !event.metaKey) return key;
  return event.altKey ? `Ctrl+Alt+${key}` : `Ctrl+${key}`;
}

/** Single keys rest while typing and while a question is open; what has taken an event keeps it. */
export function useKeys(keys: KeyMap, active = true) {
  const inView = useContext(InView);
  const current = useRef(keys);
  // Before the screen shows what was drawn: a key pressed at the sight of it is neither lost nor meant for what was there before.
  useLayoutEffect(() => {
    current.current = keys;
  });
  useLayoutEffect(() => {
    if (!active || !inView) return undefined;
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || (event.altKey && !event.ctrlKey) || inDialog(event.target)) return;
      const name = nameOfKey(event);
      const act = current.current[name];
      if (act === undefined || (isTyping(event.target) && !(name.startsWith("Ctrl+") && name !== "Ctrl+v" && name !== "Ctrl+z"))) return;
      event.preventDefault();
      act(event);
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [active, inView]);
}
