/** 18 → "18 ms", 840 → "0.8 s", 73 000 → "1 min 13 s". */
export function duration(ms: number): string {
  if (ms < 95) return `${Math.round(ms)} ms`;
  if (ms < 9950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const rest = String(seconds % 60).padStart(2, "0");
  return seconds < 3600 ? `${Math.floor(seconds / 60)} min ${rest} s` : `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

/** An estimate, as rough as it is: whole seconds, from a minute on in steps of five. */
export function about(ms: number): string {
  if (ms < 1000) return "under 1 s";
  const seconds = ms > 60_000 ? Math.round(ms / 5000) * 5 : Math.round(ms / 1000);
  return `about ${duration(seconds * 1000).replace(/\.0 s$/, " s")}`;
}

/** 20000 → "20 000". */
export function count(value: number): string {
  return Math.round(value).toString().replace(/\B(?=(\d{3})+$)/g, "\u2009");
}

/** Bytes in the unit an artist reads. */
export function fileSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${Math.round(bytes / 1000)} kB`;
  if (bytes < 1_000_000_000) return `${(bytes / 1_000_000).toFixed(1)} MB`;
  return `${(bytes / 1_000_000_000).toFixed(1)} GB`;
}

/** The part of a path after its last separator. */
export function fileName(path: string): string {
  return path.split(/[\\/]/).at(-1) ?? path;
}

/** The name of the folder a file lies in. */
export function folderName(path: string): string {
  return path.split(/[\\/]/).at(-2) || "the top folder";
}

/** A share, 0..=1. */
export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
