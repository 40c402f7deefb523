import { useMutation } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { useState } from "react";
import { Button } from "../../components/Button";
import { FormDialog } from "../../components/FormDialog";
import { useHost } from "../../host/context";
import { reportOf } from "../../host/host";
import type { NeededModel } from "./useModels";

const PICKLES = /\.(ckpt|pt|pth|bin)$/i;

interface FetchModelProps {
  model: NeededModel;
  folder: string;
  onFetched: () => void;
  onClose: () => void;
}

/** Asks whether this is the right address before anything is fetched from it. */
export function FetchModel({ model, folder, onFetched, onClose }: FetchModelProps) {
  const host = useHost();
  const name = model.names[0] ?? "";
  const [url, setUrl] = useState(model.url ?? "");
  const [sha256, setSha256] = useState("");
  const [trusted, setTrusted] = useState(false);
  const mayRunCode = PICKLES.test(name);
  const fetching = useMutation({
    mutationFn: () =>
      host.execute({
        command: "download_model",
        request: { url: url.trim(), folder: model.folder, file_name: name, sha256: sha256.trim() === "" ? null : sha256, may_run_code: mayRunCode && trusted, models_folder: null, server: null },
      }),
    onSuccess() {
      onFetched();
      onClose();
    },
  });
  const report = fetching.error === null ? null : reportOf(fetching.error);
  return (
    <FormDialog
      className="fetch-model"
      title={`Download ${name}?`}
      text={
        <>
          It goes into <span className="mono">{model.folder}</span> below <span className="mono selectable">{folder}</span>. Look at its licence first:{" "}
          <span className="mono selectable">{model.page}</span>
        </>
      }
      dismiss="Not now"
      foot={
        <Button type="submit" look="main" icon={<Download aria-hidden="true" />} busy={fetching.isPending} disabled={url.trim() === "" || (mayRunCode && !trusted)}>
          Download
        </Button>
      }
      onSubmit={() => fetching.mutate()}
      onClose={onClose}
    >
      <label className="dialog-field">
        <span className="note">Address of the file</span>
        <input className="field mono" value={url} placeholder="https://" maxLength={2000} onChange={({ target }) => setUrl(target.value)} />
      </label>
      <label className="dialog-field">
        <span className="note">SHA-256, if its page names one</span>
        <input className="field mono" value={sha256} maxLength={80} onChange={({ target }) => setSha256(target.value)} />
      </label>
      {mayRunCode && (
        <label className="fetch-trust">
          <input type="checkbox" checked={trusted} onChange={({ target }) => setTrusted(target.checked)} />
          <span>Files of this kind can hold a program that ComfyUI may run. I trust who made it.</span>
        </label>
      )}
      {report !== null && <p className="err" role="alert">{[report.message, report.hint].filter(Boolean).join(" ")}</p>}
    </FormDialog>
  );
}
