import type { GalleryEntry, GalleryKind, GalleryQuery } from "../../protocol/generated";

export const EVERYTHING: GalleryQuery = { text: "", kind: null, favourite: false, project: null, tag: null, since: null, until: null, trashed: false };

export const KIND_TITLES: Record<GalleryKind, string> = { mesh: "Mesh", view: "View", picture: "Picture" };
export const KIND_PLURALS: Record<GalleryKind, [string, string]> = { mesh: ["mesh", "meshes"], view: ["view", "views"], picture: ["picture", "pictures"] };

const pad = (value: number) => String(value).padStart(2, "0");

/** "Today", "Yesterday", "Thursday 19 November", with the year when it is another. */
export function dayTitle(start: number, now: number): string {
  const day = new Date(start);
  const today = new Date(now);
  if (day.toDateString() === today.toDateString()) return "Today";
  if (day.toDateString() === new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1).toDateString()) return "Yesterday";
  const year = day.getFullYear() === today.getFullYear() ? {} : ({ year: "numeric" } as const);
  return day.toLocaleDateString("en-GB", { weekday: "long", day: "numeric", month: "long", ...year });
}

export function clock(at: number): string {
  const date = new Date(at);
  return `${pad(date.getHours())}:${pad(date.getMinutes())}`;
}

/** 19 990 → "20k". */
export function roughly(triangles: number): string {
  if (triangles < 1000) return String(triangles);
  return triangles < 9950 ? `${(triangles / 1000).toFixed(1).replace(/\.0$/, "")}k` : `${Math.round(triangles / 1000)}k`;
}

export function badge(entry: GalleryEntry): string {
  if (entry.artifact.kind === "raw_mesh") return "unfinished";
  if (entry.kind === "mesh") return entry.triangles === null ? "GLB" : `${roughly(entry.triangles)} tris`;
  const { slot } = entry.artifact;
  return slot === null ? "PNG" : slot.replace("three_quarter", "3/4");
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

export function source(entry: GalleryEntry): string {
  return entry.kind === "picture" ? KIND_TITLES.picture : capital(entry.engine ?? KIND_TITLES[entry.kind]);
}

/** The quiet line beneath a name. */
export const note = (entry: GalleryEntry) => `${source(entry)} · ${clock(entry.created_at)}`;

/** What a screen reader says of a tile: what is written on it, and what is drawn. */
export function spoken(entry: GalleryEntry): string {
  const drawn = [entry.favourite ? "favourite" : null, entry.rejected ? "rejected" : null].filter((word) => word !== null);
  return [`${entry.name} ${note(entry)} ${badge(entry)}`, ...drawn].join(", ");
}

export const stemOf = ({ name }: GalleryEntry) => name.replace(/[/\\:*?"<>|]/g, "_");

/** The name a copy is given unless the artist says another. */
export function fileNameOf(entry: GalleryEntry): string {
  const { kind, slot } = entry.artifact;
  const stem = stemOf(entry);
  return `${slot === null ? stem : `${stem} ${slot}`}.${kind === "mesh" || kind === "raw_mesh" ? "glb" : "png"}`;
}

/** "3 meshes and 1 view". */
export function tally(entries: readonly GalleryEntry[]): string {
  const parts = (["mesh", "view", "picture"] as const).flatMap((kind) => {
    const found = entries.filter((entry) => entry.kind === kind).length;
    return found === 0 ? [] : [`${found} ${KIND_PLURALS[kind][found === 1 ? 0 : 1]}`];
  });
  return parts.length < 3 ? parts.join(" and ") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
}
