import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { sayReport, sayUndoable } from "./Toasts";
import { useHost } from "../host/context";
import type { ProjectInfo } from "../protocol/generated";
import { galleryKey } from "../state/galleryNews";
import { uiStore } from "../state/ui";

const projectsKey = [...galleryKey, "projects"] as const;
const NONE: ProjectInfo[] = [];

interface Projects {
  /** In alphabetical order, archived ones too. */
  all: ProjectInfo[];
  rename: (name: string, newName: string) => Promise<void>;
  archive: (name: string) => Promise<void>;
  takeBack: (name: string) => Promise<void>;
}

export function useProjects(): Projects {
  const host = useHost();
  const client = useQueryClient();
  const { data } = useQuery({ queryKey: projectsKey, staleTime: Number.POSITIVE_INFINITY, queryFn: () => host.execute({ command: "list_projects" }) });
  const acts = useMemo(() => {
    const guarded = async (ask: () => Promise<ProjectInfo[]>, then: () => void = () => undefined) => {
      try {
        client.setQueryData(projectsKey, await ask());
        then();
        void client.invalidateQueries({ queryKey: galleryKey });
      } catch (cause) {
        sayReport(cause);
      }
    };
    /** What was open under one name is open under the other. */
    const follow = (name: string, project: string | null) => {
      if (uiStore.getState().project === name) uiStore.getState().set({ project });
    };
    const rename = (name: string, new_name: string, then?: () => void) =>
      guarded(
        () => host.execute({ command: "rename_project", name, new_name }),
        () => (follow(name, new_name), then?.()),
      );
    const takeBack = (name: string) => guarded(() => host.execute({ command: "archive_project", name, archived: false }));
    return {
      rename: (name: string, newName: string) => rename(name, newName, () => sayUndoable(`Renamed ${name} to ${newName}.`, () => void rename(newName, name))),
      archive: (name: string) =>
        guarded(
          () => host.execute({ command: "archive_project", name, archived: true }),
          () => {
            follow(name, null);
            sayUndoable(`Archived ${name}. Its files stay where they are.`, () => void takeBack(name));
          },
        ),
      takeBack,
    };
  }, [host, client]);
  return { all: data ?? NONE, ...acts };
}
