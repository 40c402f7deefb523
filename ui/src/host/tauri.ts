import { Channel, convertFileSrc, invoke } from "@tauri-apps/api/core";
import type { ErrorReport, Event, LivePreview, SavedFile, Settings, SourceInfo } from "../protocol/generated";
import { HostError, type Drop, type Host, type Opening, type SavedMesh } from "./host";

/** `ore://localhost/` or, on Windows, `http://ore.localhost/`. */
const base = () => convertFileSrc("", "ore");

function isReport(cause: unknown): cause is ErrorReport {
  return typeof cause === "object" && cause !== null && "code" in cause && "message" in cause;
}

async function call<T>(name: string, args?: Record<string, unknown>): Promise<T> {
  try {
    return await invoke<T>(name, args);
  } catch (cause) {
    if (isReport(cause)) throw new HostError(cause);
    throw new HostError({ code: "internal", message: "The window could not reach its core.", details: String(cause), hint: null });
  }
}

let lastSubscription = 0;

export const tauriHost: Host = {
  isLocal: true,
  execute: async (command) => (await call<{ reply: never }>("execute", { command })).reply,
  subscribe(jobId, after, { onEvent, onPreview, onError }) {
    const subscription = ++lastSubscription;
    const channel = new Channel<Event>();
    let open = true;
    channel.onmessage = (event) => {
      if (open) onEvent(event);
    };
    const previews = new Channel<LivePreview>();
    previews.onmessage = (preview) => {
      if (open) onPreview(preview);
    };
    call("subscribe", { subscription, jobId, after, channel, previews }).catch((cause: unknown) => {
      if (open && cause instanceof HostError) onError(cause.report);
    });
    return () => {
      open = false;
      void call("unsubscribe", { subscription }).catch(() => undefined);
    };
  },
  opening: () => call<Opening>("opening"),
  pickPicture: () => call<SourceInfo | null>("pick_picture"),
  pastePicture: () => call<SourceInfo | null>("paste_picture"),
  saveArtifact: (id, suggestedName) => call<SavedFile | null>("save_artifact", { id, suggestedName }),
  saveMesh(id, wish, { onBegin, stop }) {
    const writing = new Channel<string>();
    writing.onmessage = onBegin;
    stop.addEventListener("abort", () => void call("stop_saving").catch(() => undefined), { once: true });
    return call<SavedMesh | null>("save_mesh", { id, wish, writing });
  },
  saveDepth: (depth, suggestedName) => call<SavedFile | null>("save_depth", { depth, suggestedName }),
  saveArtifacts: (files) => call<SavedFile[] | null>("save_artifacts", { ids: files.map(({ id }) => id) }),
  revealArtifact: (id) => call<void>("reveal_artifact", { id }),
  revealFolder: (folder) => call<void>("reveal_folder", { folder }),
  pickBlender: () => call<Settings | null>("pick_blender"),
  pickSaveFolder: () => call<Settings | null>("pick_save_folder"),
  notify: (title, body) => call<void>("notify", { title, body }),
  watchDrops(onDrop) {
    const channel = new Channel<Drop>();
    channel.onmessage = onDrop;
    void call("watch_drops", { channel });
  },
  artifactUrl: (id) => `${base()}artifact/${id}`,
  thumbnailUrl: (id) => `${base()}thumbnail/${id}`,
  sourceUrl: (id) => `${base()}source/${id}`,
};
