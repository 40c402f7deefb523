import type { ErrorReport, SourceInfo } from "../../protocol/generated";
import { reportOf, type Drop } from "../host";
import type { Server } from "./server";

const PICTURES = ".png,.jpg,.jpeg,.webp,.bmp,.gif,.tga,.tif,.tiff,image/*";
/** One drop; the window has the same limit. */
const MAX_DROPPED = 24;

export function upload(server: Server, file: Blob, name: string): Promise<SourceInfo> {
  const headers = { "Content-Type": "application/octet-stream" };
  return server.json<SourceInfo>(`/api/pictures?name=${encodeURIComponent(name)}`, { method: "POST", body: file, headers });
}

/** The browser's own dialog; null when it was closed without a choice. */
export function choose(): Promise<File | null> {
  const input = document.createElement("input");
  input.type = "file";
  input.accept = PICTURES;
  return new Promise((resolve) => {
    input.addEventListener("change", () => resolve(input.files?.[0] ?? null), { once: true });
    input.addEventListener("cancel", () => resolve(null), { once: true });
    input.click();
  });
}

/** The picture on the clipboard, once the browser let us look; null when there is none. */
export async function pasted(): Promise<Blob | null> {
  for (const item of await navigator.clipboard.read()) {
    const type = item.types.find((candidate) => candidate.startsWith("image/"));
    if (type !== undefined) return item.getType(type);
  }
  return null;
}

const filesIn = (event: DragEvent) => [...(event.dataTransfer?.items ?? [])].filter(({ kind }) => kind === "file").length;

/** Files held over the page or let go on it. */
export function watchDrops(server: Server, onDrop: (drop: Drop) => void) {
  let depth = 0;
  addEventListener("dragenter", (event) => {
    const files = filesIn(event);
    if (files === 0) return;
    event.preventDefault();
    depth += 1;
    onDrop({ type: "over", files });
  });
  addEventListener("dragover", (event) => {
    if (filesIn(event) > 0) event.preventDefault();
  });
  addEventListener("dragleave", () => {
    depth = Math.max(0, depth - 1);
    if (depth === 0) onDrop({ type: "left" });
  });
  addEventListener("drop", (event) => {
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    depth = 0;
    void takeIn(server, files).then(onDrop);
  });
}

async function takeIn(server: Server, files: File[]): Promise<Drop> {
  if (files.length > MAX_DROPPED) {
    const message = `${files.length} files were dropped; the limit is ${MAX_DROPPED} at once. None was taken.`;
    return { type: "dropped", pictures: [], errors: [{ code: "bad_request", message, details: null, hint: null }] };
  }
  const pictures: SourceInfo[] = [];
  const errors: ErrorReport[] = [];
  for (const file of files) {
    try {
      pictures.push(await upload(server, file, file.name));
    } catch (cause) {
      errors.push(reportOf(cause));
    }
  }
  return { type: "dropped", pictures, errors };
}
