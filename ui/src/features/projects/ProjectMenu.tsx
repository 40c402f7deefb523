import { Menu } from "@base-ui/react/menu";
import { Archive, ArchiveRestore, Check, ChevronDown, FolderOpen, FolderPlus, Pencil } from "lucide-react";
import { useState, type ReactNode } from "react";
import { NameDialog } from "../../components/NameDialog";
import { sayReport } from "../../components/Toasts";
import { useHost } from "../../host/context";
import { useUi } from "../../state/ui";
import { useProjects } from "../../components/useProjects";

const MAX_NAME = 100;

function Act({ icon, onClick, children }: { icon: ReactNode; onClick: () => void; children: ReactNode }) {
  return (
    <Menu.Item className="menu-item" onClick={onClick}>
      <span className="menu-icon">{icon}</span>
      {children}
    </Menu.Item>
  );
}

/** The project that new jobs belong to: a folder of its own among the files. */
export function ProjectMenu() {
  const { project, set } = useUi();
  const { revealFolder } = useHost();
  const projects = useProjects();
  const [naming, setNaming] = useState<"new" | "rename" | null>(null);
  const [showsArchived, setShowsArchived] = useState(false);
  // Part of the bar it hangs from, for those who go from landmark to landmark.
  const [place, setPlace] = useState<HTMLElement | null>(null);
  const known = projects.all;
  const current = known.find(({ name }) => name === project);
  const archived = known.filter((other) => other.archived);
  const listed = known.filter((other) => !other.archived || showsArchived || other.name === project);
  // A new one is there with its first job.
  const names = project === null || current !== undefined ? listed.map(({ name }) => name) : [project, ...listed.map(({ name }) => name)];
  const twinOf = (name: string) => known.find((other) => other.name.toLowerCase() === name.toLowerCase())?.name;
  return (
    <div ref={setPlace}>
      <Menu.Root modal={false}>
        <Menu.Trigger className="button look-quiet size-control project-menu">
          <span className="quiet">Project</span>
          <span className="project-name">{project ?? "none"}</span>
          <ChevronDown aria-hidden="true" />
        </Menu.Trigger>
        <Menu.Portal container={place}>
          <Menu.Positioner className="floating" sideOffset={4} align="start">
            <Menu.Popup className="menu">
              <Menu.RadioGroup className="menu-scroll" value={project ?? ""} onValueChange={(name: string) => set({ project: name === "" ? null : name })}>
                {["", ...names].map((name) => (
                  <Menu.RadioItem key={name} value={name} className="menu-item" closeOnClick>
                    <Menu.RadioItemIndicator className="menu-check" keepMounted>
                      <Check aria-hidden="true" />
                    </Menu.RadioItemIndicator>
                    <span className="menu-name">{name === "" ? "No project" : name}</span>
                    {archived.some((other) => other.name === name) && <span className="menu-note">archived</span>}
                  </Menu.RadioItem>
                ))}
              </Menu.RadioGroup>
              <Menu.Separator className="menu-line" />
              <Act icon={<FolderPlus aria-hidden="true" />} onClick={() => setNaming("new")}>
                New project…
              </Act>
              {current !== undefined && (
                <>
                  {revealFolder !== null && (
                    <Act icon={<FolderOpen aria-hidden="true" />} onClick={() => void revealFolder({ folder: "project", name: current.name }).catch(sayReport)}>
                      Show its folder
                    </Act>
                  )}
                  <Act icon={<Pencil aria-hidden="true" />} onClick={() => setNaming("rename")}>
                    <span className="menu-name">Rename {current.name}…</span>
                  </Act>
                  <Act
                    icon={current.archived ? <ArchiveRestore aria-hidden="true" /> : <Archive aria-hidden="true" />}
                    onClick={() => void (current.archived ? projects.takeBack(current.name) : projects.archive(current.name))}
                  >
                    <span className="menu-name">{current.archived ? `Take ${current.name} back` : `Archive ${current.name}`}</span>
                  </Act>
                </>
              )}
              {archived.length > 0 && (
                <>
                  <Menu.Separator className="menu-line" />
                  <Menu.CheckboxItem className="menu-item" checked={showsArchived} onCheckedChange={setShowsArchived} closeOnClick={false}>
                    <Menu.CheckboxItemIndicator className="menu-check" keepMounted>
                      <Check aria-hidden="true" />
                    </Menu.CheckboxItemIndicator>
                    Show archived <span className="menu-note mono">{archived.length}</span>
                  </Menu.CheckboxItem>
                </>
              )}
            </Menu.Popup>
          </Menu.Positioner>
        </Menu.Portal>
      </Menu.Root>
      {naming === "new" && (
        <NameDialog
          title="New project"
          text="What you forge from now on is kept in a folder of this name."
          label="Name of the project"
          name=""
          maxLength={MAX_NAME}
          confirm={(name) => (twinOf(name) === undefined ? "Start it" : `Open ${twinOf(name)}`)}
          onName={(name) => set({ project: twinOf(name) ?? name })}
          onClose={() => setNaming(null)}
        />
      )}
      {naming === "rename" && current !== undefined && (
        <NameDialog
          title={`Rename ${current.name}`}
          text="Its folder gets the name too."
          label="Name of the project"
          name={current.name}
          maxLength={MAX_NAME}
          confirm={() => "Rename"}
          onName={(name) => name !== current.name && void projects.rename(current.name, name)}
          onClose={() => setNaming(null)}
        />
      )}
    </div>
  );
}
