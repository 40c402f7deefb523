import { useQuery } from "@tanstack/react-query";
import { useHost } from "../host/context";

export const queueKey = ["queue"] as const;
const REFRESH_MS = 2000;

/** Whether what waits is held up; another window or the command line may change it too. */
export function useQueuePaused(): boolean {
  const host = useHost();
  const { data } = useQuery({ queryKey: queueKey, refetchInterval: REFRESH_MS, queryFn: () => host.execute({ command: "get_queue" }) });
  return data?.paused ?? false;
}
