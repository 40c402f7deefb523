import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { CircleCheck, CircleDashed, KeyRound, Plus, Stethoscope, TriangleAlert, X } from "lucide-react";
import { useState, type FormEvent } from "react";
import { Button, IconButton } from "../../components/Button";
import { sayDone, sayReport, sayUndoable } from "../../components/Toasts";
import { useHost } from "../../host/context";
import { reportOf } from "../../host/host";
import type { Check, ComfyServer, Settings } from "../../protocol/generated";
import { AccessFields } from "./AccessFields";
import { NO_ACCESS, authOf, isComplete, type Access } from "./access";
import { SignIn } from "./SignIn";
import { settingsKey, useSettings } from "./useSettings";

function CheckIcon({ check }: { check: Check | null }) {
  if (check === null) return <CircleDashed className="muted" aria-hidden="true" />;
  return check.state === "good" ? <CircleCheck className="ok" aria-hidden="true" /> : <TriangleAlert className={check.state === "bad" ? "err" : "warn"} aria-hidden="true" />;
}

interface ServerRowProps {
  server: ComfyServer;
  check: Check | null;
  onSignIn: () => void;
  onRemove: () => void;
}

function ServerRow({ server, check, onSignIn, onRemove }: ServerRowProps) {
  return (
    <li className="settings-row">
      <CheckIcon check={check} />
      <span className="settings-words">
        <span>
          <strong>{server.name}</strong> <span className="mono quiet selectable">{server.url}</span>
        </span>
        <span className="note selectable">{check === null ? "Not asked yet" : [check.message, check.hint].filter(Boolean).join(" ")}</span>
      </span>
      <Button size="small" icon={<KeyRound aria-hidden="true" />} aria-label={`Sign in to ${server.name}`} onClick={onSignIn}>
        Sign in…
      </Button>
      <IconButton label={`Remove ${server.name}`} onClick={onRemove}>
        <X aria-hidden="true" />
      </IconButton>
    </li>
  );
}

const bare = (url: string) => url.replace(/\/+$/, "");
const tidyUrl = (url: string) => bare(/^https?:\/\//.test(url.trim()) ? url.trim() : `http://${url.trim()}`);

/** ComfyUI servers: which there are, and how they are now. */
export function Servers() {
  const host = useHost();
  const client = useQueryClient();
  const { settings, save } = useSettings();
  const [url, setUrl] = useState("");
  const [access, setAccess] = useState(NO_ACCESS);
  const [signingIn, setSigningIn] = useState<ComfyServer | null>(null);
  const health = useQuery({ queryKey: ["doctor"], staleTime: 15_000, queryFn: () => host.execute({ command: "doctor", comfy: null }) });
  const change = useMutation({ mutationFn: (next: Settings) => save(next) });
  if (settings === null) return null;
  const { servers } = settings;
  const checkOf = (server: ComfyServer) => health.data?.checks.find(({ subject }) => bare(subject) === bare(server.url)) ?? null;
  /** The secret goes to the keyring only, once the settings say what kind it is. */
  const keep = async (server: string, secret: string) => {
    const { note } = await host.execute({ command: "save_secret", server, secret });
    sayDone(note);
    void client.invalidateQueries({ queryKey: ["workflows"] });
    await client.invalidateQueries({ queryKey: ["doctor"] });
  };
  const letIn = async (server: ComfyServer, given: Access) => {
    await save({ ...settings, servers: servers.map((other) => (other === server ? { ...server, auth: authOf(given) } : other)) });
    if (given.kind !== "none") await keep(server.url, given.secret);
  };
  /** Into the settings as they are by then, unless it was added anew. */
  const takeBack = (server: ComfyServer) => {
    const now = client.getQueryData<Settings>(settingsKey);
    if (now === undefined || now.servers.some((other) => bare(other.url) === bare(server.url))) return;
    save({ ...now, servers: [...now.servers, server] }).catch(sayReport);
  };
  const remove = (server: ComfyServer) =>
    change.mutate(
      { ...settings, servers: servers.filter((other) => other !== server) },
      { onSuccess: () => sayUndoable(server.auth.kind === "none" ? `Removed ${server.name}.` : `Removed ${server.name} and its ${server.auth.kind}.`, () => takeBack(server)) },
    );
  const add = (event: FormEvent) => {
    event.preventDefault();
    if (url.trim() === "") return;
    const address = tidyUrl(url);
    const name = address.replace(/^https?:\/\//, "").replace(/[:/].*$/, "");
    change.mutate(
      { ...settings, servers: [...servers.filter((server) => bare(server.url) !== address), { name, url: address, auth: authOf(access) }] },
      {
        onSuccess(saved) {
          setUrl("");
          setAccess(NO_ACCESS);
          const added = saved.servers.at(-1);
          if (access.kind !== "none" && added !== undefined) keep(added.url, access.secret).catch(sayReport);
        },
      },
    );
  };
  return (
    <>
      <header className="settings-head">
        <div>
          <h2 className="page-title">Servers</h2>
          <p className="quiet">ComfyUI makes views, neural meshes and pictures from prompts. Without one, the draft engine in this app forges.</p>
        </div>
        <Button icon={<Stethoscope aria-hidden="true" />} busy={health.isFetching} onClick={() => void health.refetch()}>
          Check all
        </Button>
      </header>
      <ul className="settings-list">
        {servers.map((server) => (
          <ServerRow key={server.url} server={server} check={checkOf(server)} onSignIn={() => setSigningIn(server)} onRemove={() => remove(server)} />
        ))}
        {servers.length === 0 && <li className="settings-row quiet">No server yet. A ComfyUI on this computer is usually at 127.0.0.1:8188.</li>}
      </ul>
      <form className="settings-form" onSubmit={add}>
        <label className="dialog-field">
          <span className="note">Address of a server</span>
          <input className="field mono" value={url} placeholder="127.0.0.1:8188" maxLength={500} onChange={({ target }) => setUrl(target.value)} />
        </label>
        <AccessFields access={access} onChange={setAccess} />
        <Button type="submit" icon={<Plus aria-hidden="true" />} busy={change.isPending} disabled={url.trim() === "" || !isComplete(access)}>
          Add server
        </Button>
      </form>
      {signingIn !== null && <SignIn server={signingIn} letIn={letIn} onClose={() => setSigningIn(null)} />}
      {change.error !== null && <p className="err" role="alert">{reportOf(change.error).message}</p>}
    </>
  );
}
