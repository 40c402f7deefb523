import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { sayFailed } from "../../components/Toasts";
import { useHost } from "../../host/context";
import { reportOf } from "../../host/host";
import type { DownloadState, ModelDownload, WorkflowInfo, WorkflowModel } from "../../protocol/generated";

const LOOK_MS = 700;
const downloadsKey = ["downloads"] as const;

export const isOver = (state: DownloadState) => state !== "waiting" && state !== "running";

/** A model with the workflows that load it, each once. */
export interface NeededModel extends WorkflowModel {
  workflows: string[];
  server: string | null;
}

export function neededModels(workflows: readonly WorkflowInfo[]): NeededModel[] {
  const all = new Map<string, NeededModel>();
  for (const { title, server, models } of workflows) {
    for (const model of models) {
      const key = `${model.folder}/${model.names.join("|")}`;
      const known = all.get(key);
      if (known === undefined) all.set(key, { ...model, workflows: [title], server });
      else known.workflows.push(title);
    }
  }
  return [...all.values()];
}

/** Of a download, the seconds that are left at its speed. */
export function secondsLeft({ bytes, total_bytes, bytes_per_s }: Pick<ModelDownload, "bytes" | "total_bytes" | "bytes_per_s">): number | null {
  return total_bytes === null || bytes_per_s === null || bytes_per_s === 0 ? null : Math.max(0, total_bytes - bytes) / bytes_per_s;
}

/** Downloads, looked at again and again while one is on its way. */
export function useDownloads() {
  const host = useHost();
  const client = useQueryClient();
  const { data = [] } = useQuery({
    queryKey: downloadsKey,
    queryFn: () => host.execute({ command: "list_downloads" }),
    refetchInterval: ({ state }) => (state.data?.some((download) => !isOver(download.state)) ? LOOK_MS : false),
  });
  const act = useMutation({
    mutationFn: (work: () => Promise<unknown>) => work(),
    onError(cause) {
      const report = reportOf(cause);
      sayFailed(report.message, report.hint);
    },
    onSettled: () => client.invalidateQueries({ queryKey: downloadsKey }),
  });
  return {
    downloads: data,
    cancel: (id: string) => act.mutate(() => host.execute({ command: "cancel_download", id })),
    resume: (id: string) => act.mutate(() => host.execute({ command: "resume_download", id })),
    clear: (id: string | null) => act.mutate(() => host.execute({ command: "clear_downloads", id })),
    refresh: () => client.invalidateQueries({ queryKey: downloadsKey }),
  };
}
