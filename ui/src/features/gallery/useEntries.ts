import { keepPreviousData, useQueries, useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { useHost } from "../../host/context";
import { reportOf, type Host } from "../../host/host";
import type { ErrorReport, GalleryEntry, GalleryOverview, GalleryPage, GalleryQuery } from "../../protocol/generated";
import { galleryKey } from "../../state/galleryNews";

/** Entries asked for at once. */
export const PAGE_ENTRIES = 120;

/** What is out of sight is forgotten after this. */
const KEPT_MS = 30_000;

/** Pages kept before and behind those in view, for a hand that turns back; others go at once, so that scrolling costs no memory. */
const PAGES_KEPT = 4;

const utcOffsetMin = () => -new Date().getTimezoneOffset();

const pagesKey = [...galleryKey, "page"] as const;

function pageOptions(host: Host, query: GalleryQuery, page: number) {
  return {
    queryKey: [...pagesKey, query, page],
    gcTime: KEPT_MS,
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: () => host.execute({ command: "list_gallery", query, offset: page * PAGE_ENTRIES, limit: PAGE_ENTRIES }),
  };
}

export function useOverview(query: GalleryQuery): { overview: GalleryOverview | null; current: boolean; error: ErrorReport | null } {
  const host = useHost();
  const { data, isPlaceholderData, error } = useQuery({
    queryKey: [...galleryKey, "overview", query],
    gcTime: KEPT_MS,
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: keepPreviousData,
    queryFn: () => host.execute({ command: "gallery_overview", query, utc_offset_min: utcOffsetMin() }),
  });
  return { overview: data ?? null, current: data !== undefined && !isPlaceholderData, error: error === null ? null : reportOf(error) };
}

/** Those of the entries `first..=last` that have arrived. */
export function useEntries(query: GalleryQuery, first: number, last: number): (index: number) => GalleryEntry | null {
  const host = useHost();
  const client = useQueryClient();
  const from = Math.floor(first / PAGE_ENTRIES);
  const pages = last < first ? 0 : Math.floor(last / PAGE_ENTRIES) - from + 1;
  useEffect(() => {
    const isFar = (page: unknown) => typeof page === "number" && (page < from - PAGES_KEPT || page >= from + pages + PAGES_KEPT);
    if (pages > 0) client.removeQueries({ queryKey: pagesKey, type: "inactive", fetchStatus: "idle", predicate: ({ queryKey }) => isFar(queryKey.at(-1)) });
  }, [client, from, pages]);
  const found = useQueries({ queries: Array.from({ length: pages }, (_, at) => pageOptions(host, query, from + at)) });
  return (index) => found[Math.floor(index / PAGE_ENTRIES) - from]?.data?.entries[index % PAGE_ENTRIES] ?? null;
}

/** Entries from one place to another, both included, asked for where they are not known. */
export async function entriesBetween(host: Host, client: QueryClient, query: GalleryQuery, first: number, last: number): Promise<GalleryEntry[]> {
  const entries: GalleryEntry[] = [];
  for (let page = Math.floor(first / PAGE_ENTRIES); page * PAGE_ENTRIES <= last; page++) {
    const { entries: found } = await client.fetchQuery(pageOptions(host, query, page));
    entries.push(...found.filter((_, at) => page * PAGE_ENTRIES + at >= first && page * PAGE_ENTRIES + at <= last));
  }
  return entries;
}

/** Shows a change before the core has answered. */
export function patchEntries(client: QueryClient, ids: ReadonlySet<string>, patch: Partial<GalleryEntry>) {
  client.setQueriesData<GalleryPage>({ queryKey: pagesKey }, (page) =>
    page === undefined ? page : { ...page, entries: page.entries.map((entry) => (ids.has(entry.artifact.id) ? { ...entry, ...patch } : entry)) },
  );
}
