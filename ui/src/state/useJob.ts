import { queryOptions, useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { useHost } from "../host/context";
import { reportOf, type Host } from "../host/host";
import type { ErrorReport, Event, JobId, JobSnapshot } from "../protocol/generated";
import { dropPreview, showPreview } from "./livePreview";
import { fromSnapshot, isTerminal, reduce, type JobView } from "./jobView";

export const jobKey = (id: JobId | null) => ["job", id] as const;
export const jobsKey = ["jobs"] as const;

/** Events that arrive together are shown together, in one of the frames to come: a job may say more than an eye can
 *  follow, and the hand goes first. */
const BATCH_MS = 80;

/** Takes a fresh snapshot in without losing what earlier events told. */
export function adoptSnapshot(client: QueryClient, snapshot: JobSnapshot) {
  client.setQueryData<JobView>(jobKey(snapshot.id), (view) => {
    if (view === undefined) return fromSnapshot(snapshot);
    const { state, cancelling, error, request } = snapshot;
    // A retry on another engine is asked for otherwise than the job was; what kind of job it is stays.
    return { ...view, state, cancelling, error, request } as JobView;
  });
  void client.invalidateQueries({ queryKey: jobsKey });
}

function jobQuery(host: Host, id: JobId | null) {
  return queryOptions({
    queryKey: jobKey(id),
    enabled: id !== null,
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async () => {
      if (id === null) throw new Error("a job query runs only with an id");
      return fromSnapshot(await host.execute({ command: "get_job", id }));
    },
  });
}

/** A job as others keep it up to date. */
export function useJobView(id: JobId | null): JobView | null {
  return useQuery(jobQuery(useHost(), id)).data ?? null;
}

/** A job as it stands now: its snapshot, carried on by one subscription to its events. Call it once per job. */
export function useJob(id: JobId | null): { view: JobView | null; error: ErrorReport | null } {
  const host = useHost();
  const client = useQueryClient();
  const { data, error } = useQuery(jobQuery(host, id));
  const loaded = data !== undefined;
  const over = data !== undefined && isTerminal(data.state);

  useEffect(() => {
    const view = client.getQueryData<JobView>(jobKey(id));
    if (id === null || view === undefined || (isTerminal(view.state) && view.cursor >= view.snapshotSeq)) return undefined;
    let waiting: Event[] = [];
    let timer: ReturnType<typeof setTimeout> | null = null;
    const flush = () => {
      timer = null;
      const batch = waiting;
      waiting = [];
      client.setQueryData<JobView>(jobKey(id), (current) => (current === undefined ? current : batch.reduce(reduce, current)));
      if (batch.some(({ type }) => type === "done" || type === "error" || type === "cancelled" || type === "step_active")) {
        dropPreview(id);
        void client.invalidateQueries({ queryKey: jobsKey });
      }
    };
    const stop = host.subscribe(id, view.cursor, {
      onEvent: (event) => {
        waiting.push(event);
        timer ??= setTimeout(flush, BATCH_MS);
      },
      onPreview: showPreview,
      onError: (report) => console.error("events of job", id, report),
    });
    return () => {
      stop();
      if (timer !== null) {
        clearTimeout(timer);
        flush();
      }
    };
  }, [id, host, client, loaded, over]);

  return { view: data ?? null, error: error === null ? null : reportOf(error) };
}
