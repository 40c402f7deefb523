import { useQueryClient } from "@tanstack/react-query";
import { useHost } from "../host/context";
import type { JobSnapshot, QueueMove } from "../protocol/generated";
import { jobsKey } from "../state/useJob";
import { queueKey, useQueuePaused } from "../state/useQueuePaused";
import { sayReport } from "./Toasts";

interface Queue {
  paused: boolean;
  pause: (paused: boolean) => Promise<unknown>;
  /** The job in its new place; null when that failed, which is said. */
  move: (job: JobSnapshot, to: QueueMove) => Promise<JobSnapshot | null>;
}

/** What waits, and whether it does; another window or the command line may change it too. */
export function useQueue(): Queue {
  const host = useHost();
  const client = useQueryClient();
  const paused = useQueuePaused();
  const guarded = async <T>(work: () => Promise<T>): Promise<T | null> => {
    try {
      const answer = await work();
      await client.invalidateQueries({ queryKey: jobsKey });
      return answer;
    } catch (cause) {
      sayReport(cause);
      return null;
    }
  };
  return {
    paused,
    pause: (wanted) => guarded(async () => client.setQueryData(queueKey, await host.execute({ command: "pause_queue", paused: wanted }))),
    move: ({ id }, to) => guarded(() => host.execute({ command: "move_job", id, to })),
  };
}
