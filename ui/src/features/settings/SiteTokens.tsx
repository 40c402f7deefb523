import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { KeyRound } from "lucide-react";
import { useState, type FormEvent } from "react";
import { Button } from "../../components/Button";
import { sayDone } from "../../components/Toasts";
import { useHost } from "../../host/context";
import { reportOf } from "../../host/host";

const sitesKey = ["model-sites"] as const;

/** Access tokens of sites that know who downloads. */
export function SiteTokens() {
  const host = useHost();
  const client = useQueryClient();
  const [site, setSite] = useState("");
  const [token, setToken] = useState("");
  const { data: sites = [] } = useQuery({ queryKey: sitesKey, queryFn: () => host.execute({ command: "list_model_sites" }) });
  const save = useMutation({
    mutationFn: (change: { site: string; token: string | null }) => host.execute({ command: "save_site_token", ...change }),
    onSuccess({ note }) {
      setToken("");
      sayDone(note);
      void client.invalidateQueries({ queryKey: sitesKey });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate({ site, token });
  };
  return (
    <>
      <h3>Tokens of sites</h3>
      <p className="quiet">Some models are given only to accounts that accepted a licence. A token goes into the system's keyring, and to its own site alone.</p>
      <ul className="settings-list">
        {sites.map(({ site: name, has_token }) => (
          <li key={name} className="settings-row">
            <KeyRound className={has_token ? "ok" : "muted"} aria-hidden="true" />
            <span className="settings-words mono">{name}</span>
            <span className="note">{has_token ? "has a token" : "no token"}</span>
            {has_token && (
              <Button size="small" look="quiet" onClick={() => save.mutate({ site: name, token: null })}>
                Forget it
              </Button>
            )}
          </li>
        ))}
      </ul>
      <form className="settings-form" onSubmit={submit}>
        <label className="dialog-field">
          <span className="note">Site</span>
          <input className="field mono" value={site} placeholder={sites[0]?.site ?? "host"} maxLength={300} onChange={({ target }) => setSite(target.value)} />
        </label>
        <label className="dialog-field token-field">
          <span className="note">Its access token</span>
          <input className="field mono" type="password" autoComplete="off" value={token} maxLength={2000} onChange={({ target }) => setToken(target.value)} />
        </label>
        <Button type="submit" busy={save.isPending} disabled={site.trim() === "" || token.trim() === ""}>
          Store it
        </Button>
      </form>
      {save.error !== null && <p className="err" role="alert">{reportOf(save.error).message}</p>}
    </>
  );
}
