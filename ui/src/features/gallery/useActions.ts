import { useQueryClient } from "@tanstack/react-query";
import { useMemo, useRef } from "react";
import { sayDone, sayFailed, sayUndoable } from "../../components/Toasts";
import { folderName } from "../../components/format";
import { saveMesh, savedWords } from "../../components/saveMesh";
import { useHost } from "../../host/context";
import { reportOf } from "../../host/host";
import type { GalleryEntry, JobId, MarkChange, SourceInfo } from "../../protocol/generated";
import { galleryKey } from "../../state/galleryNews";
import { uiStore } from "../../state/ui";
import { patchEntries } from "./useEntries";
import { fileNameOf, stemOf, tally } from "./words";

type Entries = readonly GalleryEntry[];

/** What an artist can do with entries. */
export interface Actions {
  mark: (entries: Entries, change: Partial<MarkChange>) => Promise<void>;
  toggleFavourite: (entries: Entries) => Promise<void>;
  toggleRejected: (entries: Entries) => Promise<void>;
  /** Into the trash; the newest deletion can be undone. */
  remove: (entries: Entries) => Promise<void>;
  undo: () => Promise<void>;
  restore: (entries: Entries) => Promise<void>;
  emptyTrash: () => Promise<void>;
  save: (entries: Entries) => Promise<void>;
  /** Null where there is no file manager to ask. */
  reveal: ((entry: GalleryEntry) => Promise<void>) | null;
  /** The job that made it; of a picture from a prompt, a new one. */
  openInForge: (entry: GalleryEntry) => void;
  /** Makes a drafted mesh anew on a server. */
  upgrade: (entry: GalleryEntry, from: "views" | "mesh") => void;
  /** Makes a picture or a view the source of a new forge. */
  forgeIt: (entry: GalleryEntry) => void;
}

export interface ActionsGiven {
  /** Hears of changes before the core has made them. */
  onPatch: (ids: ReadonlySet<string>, change: Partial<GalleryEntry>) => void;
  /** Forges a picture. */
  take: (picture: SourceInfo) => Promise<void>;
  upgrade: (job: JobId, from: "views" | "mesh") => Promise<void>;
}

const NO_CHANGE: MarkChange = { favourite: null, rejected: null, name: null, add_tags: [], remove_tags: [] };
const idsOf = (entries: Entries) => entries.map(({ artifact }) => artifact.id);

export function useActions({ onPatch, take, upgrade }: ActionsGiven): Actions {
  const host = useHost();
  const client = useQueryClient();
  const undoable = useRef<(() => Promise<void>) | null>(null);
  return useMemo(() => {
    const guarded = async (work: () => Promise<void>) => {
      try {
        await work();
      } catch (cause) {
        const report = reportOf(cause);
        sayFailed(report.message, report.hint);
      }
    };
    const refresh = () => client.invalidateQueries({ queryKey: galleryKey });
    const mark = (entries: Entries, change: Partial<MarkChange>, shown: Partial<GalleryEntry> = {}) =>
      guarded(async () => {
        const ids = new Set(idsOf(entries));
        patchEntries(client, ids, shown);
        onPatch(ids, shown);
        try {
          await host.execute({ command: "mark_artifacts", ids: idsOf(entries), change: { ...NO_CHANGE, ...change } });
        } finally {
          await refresh();
        }
      });
    const restore = (entries: Entries) =>
      guarded(async () => {
        await host.execute({ command: "restore_artifacts", ids: idsOf(entries) });
        await refresh();
        sayDone(`Brought back ${tally(entries)}.`);
      });
    const undo = async () => {
      const last = undoable.current;
      undoable.current = null;
      await last?.();
    };
    const { revealArtifact } = host;
    const forgeIt = (entry: GalleryEntry) =>
      void guarded(async () => {
        if (entry.kind === "mesh") return;
        await take(await host.execute({ command: "import_picture", source: { from: "artifact", id: entry.artifact.id } }));
      });
    return {
      mark: (entries, change) => mark(entries, change, change.name === null || change.name === undefined || change.name === "" ? {} : { name: change.name }),
      toggleFavourite: (entries) => {
        const favourite = !entries.every((entry) => entry.favourite);
        return mark(entries, { favourite }, favourite ? { favourite, rejected: false } : { favourite });
      },
      toggleRejected: (entries) => {
        const rejected = !entries.every((entry) => entry.rejected);
        return mark(entries, { rejected }, rejected ? { rejected, favourite: false } : { rejected });
      },
      remove: (entries) =>
        guarded(async () => {
          const trashed = host.execute({ command: "trash_artifacts", ids: idsOf(entries) });
          // At once: who undoes while it is still on its way means this one too.
          const before = undoable.current;
          undoable.current = () =>
            trashed.then(
              () => restore(entries),
              () => before?.(),
            );
          await trashed;
          await refresh();
          sayUndoable(`Moved ${tally(entries)} to the trash.`, () => void undo());
        }),
      undo,
      restore,
      emptyTrash: () =>
        guarded(async () => {
          const { files } = await host.execute({ command: "empty_trash" });
          undoable.current = null;
          await refresh();
          sayDone(files === 1 ? "Deleted 1 file." : `Deleted ${files} files.`);
        }),
      save: (entries) =>
        guarded(async () => {
          const [only] = entries;
          if (only === undefined) return;
          if (entries.length === 1 && only.artifact.kind === "mesh") {
            await saveMesh(host, only.artifact, stemOf(only));
          } else if (entries.length === 1) {
            const saved = await host.saveArtifact(only.artifact.id, fileNameOf(only));
            if (saved !== null) sayDone(savedWords(saved.path), saved.path);
          } else {
            const saved = await host.saveArtifacts(entries.map((entry) => ({ id: entry.artifact.id, suggestedName: fileNameOf(entry) })));
            const [first] = saved ?? [];
            if (first !== undefined) sayDone(`Saved ${tally(entries)} to ${folderName(first.path)}.`);
          }
        }),
      reveal: revealArtifact === null ? null : (entry) => guarded(() => revealArtifact(entry.artifact.id)),
      openInForge(entry) {
        if (entry.artifact.kind === "picture") forgeIt(entry);
        else uiStore.getState().set({ tab: "forge", jobId: entry.artifact.job_id, previousJobId: null, editingCutout: false, error: null });
      },
      upgrade: (entry, from) => void upgrade(entry.artifact.job_id, from),
      forgeIt,
    };
  }, [host, client, onPatch, take, upgrade]);
}
