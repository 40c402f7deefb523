import { keepPreviousData, useQueries, useQuery, type QueryClient } from "@tanstack/react-query";
import { useHost } from "../../host/context";
import { reportOf, type Host } from "../../host/host";
import type { ErrorReport, GalleryEntry, GalleryOverview, GalleryPage, GalleryQuery } from "../../protocol/generated";

/** Everything about the Gallery in the query cache. */
export const galleryKey = ["gallery"] as const;

/** Entries asked for at once. */
export const PAGE_ENTRIES = 120;

/** Pages that are out of sight are forgotten after this, so that scrolling costs no memory. */
const KEPT_MS = 30_000;

const utcOffsetMin = () => -new Date().getTimezoneOffset();

function pageOptions(host: Host, query: GalleryQuery, page: number) {
  return {
    queryKey: [...galleryKey, "page", query, page],
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
  const from = Math.floor(first / PAGE_ENTRIES);
  const pages = last < first ? 0 : Math.floor(last / PAGE_ENTRIES) - from + 1;
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
  client.setQueriesData<GalleryPage>({ queryKey: [...galleryKey, "page"] }, (page) =>
    page === undefined ? page : { ...page, entries: page.entries.map((entry) => (ids.has(entry.artifact.id) ? { ...entry, ...patch } : entry)) },
  );
}
