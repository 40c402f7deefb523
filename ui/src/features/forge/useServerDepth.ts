import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { sayReport } from "../../components/Toasts";
import { canRun, obstacleOf } from "../../components/upgrade";
import { useHost } from "../../host/context";
import type { JobId, JobSnapshot, SourceRef } from "../../protocol/generated";
import type { ProspectJob } from "../../state/jobView";
import { uiStore } from "../../state/ui";
import { adoptSnapshot, useJob } from "../../state/useJob";
import { useWorkflows } from "../../state/useWorkflows";

/** Jobs that are looked through for a map that was made before. */
const LOOKED_THROUGH = 200;

/** A depth map that a server makes of a picture. */
export interface ServerDepth {
  /** Why no server can make one; null where one can, undefined while that is not known. */
  obstacle: string | null | undefined;
  chosen: boolean;
  choose: (chosen: boolean) => void;
  /** The newest one for this picture. */
  job: ProspectJob | null;
  /** What it made. */
  map: SourceRef | null;
  again: () => void;
  cancel: () => void;
}

export function useServerDepth(source: SourceRef, open: boolean): ServerDepth {
  const host = useHost();
  const client = useQueryClient();
  const [wanted, setWanted] = useState(false);
  const { data: workflows } = useWorkflows(open);
  const makers = workflows?.filter(({ kind }) => kind === "image_to_depth");
  const maker = makers?.find(canRun);
  const key = ["depth job", source] as const;
  const isFor = (job: JobSnapshot) => job.kind === "prospect" && job.request.goal === "depth_map" && JSON.stringify(job.request.source) === JSON.stringify(source);
  const { data: id = null } = useQuery<JobId | null>({
    queryKey: key,
    enabled: open,
    staleTime: Infinity,
    queryFn: async () => (await host.execute({ command: "list_jobs", limit: LOOKED_THROUGH })).find(isFor)?.id ?? null,
  });
  const { view } = useJob(id);
  const job = view?.kind === "prospect" ? view : null;
  const picture = job?.state === "done" ? job.artifacts.find(({ kind }) => kind === "picture") : undefined;
  const take = (answer: Promise<JobSnapshot>) => {
    answer
      .then((snapshot) => {
        adoptSnapshot(client, snapshot);
        client.setQueryData(key, snapshot.id);
      })
      .catch(sayReport);
  };
  const start = () => {
    const { project } = uiStore.getState();
    const request = { goal: "depth_map", prompt: "", count: 1, seed: null, workflow: maker?.name ?? null, inputs: {}, server: null, source, name: null, project } as const;
    take(host.execute({ command: "start_prospect", request, in_front: true }));
  };
  const chosen = wanted && (maker !== undefined || picture !== undefined);
  return {
    obstacle: makers === undefined ? undefined : maker === undefined && picture === undefined ? obstacleOf(makers).why : null,
    chosen,
    choose(next) {
      setWanted(next);
      if (next && job === null) start();
    },
    job,
    map: chosen && picture !== undefined ? { from: "artifact", id: picture.id } : null,
    again() {
      if (job !== null) take(host.execute({ command: "resume_job", id: job.id }));
    },
    cancel() {
      if (job !== null) take(host.execute({ command: "cancel_job", id: job.id }));
    },
  };
}
