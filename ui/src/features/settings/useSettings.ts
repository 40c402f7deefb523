import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useHost } from "../../host/context";
import type { Settings } from "../../protocol/generated";

export const settingsKey = ["settings"] as const;

/** What holds for all jobs. Places on the disk stay as they are: a page names none, and may have one forgotten. */
export function useSettings(): { settings: Settings | null; save: (next: Settings, forgotten?: { save_folder?: ""; blender?: "" }) => Promise<Settings> } {
  const host = useHost();
  const client = useQueryClient();
  const { data } = useQuery({ queryKey: settingsKey, staleTime: Number.POSITIVE_INFINITY, queryFn: () => host.execute({ command: "get_settings" }) });
  return {
    settings: data ?? null,
    async save(next, forgotten) {
      const saved = await host.execute({ command: "save_settings", settings: { ...next, workflows_folder: null, models_folder: null, save_folder: null, blender: null, ...forgotten } });
      client.setQueryData(settingsKey, saved);
      // Other servers have other models.
      void client.invalidateQueries({ queryKey: ["workflows"] });
      void client.invalidateQueries({ queryKey: ["doctor"] });
      return saved;
    },
  };
}
