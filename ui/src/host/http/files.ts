import type { SavedFile } from "../../protocol/generated";
import { HostError, type MeshWish, type SavedMesh, type Writing } from "../host";
import type { Server } from "./server";

/** Addresses kept; more than one screen ever shows. */
const MAX_GIVEN = 1_000;
/** Long enough for the browser to have taken the bytes over. */
const REVOKE_MS = 60_000;

interface Pass {
  query: string;
  expires_in_ms: number;
}

/** Addresses of files that `<img>` and the viewer can load: signed, and renewed before they expire. */
export class Files {
  readonly #server: Server;
  #query = "";
  #renewAt = 0;
  #expiresAt = 0;
  /** An address stays as it is while it works: a new one would be a new picture to the browser. */
  readonly #given = new Map<string, { url: string; until: number }>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async open(server: Server): Promise<Files> {
    const files = new Files(server);
    await files.#renew();
    // A computer that slept wakes with a pass that has expired.
    addEventListener("visibilitychange", () => {
      if (!document.hidden && Date.now() >= files.#renewAt) void files.#renew().catch(() => undefined);
    });
    return files;
  }

  async #renew() {
    let pause_ms = 5_000;
    try {
      const pass = await this.#server.json<Pass>("/api/file-pass");
      this.#query = pass.query;
      this.#expiresAt = Date.now() + pass.expires_in_ms;
      pause_ms = pass.expires_in_ms * 0.6;
    } finally {
      this.#renewAt = Date.now() + pause_ms;
      setTimeout(() => void this.#renew().catch(() => undefined), pause_ms);
    }
  }

  url(kind: "artifact" | "source" | "thumbnail", id: string): string {
    const path = `/files/${kind}/${id}`;
    const given = this.#given.get(path);
    if (given !== undefined && Date.now() < given.until) return given.url;
    if (this.#given.size >= MAX_GIVEN) this.#given.clear();
    const url = `${path}?${this.#query}`;
    this.#given.set(path, { url, until: this.#expiresAt });
    return url;
  }

  /** Where the browser can ask for a place, it asks; else the file lands among its downloads. */
  async save(id: string, name: string): Promise<SavedFile | null> {
    if (!("showSaveFilePicker" in window)) return this.#download(id, name);
    const place = await chosen(() => window.showSaveFilePicker({ suggestedName: name, types: typesOf(name) }));
    return place === null ? null : this.#write(id, place);
  }

  /** As [`save`], in the format that the ending of `name` says; what takes several files comes as one archive. */
  async saveMesh(id: string, { suggestedName: name, preset, compressed, via }: MeshWish, { onBegin, stop }: Writing): Promise<SavedMesh | null> {
    if (preset === null && !compressed && via === "oreforge" && name.endsWith(".glb")) {
      const saved = await this.save(id, name);
      return saved && { ...saved, notes: [] };
    }
    // Textures belong beside these. The dialog needs the name before the files are made.
    const isArchive = /\.(obj|ply)$/.test(name);
    const suggestedName = isArchive ? name.replace(/\w+$/, "zip") : name;
    const asked = new URLSearchParams({ name, archive: String(isArchive), via, compressed: String(compressed), ...(preset === null ? {} : { preset }) });
    const convert = async () => {
      onBegin(suggestedName);
      const answer = await this.#server.ask(`/api/meshes/${id}/export?${asked}`, { signal: stop });
      const notes = JSON.parse(decodeURIComponent(answer.headers.get("Oreforge-Notes") ?? "[]")) as string[];
      return { notes, bytes: await answer.blob() };
    };
    if (!("showSaveFilePicker" in window)) {
      const { notes, bytes } = await convert();
      return { ...handOver(bytes, suggestedName), notes };
    }
    const place = await chosen(() => window.showSaveFilePicker({ suggestedName, types: typesOf(suggestedName) }));
    if (place === null) return null;
    const { notes, bytes } = await convert();
    return { ...(await write(place, bytes)), notes };
  }

  /** As [`save`], of a file whose address is known once it was made. The dialog comes before. */
  async saveMade(name: string, make: () => Promise<string>): Promise<SavedFile | null> {
    const bytes = async () => (await this.#server.ask(await make())).blob();
    if (!("showSaveFilePicker" in window)) return handOver(await bytes(), name);
    const place = await chosen(() => window.showSaveFilePicker({ suggestedName: name, types: typesOf(name) }));
    return place === null ? null : write(place, await bytes());
  }

  /** As [`save`], into a folder; a file that is there is never replaced. */
  async saveAll(wanted: { id: string; suggestedName: string }[]): Promise<SavedFile[] | null> {
    const saved: SavedFile[] = [];
    if (!("showDirectoryPicker" in window)) {
      for (const { id, suggestedName } of wanted) saved.push(await this.#download(id, suggestedName));
      return saved;
    }
    const folder = await chosen(() => window.showDirectoryPicker({ mode: "readwrite" }));
    if (folder === null) return null;
    for (const { id, suggestedName } of wanted) {
      const file = await this.#write(id, await folder.getFileHandle(await freeName(folder, suggestedName), { create: true }));
      saved.push({ ...file, path: `${folder.name}/${file.path}` });
    }
    return saved;
  }

  async #download(id: string, name: string): Promise<SavedFile> {
    const address = this.url("artifact", id);
    const head = await this.#server.ask(address, { method: "HEAD" });
    click(`${address}&download=${encodeURIComponent(name)}`, name);
    return { path: name, bytes: Number(head.headers.get("Content-Length") ?? 0) };
  }

  async #write(id: string, place: FileSystemFileHandle): Promise<SavedFile> {
    return write(place, await (await this.#server.ask(this.url("artifact", id))).blob());
  }
}

async function write(place: FileSystemFileHandle, bytes: Blob): Promise<SavedFile> {
  try {
    // The browser writes beside the file and swaps it in at `close`.
    const writer = await place.createWritable();
    await writer.write(bytes);
    await writer.close();
  } catch (cause) {
    const details = cause instanceof Error ? cause.message : String(cause);
    throw new HostError({ code: "output_unwritable", message: `${place.name} could not be written.`, details, hint: "Choose another folder; the result is kept." });
  }
  return { path: place.name, bytes: bytes.size };
}

/** Bytes the page has, as a download. */
function handOver(bytes: Blob, name: string): SavedFile {
  const url = URL.createObjectURL(bytes);
  click(url, name);
  setTimeout(() => URL.revokeObjectURL(url), REVOKE_MS);
  return { path: name, bytes: bytes.size };
}

function click(address: string, name: string) {
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
}

/** What the browser's dialog was answered with; null when it was closed without a choice. */
async function chosen<T>(ask: () => Promise<T>): Promise<T | null> {
  try {
    return await ask();
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") return null;
    throw cause;
  }
}

function typesOf(name: string): { description: string; accept: Record<string, string[]> }[] {
  if (name.endsWith(".glb")) return [{ description: "GLB", accept: { "model/gltf-binary": [".glb"] } }];
  if (name.endsWith(".png")) return [{ description: "PNG", accept: { "image/png": [".png"] } }];
  const ending = name.slice(name.lastIndexOf(".") + 1);
  return [{ description: ending.toUpperCase(), accept: { "application/octet-stream": [`.${ending}`] } }];
}

async function freeName(folder: FileSystemDirectoryHandle, name: string): Promise<string> {
  const dot = name.lastIndexOf(".");
  for (let attempt = 1; ; attempt++) {
    const candidate = attempt === 1 ? name : `${name.slice(0, dot)} (${attempt})${name.slice(dot)}`;
    try {
      await folder.getFileHandle(candidate);
    } catch (cause) {
      if (cause instanceof DOMException && cause.name === "NotFoundError") return candidate;
      throw cause;
    }
  }
}

declare global {
  interface Window {
    // File System Access API; not in every browser, nor in TypeScript's library.
    showSaveFilePicker(options: { suggestedName: string; types: { description: string; accept: Record<string, string[]> }[] }): Promise<FileSystemFileHandle>;
    showDirectoryPicker(options: { mode: "readwrite" }): Promise<FileSystemDirectoryHandle>;
  }
}
