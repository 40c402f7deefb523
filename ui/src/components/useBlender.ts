import { useQuery } from "@tanstack/react-query";
import { useHost } from "../host/context";
import type { BlenderStatus } from "../protocol/generated";

export const blenderKey = ["blender"] as const;

/** The Blender that may write meshes; undefined until it has answered. */
export function useBlender(): BlenderStatus | undefined {
  const host = useHost();
  const { data } = useQuery({ queryKey: blenderKey, staleTime: Number.POSITIVE_INFINITY, queryFn: () => host.execute({ command: "find_blender" }) });
  return data;
}
