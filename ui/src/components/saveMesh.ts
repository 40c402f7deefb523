import type { Host } from "../host/host";
import type { Artifact } from "../protocol/generated";
import { uiStore } from "../state/ui";
import { fileName, folderName } from "./format";
import { sayBusy, sayDone, sayReport } from "./Toasts";

/** A browser does not say where it put a file. */
export function savedWords(path: string): string {
  const name = fileName(path);
  return name === path ? `Saved ${name}.` : `Saved ${name} to ${folderName(path)}.`;
}

/** Saves a mesh as the artist last chose, and says what came of it. */
export async function saveMesh(host: Host, { id }: Artifact, name: string) {
  const { preset, format, compressed, via } = uiStore.getState().saveAs;
  const isBlender = via === "blender";
  const stop = new AbortController();
  const busy: { over?: () => void } = {};
  const onBegin = (file: string) => {
    if (isBlender) busy.over = sayBusy(`Blender is writing ${file}`, "It is read back before it counts as saved.", () => stop.abort());
  };
  try {
    const wish = { suggestedName: `${name}.${format}`, preset, compressed: compressed && format === "glb" && !isBlender, via };
    const saved = await host.saveMesh(id, wish, { onBegin, stop: stop.signal });
    if (saved !== null) sayDone(savedWords(saved.path), saved.notes.length > 0 ? saved.notes.join(" ") : saved.path);
    else if (stop.signal.aborted) sayDone("Cancelled. Nothing was saved.");
  } catch (cause) {
    if (stop.signal.aborted) sayDone("Cancelled. Nothing was saved.");
    else sayReport(cause);
  } finally {
    busy.over?.();
  }
}
