import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { sayDone, sayFailed } from "../../components/Toasts";
import { fileName, folderName } from "../../components/format";
import { useHost } from "../../host/context";
import { reportOf } from "../../host/host";
import type { Artifact, GalleryEntry, JobId, ProspectRequest, SourceInfo, WorkflowInfo } from "../../protocol/generated";
import type { ProspectJob } from "../../state/jobView";
import { uiStore } from "../../state/ui";
import { adoptSnapshot } from "../../state/useJob";
import { variationOf } from "./draft";

const MARKS_LIMIT = 200;
const marksKey = ["prospect marks"] as const;

/** What is said of a job's pictures, by artifact. */
export function useMarks(job: ProspectJob | null): ReadonlyMap<string, GalleryEntry> {
  const host = useHost();
  const made = job?.artifacts.length ?? 0;
  const { data } = useQuery({
    queryKey: [...marksKey, job?.id, made],
    enabled: job !== null && made > 0,
    placeholderData: (before) => before,
    queryFn: async () => {
      if (job === null) return new Map<string, GalleryEntry>();
      const query = { text: "", kind: "picture", favourite: false, project: null, tag: null, since: job.createdAt, until: job.lastNewsAt + 1, trashed: false } as const;
      const page = await host.execute({ command: "list_gallery", query, offset: 0, limit: MARKS_LIMIT });
      return new Map(page.entries.map((entry) => [entry.artifact.id, entry]));
    },
  });
  return data ?? new Map<string, GalleryEntry>();
}

/** What an artist can do with prompts and their pictures. */
export interface Prospect {
  start: (request: ProspectRequest, inFront: boolean) => Promise<void>;
  again: (job: ProspectJob) => Promise<void>;
  /** One more picture as the job made them, of another seed. */
  reroll: (job: ProspectJob) => Promise<void>;
  vary: (job: ProspectJob, picture: Artifact, workflows: readonly WorkflowInfo[]) => Promise<void>;
  cancel: (id: JobId) => Promise<void>;
  resume: (id: JobId) => Promise<void>;
  mark: (picture: Artifact, change: { favourite?: boolean; rejected?: boolean }) => Promise<void>;
  save: (picture: Artifact, name: string) => Promise<void>;
  toForge: (picture: Artifact, take: (picture: SourceInfo) => Promise<void>) => Promise<void>;
}

export function useProspect(): Prospect {
  const host = useHost();
  const client = useQueryClient();
  return useMemo(() => {
    const guarded = async (work: () => Promise<void>) => {
      try {
        await work();
      } catch (cause) {
        const report = reportOf(cause);
        sayFailed(report.message, report.hint);
      }
    };
    const start = (request: ProspectRequest, inFront: boolean) =>
      guarded(async () => {
        const snapshot = await host.execute({ command: "start_prospect", request, in_front: inFront });
        adoptSnapshot(client, snapshot);
        uiStore.getState().set({ prospectId: snapshot.id });
      });
    return {
      start,
      again: (job) => start({ ...job.request, server: null, seed: null }, false),
      reroll: (job) => start({ ...job.request, server: null, seed: null, count: 1 }, false),
      vary: (job, picture, workflows) => {
        const able = workflows.filter((workflow) => workflow.kind === "text_to_image" && workflow.problems.length === 0 && workflow.inputs.some(({ kind }) => kind === "picture"));
        const size = job.request.workflow?.includes("xl") === true ? "xl" : "15";
        const workflow = able.find(({ name }) => name.includes(size)) ?? able[0];
        if (workflow === undefined) {
          sayFailed("The server has no workflow that varies a picture.");
          return Promise.resolve();
        }
        return start({ ...variationOf(job.request, picture.id, workflow), server: null }, false);
      },
      cancel: (id) => guarded(async () => adoptSnapshot(client, await host.execute({ command: "cancel_job", id }))),
      resume: (id) => guarded(async () => adoptSnapshot(client, await host.execute({ command: "resume_job", id }))),
      mark: (picture, change) =>
        guarded(async () => {
          const nothing = { favourite: null, rejected: null, name: null, add_tags: [], remove_tags: [] };
          await host.execute({ command: "mark_artifacts", ids: [picture.id], change: { ...nothing, ...change } });
          await client.invalidateQueries({ queryKey: marksKey });
          await client.invalidateQueries({ queryKey: ["gallery"] });
        }),
      save: (picture, name) =>
        guarded(async () => {
          const saved = await host.saveArtifact(picture.id, `${name}.png`);
          if (saved !== null) sayDone(`Saved ${fileName(saved.path)} to ${folderName(saved.path)}.`, saved.path);
        }),
      toForge: (picture, take) => guarded(async () => take(await host.execute({ command: "import_picture", source: { from: "artifact", id: picture.id } }))),
    };
  }, [host, client]);
}
