import { useQuery, useQueryClient } from "@tanstack/react-query";
import { CircleCheck, CircleDashed, Download, RotateCw, Trash2, TriangleAlert, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { Button, IconButton } from "../../components/Button";
import { Ring } from "../../components/Ring";
import { about, fileSize } from "../../components/format";
import { useHost } from "../../host/context";
import type { DownloadState, ModelDownload } from "../../protocol/generated";
import { useWorkflows } from "../../state/useWorkflows";
import { FetchModel } from "./FetchModel";
import { SiteTokens } from "./SiteTokens";
import { isOver, neededModels, secondsLeft, useDownloads, type NeededModel } from "./useModels";

const STATES: Record<DownloadState, string> = {
  waiting: "Waiting for its turn",
  running: "On its way",
  interrupted: "Interrupted",
  done: "Here. ComfyUI lists it once its page is loaded anew.",
  failed: "Failed",
  cancelled: "Stopped",
};

function progressWords(download: ModelDownload): string {
  const { bytes, total_bytes, bytes_per_s, state } = download;
  const come = total_bytes === null ? fileSize(bytes) : `${fileSize(bytes)} of ${fileSize(total_bytes)}`;
  if (state === "done") return `${STATES.done} ${fileSize(bytes)}`;
  if (state !== "running") return bytes === 0 ? STATES[state] : `${STATES[state]} after ${come}`;
  if (bytes === total_bytes) return `${come}, being checked`;
  const left = secondsLeft(download);
  return [come, bytes_per_s !== null && `${fileSize(bytes_per_s)}/s`, left !== null && `${about(left * 1000)} left`].filter(Boolean).join(", ");
}

function DownloadRow({ download }: { download: ModelDownload }) {
  const { cancel, resume, clear } = useDownloads();
  const { id, state, file_name, error, bytes, total_bytes } = download;
  return (
    <li className="settings-row">
      {!isOver(state) && <Ring fraction={total_bytes === null || total_bytes === 0 ? null : bytes / total_bytes} />}
      {state === "done" && <CircleCheck className="ok" aria-hidden="true" />}
      {isOver(state) && state !== "done" && <TriangleAlert className={state === "failed" ? "err" : "warn"} aria-hidden="true" />}
      <span className="settings-words">
        <strong>{file_name}</strong>
        <span className="note selectable">{progressWords(download)}</span>
        {error !== null && <span className="note selectable">{[error.message, error.hint].filter(Boolean).join(" ")}</span>}
      </span>
      {!isOver(state) && (
        <Button size="small" icon={<X aria-hidden="true" />} onClick={() => cancel(id)}>
          Cancel
        </Button>
      )}
      {isOver(state) && state !== "done" && (
        <Button size="small" icon={<RotateCw aria-hidden="true" />} onClick={() => resume(id)}>
          Go on
        </Button>
      )}
      {isOver(state) && (
        <IconButton label={`Clear ${file_name}`} onClick={() => clear(id)}>
          <Trash2 aria-hidden="true" />
        </IconButton>
      )}
    </li>
  );
}

interface ModelRowProps {
  model: NeededModel;
  /** Somebody came for this one. */
  wanted: boolean;
  canFetch: boolean;
  onFetch: () => void;
}

function ModelRow({ model, wanted, onFetch, canFetch }: ModelRowProps) {
  const row = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (wanted) row.current?.focus();
  }, [wanted]);
  const name = model.installed ?? model.names[0] ?? "";
  const where = model.installed !== null ? `On ${model.server}` : model.server === null ? "No server answers" : `Missing on ${model.server}`;
  return (
    <li ref={row} className={`settings-row ${wanted ? "wanted" : ""}`} tabIndex={wanted ? -1 : undefined} aria-current={wanted || undefined}>
      {model.installed === null ? <CircleDashed className="warn" aria-hidden="true" /> : <CircleCheck className="ok" aria-hidden="true" />}
      <span className="settings-words">
        <span className="mono selectable">
          {model.folder}/{name}
        </span>
        <span className="note">
          {where}. For {model.workflows.join(", ")}.
        </span>
      </span>
      {model.installed === null && (
        <Button size="small" icon={<Download aria-hidden="true" />} disabled={!canFetch} aria-label={`Download ${name}`} onClick={onFetch}>
          Download…
        </Button>
      )}
    </li>
  );
}

/** Which model files the workflows need, which are there, and those on their way. */
export function Models({ wanted: sought }: { wanted: string | null }) {
  const host = useHost();
  const client = useQueryClient();
  const [wanted, setWanted] = useState<NeededModel | null>(null);
  const { downloads, clear, refresh } = useDownloads();
  const { data: workflows = [], isPending } = useWorkflows();
  const { data: folder } = useQuery({ queryKey: ["models-folder"], queryFn: () => host.execute({ command: "find_models_folder", server: null }) });
  const done = downloads.filter(({ state }) => state === "done").length;
  // A server lists a file that has come when it is asked anew.
  useEffect(() => {
    if (done > 0) void client.invalidateQueries({ queryKey: ["workflows"] });
  }, [client, done]);
  const active = new Set(downloads.filter(({ state }) => !isOver(state)).map(({ file_name }) => file_name));
  const models = neededModels(workflows);
  return (
    <>
      <h2 className="page-title">Models</h2>
      <p className="quiet">
        {folder === undefined && "Looking for ComfyUI's models folder…"}
        {folder?.path != null && (
          <>
            They go into <span className="mono selectable">{folder.path}</span>.
          </>
        )}
        {folder?.problem != null && [folder.problem.message, folder.problem.hint].filter(Boolean).join(" ")}
      </p>
      {downloads.length > 0 && (
        <>
          <header className="settings-head">
            <h3>Downloads</h3>
            {downloads.some(({ state }) => isOver(state)) && (
              <Button size="small" look="quiet" onClick={() => clear(null)}>
                Clear those that are over
              </Button>
            )}
          </header>
          <ul className="settings-list" aria-label="Downloads">
            {downloads.map((download) => (
              <DownloadRow key={download.id} download={download} />
            ))}
          </ul>
        </>
      )}
      <h3>What the workflows need</h3>
      <ul className="settings-list" aria-label="What the workflows need">
        {isPending && <li className="settings-row quiet">Asking the servers…</li>}
        {models.map((model) => (
          <ModelRow key={`${model.folder}/${model.names[0]}`} model={model} wanted={sought !== null && model.names.includes(sought)} canFetch={folder?.path != null && !active.has(model.names[0] ?? "")} onFetch={() => setWanted(model)} />
        ))}
      </ul>
      <SiteTokens />
      {wanted !== null && <FetchModel model={wanted} folder={folder?.path ?? ""} onFetched={refresh} onClose={() => setWanted(null)} />}
    </>
  );
}
