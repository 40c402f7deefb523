import { Menu } from "@base-ui/react/menu";
import { useQuery } from "@tanstack/react-query";
import { Check, ChevronDown, FolderPlus } from "lucide-react";
import { useState } from "react";
import { useHost } from "../../host/context";
import { useUi } from "../../state/ui";
import { NewProject } from "./NewProject";

/** Enough to name every project; entries are the Gallery's to list. */
const QUERY = { text: "", kind: null, favourite: false, project: null, tag: null, since: null, until: null, trashed: false };

/** The project that new jobs belong to: a folder of its own among the files. */
export function ProjectMenu() {
  const host = useHost();
  const { project, set } = useUi();
  const [naming, setNaming] = useState(false);
  const { data } = useQuery({
    queryKey: ["gallery", "projects"],
    queryFn: () => host.execute({ command: "gallery_overview", query: QUERY, utc_offset_min: 0 }),
  });
  const known = (data?.projects ?? []).map(({ name }) => name);
  const names = project === null || known.includes(project) ? known : [project, ...known];
  return (
    <>
      <Menu.Root modal={false}>
        <Menu.Trigger className="button look-quiet size-control project-menu">
          <span className="quiet">Project</span>
          <span className="project-name">{project ?? "none"}</span>
          <ChevronDown aria-hidden="true" />
        </Menu.Trigger>
        <Menu.Portal>
          <Menu.Positioner className="floating" sideOffset={4} align="start">
            <Menu.Popup className="menu">
              <Menu.RadioGroup value={project ?? ""} onValueChange={(name: string) => set({ project: name === "" ? null : name })}>
                {["", ...names].map((name) => (
                  <Menu.RadioItem key={name} value={name} className="menu-item" closeOnClick>
                    <Menu.RadioItemIndicator className="menu-check" keepMounted>
                      <Check aria-hidden="true" />
                    </Menu.RadioItemIndicator>
                    {name === "" ? "No project" : name}
                  </Menu.RadioItem>
                ))}
              </Menu.RadioGroup>
              <Menu.Separator className="menu-line" />
              <Menu.Item className="menu-item" onClick={() => setNaming(true)}>
                <span className="menu-check">
                  <FolderPlus aria-hidden="true" />
                </span>
                New project…
              </Menu.Item>
            </Menu.Popup>
          </Menu.Positioner>
        </Menu.Portal>
      </Menu.Root>
      {naming && <NewProject known={known} onClose={() => setNaming(false)} onName={(name) => set({ project: name })} />}
    </>
  );
}
