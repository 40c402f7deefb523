import { createStore, useStore } from "zustand";
import type { ErrorReport, ExportPreset, ExportRoute, ForgeParams, JobId, MaskStroke, SourceId, SourceInfo, SourceRef, ViewSlot } from "../protocol/generated";

export type Theme = "dark" | "light";
/** The parts of the window, in their order. */
export type TabName = "prospect" | "forge" | "gallery";
export type Shading = "textured" | "clay" | "wire" | "normals" | "uv" | "albedo" | "matcap";

/** The same as `ForgeParams::default()` of the core. */
export const DEFAULT_PARAMS: ForgeParams = {
  engine: "auto", views_engine: null, mesh_engine: null, accept_views: false,
  comfy: { server: null, views_workflow: null, mesh_workflow: null, set: {} },
  profile: "auto", back: "auto", symmetry: "off", depth: null, triangles: 20_000, texture_px: 1024, seed: 0, size_m: 1, provenance: true, detail_maps: null,
};

export type MeshFormat = "glb" | "fbx" | "obj" | "stl" | "ply" | "usdz";
/** Who a mesh is saved for, and how. */
export interface SaveAs {
  preset: ExportPreset | null;
  format: MeshFormat;
  /** Of a GLB: packed for the web. */
  compressed: boolean;
  via: ExportRoute;
}

export type GivenViews = { [slot in ViewSlot]?: SourceRef };

/** A stroke of the brush, or another softness of the edge. */
export type CutoutEdit = { kind: "stroke"; stroke: MaskStroke } | { kind: "feather"; feather_px: number };

/** The guide is offered until it was opened or declined. */
export type GuideState = "offered" | "open" | "seen";

export type SettingsPage = "servers" | "models" | "folders" | "appearance" | "shortcuts" | "limits" | "privacy" | "about";
/** A page of the settings, and what brought somebody there. */
export interface SettingsPlace {
  page: SettingsPage;
  /** A model file that is looked for. */
  model?: string;
  /** The part of the window that sent them there and waits for them. */
  from?: string;
}

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
  /** What was done to each picture's cut-out, in its order. */
  cutoutEdits: Record<SourceId, CutoutEdit[]>;
  editingCutout: boolean;
  /** A picture that could not be taken in, or a command that failed. */
  error: ErrorReport | null;
  saveAs: SaveAs;
  shading: Shading;
  grid: boolean;
  theme: Theme;
  guide: GuideState;
  jobsOpen: boolean;
  /** Null while the settings are closed. */
  settingsAt: SettingsPlace | null;
  /** The settings of the job, where a narrow window hides them. */
  settingsOpen: boolean;
  leftFolded: boolean;
  rightFolded: boolean;
  set: (change: Partial<Omit<UiState, "set" | "setParams">>) => void;
  setParams: (change: Partial<ForgeParams>) => void;
}

const JOB_KEY = "oreforge.job";
const THEME_KEY = "oreforge.theme";
const GUIDE_KEY = "oreforge.guide";
const TAB_KEY = "oreforge.tab";
const PROJECT_KEY = "oreforge.project";
const SAVE_AS_KEY = "oreforge.save-as";
const PROSPECT_KEY = "oreforge.prospect";

function storedTab(): TabName {
  const stored = sessionStorage.getItem(TAB_KEY);
  return stored === "gallery" || stored === "prospect" ? stored : "forge";
}

const FORMATS: readonly MeshFormat[] = ["glb", "fbx", "obj", "stl", "ply", "usdz"];
const PRESETS: readonly ExportPreset[] = ["unity", "unreal", "godot", "blender", "print"];

function storedSaveAs(): SaveAs {
  const [preset, format, packing, via] = (localStorage.getItem(SAVE_AS_KEY) ?? "").split(" ");
  return { preset: PRESETS.find((known) => known === preset) ?? null, format: FORMATS.find((known) => known === format) ?? "glb", compressed: packing === "compressed", via: via === "blender" ? via : "oreforge" };
}

export const uiStore = createStore<UiState>()((set) => ({
  tab: storedTab(),
  project: localStorage.getItem(PROJECT_KEY),
  jobId: sessionStorage.getItem(JOB_KEY),
  prospectId: sessionStorage.getItem(PROSPECT_KEY),
  previousJobId: null,
  params: DEFAULT_PARAMS,
  givenViews: {},
  cutoutEdits: {},
  editingCutout: false,
  error: null,
  saveAs: storedSaveAs(),
  shading: "textured",
  grid: true,
  theme: localStorage.getItem(THEME_KEY) === "light" ? "light" : "dark",
  guide: localStorage.getItem(GUIDE_KEY) === null ? "offered" : "seen",
  jobsOpen: false,
  settingsAt: null,
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
  if (state.saveAs !== before.saveAs) localStorage.setItem(SAVE_AS_KEY, `${state.saveAs.preset ?? "-"} ${state.saveAs.format} ${state.saveAs.compressed ? "compressed" : "plain"} ${state.saveAs.via}`);
  if (state.prospectId !== before.prospectId && state.prospectId !== null) sessionStorage.setItem(PROSPECT_KEY, state.prospectId);
  if (state.tab !== before.tab) {
    sessionStorage.setItem(TAB_KEY, state.tab);
    showTab();
  }
  if (state.guide !== before.guide) localStorage.setItem(GUIDE_KEY, "seen");
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
