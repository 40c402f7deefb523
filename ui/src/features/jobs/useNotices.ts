import { useEffect, useRef } from "react";
import { useHost } from "../../host/context";
import type { JobId, JobSnapshot } from "../../protocol/generated";

/** A job that took less is not worth a word on the desktop. */
const LONG_MS = 20_000;

const isOpen = ({ state }: JobSnapshot) => state === "running" || state === "queued";

/** Tells on the desktop of long jobs that end while the window is behind others. */
export function useNotices(jobs: readonly JobSnapshot[]) {
  const host = useHost();
  const begun = useRef(new Map<JobId, number>());
  useEffect(() => {
    for (const job of jobs) {
      const since = begun.current.get(job.id);
      if (isOpen(job)) {
        if (since === undefined) begun.current.set(job.id, Date.now());
        continue;
      }
      begun.current.delete(job.id);
      if (since === undefined || Date.now() - since < LONG_MS || document.hasFocus() || job.state === "cancelled") continue;
      const said = job.state === "done" ? "is done" : (job.error?.message ?? "has stopped");
      host.notify(job.name, job.state === "done" ? `${job.name} ${said}.` : said).catch(() => undefined);
    }
  }, [host, jobs]);
}
