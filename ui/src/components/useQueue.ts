import { useQueryClient } from "@tanstack/react-query";
import { sayReport } from "../../components/Toasts";
import { useHost } from "../../host/context";
import type { JobSnapshot, QueueMove } from "../../protocol/generated";
import { jobsKey } from "../../state/useJob";
import { queueKey, useQueuePaused } from "../../state/useQueuePaused";

interface Queue {
  paused: boolean;
  pause: (paused: boolean) => Promise<void>;
  move: (job: JobSnapshot, to: QueueMove) => Promise<void>;
}

/** What waits, and whether it does; another window or the command line may change it too. */
export function useQueue(): Queue {
  const host = useHost();
  const client = useQueryClient();
  const paused = useQueuePaused();
  const guarded = async (work: () => Promise<void>) => {
    try {
      await work();
      await client.invalidateQueries({ queryKey: jobsKey });
    } catch (cause) {
      sayReport(cause);
    }
  };
  return {
    paused,
    pause: (wanted) => guarded(async () => void client.setQueryData(queueKey, await host.execute({ command: "pause_queue", paused: wanted }))),
    move: ({ id }, to) => guarded(async () => void (await host.execute({ command: "move_job", id, to }))),
  };
}
