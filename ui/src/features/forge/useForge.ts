import { useQueryClient } from "@tanstack/react-query";
import { useMemo, useRef } from "react";
import { sayFailed } from "../../components/Toasts";
import { saveMesh } from "../../components/saveMesh";
import { useHost } from "../../host/context";
import { reportOf } from "../../host/host";
import type { Artifact, ForgeRequest, JobId, SourceInfo, SourceRef, StepName } from "../../protocol/generated";
import type { ForgeJob } from "../../state/jobView";
import { importedRef, uiStore } from "../../state/ui";
import { adoptSnapshot, jobKey } from "../../state/useJob";

/** What an artist can do in the Forge. */
export interface Forge {
  open: () => Promise<void>;
  paste: () => Promise<void>;
  sample: (name: string) => Promise<void>;
  take: (picture: SourceInfo) => Promise<void>;
  again: (job: ForgeJob, change?: Partial<ForgeRequest>) => Promise<void>;
  resume: (job: { id: JobId }) => Promise<void>;
  /** Goes on with jobs that were interrupted, and looks at the first of them. */
  resumeAll: (jobs: { id: JobId }[]) => Promise<void>;
  /** Runs the same job again from a step; what it made stays until the new result is complete. */
  retry: (job: ForgeJob, from: StepName) => Promise<void>;
  /** Makes a draft anew on a server, from its views or its mesh on, and looks at it. */
  upgrade: (id: JobId, from: "views" | "mesh") => Promise<void>;
  /** Goes on with views that the gate refused. */
  acceptViews: (job: { id: JobId }) => Promise<void>;
  cancel: (job: ForgeJob) => Promise<void>;
  save: (mesh: Artifact, name: string) => Promise<void>;
  pickView: () => Promise<SourceInfo | null>;
}

export function useForge(): Forge {
  const host = useHost();
  const client = useQueryClient();
  const beginning = useRef(false);
  return useMemo(() => {
    const set = uiStore.getState().set;
    const guarded = async (work: () => Promise<void>) => {
      set({ error: null });
      try {
        await work();
      } catch (cause) {
        set({ error: reportOf(cause) });
      }
    };
    /** What a double click asks for is begun once. */
    const once = async (work: () => Promise<void>) => {
      if (beginning.current) return;
      beginning.current = true;
      await guarded(work);
      beginning.current = false;
    };
    const start = async (request: ForgeRequest, previousJobId: string | null) => {
      const snapshot = await host.execute({ command: "start_forge", request });
      adoptSnapshot(client, snapshot);
      set({ tab: "forge", jobId: snapshot.id, previousJobId, editingCutout: false, params: request.params, givenViews: request.views });
    };
    const startWith = (source: SourceRef) => {
      const { params, project } = uiStore.getState();
      return start({ source, views: {}, mask: null, depth_map: null, params, name: null, project }, null);
    };
    return {
      open: () =>
        guarded(async () => {
          const picture = await host.pickPicture();
          if (picture !== null) await startWith(importedRef(picture));
        }),
      paste: () =>
        guarded(async () => {
          const picture = await host.pastePicture();
          if (picture === null) sayFailed("There is no picture on the clipboard.");
          else await startWith(importedRef(picture));
        }),
      sample: (name) =>
        once(async () => startWith(importedRef(await host.execute({ command: "import_picture", source: { from: "sample", name } })))),
      take: (picture) => guarded(() => startWith(importedRef(picture))),
      again: (job, change = {}) =>
        once(() => {
          const { params, givenViews, previousJobId } = uiStore.getState();
          const hasMesh = job.artifacts.some(({ kind }) => kind === "mesh");
          return start({ ...job.request, params, views: givenViews, ...change }, hasMesh ? job.id : previousJobId);
        }),
      resume: (job) => guarded(async () => adoptSnapshot(client, await host.execute({ command: "resume_job", id: job.id }))),
      resumeAll: (jobs) =>
        guarded(async () => {
          for (const { id } of jobs) adoptSnapshot(client, await host.execute({ command: "resume_job", id }));
          set({ tab: "forge", jobId: jobs[0]?.id ?? null, previousJobId: null });
        }),
      retry: (job, from) => guarded(async () => adoptSnapshot(client, await host.execute({ command: "retry_job", id: job.id, from }))),
      upgrade: (id, from) =>
        guarded(async () => {
          const snapshot = await host.execute({ command: "retry_with", id, from, engine: "comfy", server: null });
          adoptSnapshot(client, snapshot);
          set({ tab: "forge", jobId: id, editingCutout: false });
          if (snapshot.kind === "forge") set({ params: snapshot.request.params });
        }),
      acceptViews: (job) => guarded(async () => adoptSnapshot(client, await host.execute({ command: "accept_views", id: job.id }))),
      cancel: (job) =>
        guarded(async () => {
          client.setQueryData<ForgeJob>(jobKey(job.id), (view) => view && { ...view, cancelling: true });
          await host.execute({ command: "cancel_job", id: job.id });
        }),
      save: (mesh, name) => saveMesh(host, mesh, name),
      pickView: async () => {
        try {
          return await host.pickPicture();
        } catch (cause) {
          set({ error: reportOf(cause) });
          return null;
        }
      },
    };
  }, [host, client]);
}
