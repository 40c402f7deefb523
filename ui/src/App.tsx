import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Hammer, ListChecks, Moon, Sun } from "lucide-react";
import { useCallback, useEffect, useRef, useState } from "react";
import { Button, IconButton } from "./components/Button";
import { ErrorBoundary } from "./components/ErrorBoundary";
import { Kbd } from "./components/Kbd";
import { Logo } from "./components/Logo";
import { Ring } from "./components/Ring";
import { StoreProblem } from "./components/StoreProblem";
import { Shortcuts } from "./components/Shortcuts";
import { Toasts } from "./components/Toasts";
import { useKeys } from "./components/useKeys";
import { ForgeTab } from "./features/forge/ForgeTab";
import { needsMask } from "./features/forge/words";
import { useForge, type Forge } from "./features/forge/useForge";
import { JobsDrawer, useJobs } from "./features/jobs/JobsDrawer";
import { useHost } from "./host/context";
import { uiStore, useUi } from "./state/ui";
import { useJobView } from "./state/useJob";

const EMPTY_KEYS = [["Ctrl O", "open"], ["Ctrl V", "paste"], ["Q", "jobs"], ["?", "all keys"]] as const;
const FORGE_KEYS = [[".", "fit"], ["1–7", "shading"], ["W", "wire"], ["G", "grid"], ["Q", "jobs"], ["Ctrl O", "open"], ["?", "all keys"]] as const;
const BRUSH_KEYS = [["K", "keep"], ["R", "remove"], ["[ ]", "brush size"], ["Alt", "swap brush"], ["H", "hide outline"]] as const;

function TopBar({ running }: { running: number }) {
  const { theme, jobsOpen, set } = useUi();
  const isLight = theme === "light";
  return (
    <header className="top-bar">
      <div className="brand">
        <Logo />
        <span>Oreforge</span>
      </div>
      <nav aria-label="Tabs">
        <span className="tab" aria-current="page">
          <Hammer aria-hidden="true" /> Forge
        </span>
      </nav>
      <div className="top-right">
        <IconButton label={isLight ? "Dark colours" : "Light colours"} onClick={() => set({ theme: isLight ? "dark" : "light" })}>
          {isLight ? <Moon aria-hidden="true" /> : <Sun aria-hidden="true" />}
        </IconButton>
        <Button look="quiet" aria-pressed={jobsOpen} icon={running > 0 ? <Ring /> : <ListChecks aria-hidden="true" />} onClick={() => set({ jobsOpen: !jobsOpen })}>
          Jobs{running > 0 && <span className="mono"> {running}</span>}
        </Button>
      </div>
    </header>
  );
}

function StatusBar({ keys }: { keys: readonly (readonly [string, string])[] }) {
  const { isLocal } = useHost();
  return (
    <footer className="status-bar">
      {keys.map(([key, what]) => (
        <span key={key} className="key-hint">
          <Kbd>{key}</Kbd> {what}
        </span>
      ))}
      {isLocal && <span className="push">Nothing leaves this computer.</span>}
    </footer>
  );
}

/** What dropping would do, while files hang over the window; what it did, after. */
function useDrops(forge: Forge): number {
  const host = useHost();
  const set = useUi((state) => state.set);
  const [over, setOver] = useState(0);
  const current = useRef(forge);
  useEffect(() => {
    current.current = forge;
  }, [forge]);
  useEffect(() => {
    host.watchDrops((drop) => {
      setOver(drop.type === "over" ? drop.files : 0);
      if (drop.type !== "dropped") return;
      void (async () => {
        for (const picture of drop.pictures) await current.current.take(picture);
        const [error] = drop.errors;
        if (error !== undefined) set({ error });
      })();
    });
  }, [host, set]);
  return over;
}

export function App() {
  const host = useHost();
  const forge = useForge();
  const { jobId, jobsOpen, editingCutout, set } = useUi();
  const client = useQueryClient();
  const { data: opening, isFetching } = useQuery({ queryKey: ["opening"], staleTime: Number.POSITIVE_INFINITY, queryFn: () => host.opening() });
  const storeError = opening?.store_error ?? null;
  const job = useJobView(jobId);
  const jobs = useJobs(jobsOpen);
  const running = jobs.filter(({ state }) => state === "running" || state === "queued").length;
  const over = useDrops(forge);
  const [shortcuts, setShortcuts] = useState(false);

  // The command line's job, unless a reload of the page has found another.
  useEffect(() => {
    if (opening === undefined) return;
    if (uiStore.getState().jobId === null && opening.job_id !== null) set({ jobId: opening.job_id });
    if (opening.error !== null) set({ error: opening.error });
  }, [opening, set]);
  useKeys({
    "Ctrl+o": () => void forge.open(),
    "Ctrl+v": () => void forge.paste(),
    q: () => set({ jobsOpen: !jobsOpen }),
    "?": () => setShortcuts(true),
  });

  const choose = useCallback((id: string) => set({ jobId: id, previousJobId: null, editingCutout: false, error: null, jobsOpen: false }), [set]);
  const brushing = job !== null && (editingCutout || needsMask(job));
  const keys = job === null ? EMPTY_KEYS : brushing ? BRUSH_KEYS : FORGE_KEYS;
  return (
    <div className={`window ${over > 0 ? "drag-over" : ""}`}>
      <TopBar running={running} />
      <div className="tab-panel">
        <ErrorBoundary what="The Forge">
          {storeError === null ? (
            <ForgeTab forge={forge} automation={opening?.automation === true} interrupted={jobs.filter(({ state }) => state === "interrupted")} />
          ) : (
            <StoreProblem error={storeError} busy={isFetching} onRetry={() => void client.invalidateQueries()} />
          )}
        </ErrorBoundary>
        {jobsOpen && <JobsDrawer jobs={jobs} currentId={jobId} onChoose={choose} onClose={() => set({ jobsOpen: false })} />}
      </div>
      <StatusBar keys={keys} />
      {over > 0 && <div className="drop-banner">{over === 1 ? "Forge this picture" : `Forge these ${over} pictures, one job each`}</div>}
      <Shortcuts open={shortcuts} onClose={() => setShortcuts(false)} />
      <Toasts />
    </div>
  );
}
