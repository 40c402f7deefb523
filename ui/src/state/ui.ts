import { createStore, useStore } from "zustand";
import type { ErrorReport, ForgeParams, JobId, MaskStroke, SourceId, SourceInfo, SourceRef, ViewSlot } from "../protocol/generated";

export type Theme = "dark" | "light";
/** The parts of the window, in their order. */
export type TabName = "prospect" | "forge" | "gallery";
export type Shading = "textured" | "clay" | "wire" | "normals" | "uv" | "albedo" | "matcap";

/** The same as `ForgeParams::default()` of the core. */
export const DEFAULT_PARAMS: ForgeParams = {
  engine: "auto", views_engine: null, mesh_engine: null, accept_views: false,
  comfy: { server: null, views_workflow: null, mesh_workflow: null, set: {} },
  profile: "auto", back: "auto", depth: null, triangles: 20_000, texture_px: 1024, seed: 0, size_m: 1, provenance: true, detail_maps: null,
};

export type GivenViews = { [slot in ViewSlot]?: SourceRef };

/** What only the screen knows. Job state is not here: it belongs to the query cache. */
interface UiState {
  tab: TabName;
  /** New jobs belong to it. */
  project: string | null;
  jobId: JobId | null;
  /** The job whose pictures are in view. */
  prospectId: JobId | null;
  /** Its mesh stays in view until the current job has one. */
  previousJobId: JobId | null;
  params: ForgeParams;
  givenViews: GivenViews;
  strokes: Record<SourceId, MaskStroke[]>;
  editingCutout: boolean;
  /** A picture that could not be taken in, or a command that failed. */
  error: ErrorReport | null;
  shading: Shading;
  grid: boolean;
  theme: Theme;
  jobsOpen: boolean;
  settingsOpen: boolean;
  leftFolded: boolean;
  rightFolded: boolean;
  set: (change: Partial<Omit<UiState, "set" | "setParams">>) => void;
  setParams: (change: Partial<ForgeParams>) => void;
}

const JOB_KEY = "oreforge.job";
const THEME_KEY = "oreforge.theme";
const TAB_KEY = "oreforge.tab";
const PROJECT_KEY = "oreforge.project";
const PROSPECT_KEY = "oreforge.prospect";

function storedTab(): TabName {
  const stored = sessionStorage.getItem(TAB_KEY);
  return stored === "gallery" || stored === "prospect" ? stored : "forge";
}

export const uiStore = createStore<UiState>()((set) => ({
  tab: storedTab(),
  project: localStorage.getItem(PROJECT_KEY),
  jobId: sessionStorage.getItem(JOB_KEY),
  prospectId: sessionStorage.getItem(PROSPECT_KEY),
  previousJobId: null,
  params: DEFAULT_PARAMS,
  givenViews: {},
  strokes: {},
  editingCutout: false,
  error: null,
  shading: "textured",
  grid: true,
  theme: localStorage.getItem(THEME_KEY) === "light" ? "light" : "dark",
  jobsOpen: false,
  settingsOpen: false,
  leftFolded: false,
  rightFolded: false,
  set,
  setParams: (change) => set((state) => ({ params: { ...state.params, ...change } })),
}));

// A reload of the page finds its job again; the theme outlives the window.
uiStore.subscribe((state, before) => {
  if (state.jobId !== before.jobId) {
    if (state.jobId === null) sessionStorage.removeItem(JOB_KEY);
    else sessionStorage.setItem(JOB_KEY, state.jobId);
  }
  if (state.project !== before.project) {
    if (state.project === null) localStorage.removeItem(PROJECT_KEY);
    else localStorage.setItem(PROJECT_KEY, state.project);
  }
  if (state.prospectId !== before.prospectId && state.prospectId !== null) sessionStorage.setItem(PROSPECT_KEY, state.prospectId);
  if (state.tab !== before.tab) {
    sessionStorage.setItem(TAB_KEY, state.tab);
    showTab();
  }
  if (state.theme !== before.theme) {
    localStorage.setItem(THEME_KEY, state.theme);
    showTheme();
  }
});

/** Before anything is drawn with it: the viewer reads its colours from the styles. */
function showTheme() {
  document.documentElement.dataset["theme"] = uiStore.getState().theme;
}
showTheme();

/** Short news keep clear of what the tab has in its corners. */
function showTab() {
  document.documentElement.dataset["tab"] = uiStore.getState().tab;
}
showTab();

export function useUi(): UiState;
export function useUi<T>(select: (state: UiState) => T): T;
export function useUi<T>(select?: (state: UiState) => T): T | UiState {
  return useStore<typeof uiStore, T | UiState>(uiStore, select ?? ((state) => state));
}

export function importedRef(source: SourceInfo): SourceRef {
  return { from: "imported", id: source.id, file_name: source.file_name };
}
