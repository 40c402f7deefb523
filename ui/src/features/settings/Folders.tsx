import { useQuery, useQueryClient } from "@tanstack/react-query";
import { FolderOpen } from "lucide-react";
import { Button } from "../../components/Button";
import { sayReport } from "../../components/Toasts";
import { blenderKey, useBlender } from "../../components/useBlender";
import { useHost } from "../../host/context";
import type { Folder } from "../../host/host";
import { settingsKey, useSettings } from "./useSettings";

/** Where the window's dialogs to save begin. */
function SaveFolder() {
  const { pickSaveFolder } = useHost();
  const client = useQueryClient();
  const { settings, save } = useSettings();
  if (pickSaveFolder === null || settings === null) return null;
  const pick = async () => {
    const saved = await pickSaveFolder();
    if (saved !== null) client.setQueryData(settingsKey, saved);
  };
  return (
    <div className="settings-row">
      <dt>Save to</dt>
      <dd>
        <span className="mono selectable">{settings.save_folder ?? "Wherever something was saved last."}</span>
        <span className="button-row">
          {settings.save_folder !== null && (
            <Button size="small" look="quiet" onClick={() => void save(settings, { save_folder: "" }).catch(sayReport)}>
              Forget it
            </Button>
          )}
          <Button size="small" icon={<FolderOpen aria-hidden="true" />} onClick={() => void pick().catch(sayReport)}>
            Choose…
          </Button>
        </span>
      </dd>
    </div>
  );
}

/** The second way to write a mesh. */
function BlenderPlace() {
  const { pickBlender } = useHost();
  const client = useQueryClient();
  const { settings, save } = useSettings();
  const blender = useBlender();
  if (settings === null) return null;
  const look = () => client.invalidateQueries({ queryKey: blenderKey });
  const pick = async () => {
    const saved = await pickBlender?.();
    if (saved == null) return;
    client.setQueryData(settingsKey, saved);
    await look();
  };
  const found = blender?.version ?? (blender === undefined ? "Looking…" : "None found; meshes are saved without it.");
  return (
    <div className="settings-row">
      <dt>Blender</dt>
      <dd>
        <span className="mono selectable">{settings.blender === null ? found : `${settings.blender} (${found})`}</span>
        <span className="button-row">
          {settings.blender !== null && (
            <Button size="small" look="quiet" aria-label="Forget where Blender is" onClick={() => void save(settings, { blender: "" }).then(look).catch(sayReport)}>
              Forget it
            </Button>
          )}
          {pickBlender !== null && (
            <Button size="small" icon={<FolderOpen aria-hidden="true" />} aria-label="Choose where Blender is" onClick={() => void pick().catch(sayReport)}>
              Choose…
            </Button>
          )}
        </span>
      </dd>
    </div>
  );
}

export function Folders() {
  const host = useHost();
  const { settings } = useSettings();
  const { data } = useQuery({ queryKey: ["doctor"], staleTime: 15_000, queryFn: () => host.execute({ command: "doctor", comfy: null }) });
  const data_folder = data?.checks.find(({ subject }) => subject === "data folder")?.message ?? "–";
  const rows: [string, string, Folder | null][] = [
    ["Jobs and files", data_folder, { folder: "data" }],
    ["Workflows of your own", settings?.workflows_folder ?? "The folder “workflows” beside the jobs.", { folder: "workflows" }],
    ["ComfyUI's models", settings?.models_folder ?? "Not named; what a server says it has counts.", null],
  ];
  return (
    <>
      <h2 className="page-title">Folders</h2>
      <p className="quiet">Projects are plain folders: browse, copy and back them up as you like. Others are named on the command line.</p>
      <dl className="settings-list">
        {rows.map(([name, value, folder]) => (
          <div key={name} className="settings-row">
            <dt>{name}</dt>
            <dd>
              <span className="mono selectable">{value}</span>
              {folder !== null && host.revealFolder !== null && (
                <Button size="small" icon={<FolderOpen aria-hidden="true" />} aria-label={`Show the folder: ${name}`} onClick={() => void host.revealFolder?.(folder).catch(sayReport)}>
                  Show
                </Button>
              )}
            </dd>
          </div>
        ))}
        <SaveFolder />
        <BlenderPlace />
      </dl>
    </>
  );
}
