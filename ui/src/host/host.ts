import type { ArtifactId, Command, DepthRequest, ErrorReport, Event, EventSeq, ExportPreset, ExportRoute, JobId, LivePreview, Reply, SavedFile, Settings, SourceId, SourceInfo } from "../protocol/generated";

export type CommandName = Command["command"];
export type ReplyTo<N extends CommandName> = Extract<Reply, { command: N }>["reply"];

/** What the window was started with. */
export interface Opening {
  /** The job that the command line asked for. */
  job_id: JobId | null;
  /** Why the picture of the command line could not be used. */
  error: ErrorReport | null;
  /** Why the data folder cannot be opened; asking again tries again. */
  store_error: ErrorReport | null;
  /** Driven by a test: faults can be provoked. */
  automation: boolean;
  version: string;
}

/** Files held over the window or let go on it. */
export type Drop =
  | { type: "over"; files: number }
  | { type: "left" }
  | { type: "dropped"; pictures: SourceInfo[]; errors: ErrorReport[] };

/** A folder of ours; a page names no other. */
export type Folder = { folder: "data" | "workflows" } | { folder: "project"; name: string };

/** Who follows a job. */
export interface Follower {
  /** Every event, in order, each once. */
  onEvent: (event: Event) => void;
  /** What the running step is about to bring; some may be missing. */
  onPreview: (preview: LivePreview) => void;
  onError: (error: ErrorReport) => void;
}

/** Everything the front end can ask of the program around it. */
export interface Host {
  /** The core runs on the computer in front of which the person sits. */
  readonly isLocal: boolean;
  execute<N extends CommandName>(command: Extract<Command, { command: N }>): Promise<ReplyTo<N>>;
  /** Follows a job from a cursor on. Returns the way to stop. */
  subscribe(jobId: JobId, after: EventSeq, follower: Follower): () => void;
  opening(): Promise<Opening>;
  /** The system's dialog; null when it was closed without a choice. */
  pickPicture(): Promise<SourceInfo | null>;
  /** The picture, or the picture file, on the clipboard; null when there is none. */
  pastePicture(): Promise<SourceInfo | null>;
  /** The system's dialog, then the copy; null when it was closed without a choice. */
  saveArtifact(id: ArtifactId, suggestedName: string): Promise<SavedFile | null>;
  /** The same for a mesh, as it was made where it is a GLB for nobody in particular. */
  saveMesh(id: ArtifactId, wish: MeshWish, writing: Writing): Promise<SavedMesh | null>;
  /** The same for the depth map of a picture. */
  saveDepth(depth: DepthRequest, suggestedName: string): Promise<SavedFile | null>;
  /** A dialog for the folder, then the copies; null when it was closed without a choice. */
  saveArtifacts(files: { id: ArtifactId; suggestedName: string }[]): Promise<SavedFile[] | null>;
  /** Shows a file in the system's file manager; null where there is none to ask. */
  readonly revealArtifact: ((id: ArtifactId) => Promise<void>) | null;
  /** Opens a folder there; null where there is none to ask. */
  readonly revealFolder: ((folder: Folder) => Promise<void>) | null;
  /** The system's dialog for the folder that dialogs to save begin in; the settings that hold then, null when it was
   *  closed without a choice. Null where the browser decides where files go. */
  readonly pickSaveFolder: (() => Promise<Settings | null>) | null;
  /** The same for the Blender that may write meshes. Null where the page is not on that computer. */
  readonly pickBlender: (() => Promise<Settings | null>) | null;
  /** Says something on the desktop, where the person lets it. */
  notify(title: string, body: string): Promise<void>;
  watchDrops(onDrop: (drop: Drop) => void): void;
  artifactUrl(id: ArtifactId): string;
  /** A small PNG on a transparent ground. */
  thumbnailUrl(id: ArtifactId): string;
  sourceUrl(id: SourceId): string;
}

/** How a mesh is to be saved. */
export interface MeshWish {
  /** Its ending says the format. */
  suggestedName: string;
  /** Whom it is laid out for. */
  preset: ExportPreset | null;
  /** Of a GLB: packed for the web. */
  compressed: boolean;
  via: ExportRoute;
}

/** Between the dialog and the file. */
export interface Writing {
  /** The dialog was answered, with this name. */
  onBegin: (name: string) => void;
  /** Ends it with nothing written. */
  stop: AbortSignal;
}

/** A mesh written to a place of the person's choice, and what its format could not take along. */
export interface SavedMesh extends SavedFile {
  notes: string[];
}

/** A failed call, with the words for the person in front of it. */
export class HostError extends Error {
  readonly report: ErrorReport;
  constructor(report: ErrorReport) {
    super(report.message);
    this.name = "HostError";
    this.report = report;
  }
}

/** Any thrown value as a report. */
export function reportOf(cause: unknown): ErrorReport {
  if (cause instanceof HostError) return cause.report;
  const details = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
  return { code: "internal", message: "The window met an error of its own.", details, hint: "Try again. If it comes back, the details help to find it." };
}
