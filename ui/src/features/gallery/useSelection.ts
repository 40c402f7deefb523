import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import { sayFailed } from "../../components/Toasts";
import { count } from "../../components/format";
import { useHost } from "../../host/context";
import type { GalleryEntry, GalleryQuery } from "../../protocol/generated";
import { entriesBetween } from "./useEntries";

/** What one command takes at most. */
const MAX_SELECTED = 2000;

export interface Selection {
  entries: readonly GalleryEntry[];
  has: (entry: GalleryEntry) => boolean;
  only: (entry: GalleryEntry, index: number) => void;
  toggle: (entry: GalleryEntry, index: number) => void;
  /** From the entry chosen last to this one. */
  extend: (index: number) => void;
  all: (total: number) => void;
  clear: () => void;
  /** Shows a change of those that are selected. */
  patch: (ids: ReadonlySet<string>, change: Partial<GalleryEntry>) => void;
}

const NONE: ReadonlyMap<string, GalleryEntry> = new Map();

export function useSelection(query: GalleryQuery): Selection {
  const host = useHost();
  const client = useQueryClient();
  const [chosen, setChosen] = useState(NONE);
  const [anchor, setAnchor] = useState(0);
  const between = useCallback(
    async (first: number, last: number) => {
      const found = await entriesBetween(host, client, query, first, Math.min(last, first + MAX_SELECTED - 1));
      if (last - first >= MAX_SELECTED) sayFailed(`${count(MAX_SELECTED)} can be selected at once.`, "The newest of them are.");
      setChosen(new Map(found.map((entry) => [entry.artifact.id, entry])));
    },
    [host, client, query],
  );
  const clear = useCallback(() => setChosen(NONE), []);
  const patch = useCallback(
    (ids: ReadonlySet<string>, change: Partial<GalleryEntry>) => setChosen((before) => new Map([...before].map(([id, entry]) => [id, ids.has(id) ? { ...entry, ...change } : entry]))),
    [],
  );
  return {
    entries: [...chosen.values()],
    has: ({ artifact }) => chosen.has(artifact.id),
    only(entry, index) {
      setAnchor(index);
      setChosen(new Map([[entry.artifact.id, entry]]));
    },
    toggle(entry, index) {
      setAnchor(index);
      const next = new Map(chosen);
      if (!next.delete(entry.artifact.id)) next.set(entry.artifact.id, entry);
      setChosen(next);
    },
    extend: (index) => void between(Math.min(anchor, index), Math.max(anchor, index)),
    all: (total) => void between(0, total - 1),
    clear,
    patch,
  };
}
