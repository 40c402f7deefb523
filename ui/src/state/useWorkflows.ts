import { useQuery } from "@tanstack/react-query";
import { useHost } from "../host/context";

const LOOK_AGAIN_MS = 30_000;

/** What the servers of the settings offer; asked again from time to time. */
export function useWorkflows(enabled = true) {
  const host = useHost();
  return useQuery({
    queryKey: ["workflows"],
    enabled,
    queryFn: () => host.execute({ command: "workflows", comfy: null }),
    refetchInterval: LOOK_AGAIN_MS,
  });
}
