import { useQuery, useQueryClient } from "@tanstack/react-query";
import { ListChecks, Moon, Settings, Sun } from "lucide-react";
import { lazy, Suspense, useCallback, useEffect, useRef, useState } from "react";
import { Button, IconButton } from "./components/Button";
import { ErrorBoundary } from "./components/ErrorBoundary";
import { Logo } from "./components/Logo";
import { Ring } from "./components/Ring";
import { StoreProblem } from "./components/StoreProblem";
import { Shortcuts } from "./components/Shortcuts";
import { TabList, panelId } from "./components/TabList";
import { Toasts } from "./components/Toasts";
import { InView, useKeys } from "./components/useKeys";
import { useForge, type Forge } from "./features/forge/useForge";
import { JobsDrawer, useJobs } from "./features/jobs/JobsDrawer";
import { useNotices } from "./features/jobs/useNotices";
import { ProjectMenu } from "./features/projects/ProjectMenu";
import { useSettings } from "./features/settings/useSettings";
import { useHost } from "./host/context";
import type { JobSnapshot } from "./protocol/generated";
import { uiStore, useUi, type TabName } from "./state/ui";
import { TABS, loadTabs, type TabProps } from "./tabs";

const Guide = lazy(() => import("./features/guide/Guide"));
const SettingsDialog = lazy(() => import("./features/settings/SettingsDialog"));

function TopBar({ jobs }: { jobs: JobSnapshot[] }) {
  const running = jobs.some(({ state }) => state === "running");
  const open = jobs.filter(({ state }) => state === "running" || state === "queued").length;
  const { tab, theme, jobsOpen, set } = useUi();
  const isLight = theme === "light";
  return (
    <header className="top-bar">
      <div className="brand">
        <Logo />
        <span>Oreforge</span>
        <ProjectMenu />
      </div>
      <TabList tabs={TABS} current={tab} onChange={(name) => set({ tab: name })} />
      <div className="top-right">
        <IconButton label={isLight ? "Dark colours" : "Light colours"} onClick={() => set({ theme: isLight ? "dark" : "light" })}>
          {isLight ? <Moon aria-hidden="true" /> : <Sun aria-hidden="true" />}
        </IconButton>
        <Button look="quiet" aria-pressed={jobsOpen} icon={running ? <Ring /> : <ListChecks aria-hidden="true" />} onClick={() => set({ jobsOpen: !jobsOpen })}>
          Jobs{open > 0 && <span className="mono"> {open}</span>}
        </Button>
        <IconButton label="Settings" keys="Ctrl ," onClick={() => set({ settingsAt: { page: "servers" } })}>
          <Settings aria-hidden="true" />
        </IconButton>
      </div>
    </header>
  );
}

function StatusBar() {
  const { isLocal } = useHost();
  const tab = useUi((state) => state.tab);
  const { settings } = useSettings();
  return (
    <footer className="status-bar">
      <div className="key-hints">{TABS.map(({ name, Keys }) => name === tab && <Keys key={name} />)}</div>
      {isLocal && settings?.servers.length === 0 && <span>Nothing leaves this computer.</span>}
    </footer>
  );
}

/** A tab is drawn from its first visit on, and keeps what it shows while another is in view. */
function TabPanels({ current, ...given }: { current: TabName } & TabProps) {
  const [visited, setVisited] = useState<readonly TabName[]>([current]);
  if (!visited.includes(current)) setVisited([...visited, current]);
  return TABS.map(({ name, whole, Panel }) => (
    <div key={name} role="tabpanel" id={panelId(name)} className="tab-page" inert={name !== current}>
      {visited.includes(name) && (
        <ErrorBoundary what={whole}>
          <InView value={name === current}>
            <Suspense fallback={null}>
              <Panel {...given} />
            </Suspense>
          </InView>
        </ErrorBoundary>
      )}
    </div>
  ));
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
  const { tab, jobId, jobsOpen, settingsAt, guide, set } = useUi();
  const client = useQueryClient();
  const { data: opening, isFetching } = useQuery({ queryKey: ["opening"], staleTime: Number.POSITIVE_INFINITY, queryFn: () => host.opening() });
  const storeError = opening?.store_error ?? null;
  const jobs = useJobs(jobsOpen);
  const over = useDrops(forge);
  const [shortcuts, setShortcuts] = useState(false);
  useNotices(jobs);

  // Once the first screen is there; what fails to come now is asked for again by the tab itself.
  useEffect(() => {
    if (opening !== undefined) loadTabs().catch(() => undefined);
  }, [opening]);
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
    "Ctrl+,": () => set({ settingsAt: { page: "servers" } }),
    ...Object.fromEntries(TABS.map(({ name }, index) => [`Ctrl+${index + 1}`, () => set({ tab: name })])),
  });

  const choose = useCallback(
    ({ id, kind }: JobSnapshot) => {
      if (kind === "prospect") set({ tab: "prospect", prospectId: id, jobsOpen: false });
      else set({ tab: "forge", jobId: id, previousJobId: null, editingCutout: false, error: null, jobsOpen: false });
    },
    [set],
  );
  return (
    <div className={`window ${over > 0 ? "drag-over" : ""}`}>
      <TopBar jobs={jobs} />
      <div className="tab-panel">
        {storeError === null ? (
          <TabPanels current={tab} forge={forge} jobs={jobs} automation={opening?.automation === true} />
        ) : (
          <StoreProblem error={storeError} busy={isFetching} onRetry={() => void client.invalidateQueries()} />
        )}
        {jobsOpen && <JobsDrawer jobs={jobs} currentId={jobId} onChoose={choose} onClose={() => set({ jobsOpen: false })} />}
      </div>
      <StatusBar />
      {over > 0 && <div className="drop-banner">{over === 1 ? "Forge this picture" : `Forge these ${over} pictures, one job each`}</div>}
      <Shortcuts open={shortcuts} onClose={() => setShortcuts(false)} />
      {settingsAt !== null && (
        <Suspense fallback={null}>
          <SettingsDialog at={settingsAt} version={opening?.version ?? ""} onClose={() => set({ settingsAt: null })} />
        </Suspense>
      )}
      {guide === "open" && (
        <Suspense fallback={null}>
          <Guide onClose={() => set({ guide: "seen" })} />
        </Suspense>
      )}
      <Toasts />
    </div>
  );
}
