import { useEffect, useState } from "react";
import { App } from "./App";
import { TokenForm } from "./components/TokenForm";
import { HostContext } from "./host/context";
import { reportOf, type Host } from "./host/host";
import { forgetToken, keepToken, readToken } from "./host/http/server";

const inWindow = () => "isTauri" in globalThis;

/** Asked for while the page is still being read, not after its first frame. */
const tauri = inWindow() ? import("./host/tauri") : null;

async function connect(token: string | null): Promise<Host> {
  if (tauri !== null) return (await tauri).tauriHost;
  return (await import("./host/http")).httpHost(token ?? "");
}

/** Finds the program around the page, asking for the token where a browser has none. */
export function Entry() {
  const [host, setHost] = useState<Host | null>(null);
  const [token, setToken] = useState(readToken);
  const [problem, setProblem] = useState<string | null>(null);
  const asks = host === null && !inWindow() && (token === null || problem !== null);

  useEffect(() => {
    if (token === null && !inWindow()) return;
    let current = true;
    connect(token).then(
      (found) => current && setHost(found),
      (cause: unknown) => {
        if (!current) return;
        forgetToken();
        const report = reportOf(cause);
        setProblem(report.hint === null ? report.message : `${report.message} ${report.hint}`);
      },
    );
    return () => {
      current = false;
    };
  }, [token]);

  if (host !== null) return <HostContext value={host}><App /></HostContext>;
  if (!asks) return null;
  const tryToken = (given: string) => {
    keepToken(given);
    setProblem(null);
    setToken(given);
  };
  return <TokenForm problem={problem} onToken={tryToken} />;
}
