import { HostError, type CommandName, type Drop, type Folder, type Follower, type Host, type MeshWish, type ReplyTo } from "../src/host/host";
import type { Artifact, ArtifactKind, BlenderStatus, Command, DepthRequest, ErrorReport, Event, ForgeRequest, GalleryEntry, GalleryOverview, JobId, JobSnapshot, ModelDownload, ProjectInfo, ProspectRequest, SavedFile, Settings, SourceInfo, StepName, ViewSlot, WorkflowInfo } from "../src/protocol/generated";
import { FORGE_STEPS } from "../src/state/jobView";

type Body = Event extends infer E ? (E extends Event ? Omit<E, "seq" | "job_id" | "at"> : never) : never;

interface Subscriber extends Follower {
  jobId: JobId;
}

/** A host without a core: jobs stand still until a test moves them on by `emit`. Tests only. */
export class MemoryHost implements Host {
  readonly isLocal = true;
  readonly log: Event[] = [];
  readonly commands: Command[] = [];
  readonly jobs = new Map<JobId, JobSnapshot>();
  readonly subscriptions: JobId[] = [];
  workflows: WorkflowInfo[] = [];
  downloads: ModelDownload[] = [];
  readonly gallery: GalleryEntry[] = [];
  settings: Settings = { servers: [], silence_s: 900, unreachable_s: 300, workflows_folder: null, models_folder: null, save_folder: null, blender: null, trash_days: null, spare_mb: 32 };
  picked: SourceInfo | HostError | null = null;
  pasted: SourceInfo | null = null;
  savedTo: SavedFile | HostError | null = null;
  onDrop: (drop: Drop) => void = () => undefined;
  automation = true;
  paused = false;
  blender: BlenderStatus = { version: null, problem: null };
  projects: ProjectInfo[] = [];
  storeError: ErrorReport | null = null;
  private subscribers = new Set<Subscriber>();
  private lastId = 0;

  constructor(private readonly urlOf: (what: string) => string = (what) => `memory:${what}`) {}

  source(name: string): SourceInfo {
    return { id: name, file_name: name, width_px: 1024, height_px: 1024, path: `/store/${name}` };
  }

  artifact(jobId: JobId, step: StepName, kind: ArtifactKind, slot: ViewSlot | null = null): Artifact {
    return { id: `${kind}${slot === null ? "" : `-${slot}`}-${++this.lastId}`, job_id: jobId, step, kind, slot, number: null, path: `/store/${kind}`, bytes: 1_400_000, sha256: "" };
  }

  emit(jobId: JobId, body: Body): Event {
    const event = { seq: this.log.length + 1, job_id: jobId, at: Date.now(), ...body } as Event;
    this.log.push(event);
    for (const subscriber of this.subscribers) if (subscriber.jobId === jobId) subscriber.onEvent(event);
    return event;
  }

  private start(request: ForgeRequest): JobSnapshot {
    const id = `job-${++this.lastId}`;
    const name = request.source.from === "imported" ? request.source.file_name.replace(/\.\w+$/, "") : "job";
    const job: JobSnapshot = {
      id, kind: "forge", name, project: null, state: "queued", place_in_queue: 0, cancelling: false, checkpoint: null, retry: null,
      steps: FORGE_STEPS.map((step) => ({ name: step, state: "waiting", elapsed_ms: null, estimate_ms: 300 })),
      request, created_at: Date.now(), artifacts: [], error: null, last_seq: 0,
    };
    this.jobs.set(id, job);
    const queued = this.emit(id, { type: "queued", name });
    const snapshot = { ...job, last_seq: queued.seq };
    this.jobs.set(id, snapshot);
    return snapshot;
  }

  private startProspect(request: ProspectRequest): JobSnapshot {
    const id = `job-${++this.lastId}`;
    const job: JobSnapshot = {
      id, kind: "prospect", name: request.prompt, project: null, state: "queued", place_in_queue: 0, cancelling: false, checkpoint: null, retry: null,
      steps: [{ name: "pictures", state: "waiting", elapsed_ms: null, estimate_ms: null }],
      request, created_at: Date.now(), artifacts: [], error: null, last_seq: 0,
    };
    const snapshot = { ...job, last_seq: this.emit(id, { type: "queued", name: job.name }).seq };
    this.jobs.set(id, snapshot);
    return snapshot;
  }

  private job(id: JobId): JobSnapshot {
    const job = this.jobs.get(id);
    if (job === undefined) throw new HostError({ code: "job_not_found", message: "There is no such job.", details: null, hint: null });
    return job;
  }

  private overview(): GalleryOverview {
    const of = (kind: string) => this.gallery.filter((entry) => entry.kind === kind).length;
    const days = this.gallery.length === 0 ? [] : [{ start: new Date().setHours(0, 0, 0, 0), entries: this.gallery.length }];
    return { pictures: of("picture"), views: of("view"), meshes: of("mesh"), favourites: 0, trashed: 0, bytes: 0, tags: [], days };
  }

  private answer(command: Command): unknown {
    switch (command.command) {
      case "start_forge":
        return this.start(command.request);
      case "start_prospect":
        return this.startProspect(command.request);
      case "get_job":
      case "cancel_job":
      case "resume_job":
      case "retry_job":
      case "retry_with":
      case "accept_views":
        return this.job(command.id);
      case "list_jobs":
        return [...this.jobs.values()].toReversed();
      case "move_job":
        return this.job(command.id);
      case "get_queue":
        return { paused: this.paused };
      case "pause_queue":
        return { paused: (this.paused = command.paused) };
      case "list_projects":
        return this.projects;
      case "rename_project":
      case "archive_project":
        return [];
      case "job_events":
        return this.log.filter(({ job_id, seq }) => job_id === command.id && seq > command.after);
      case "import_picture":
        return this.source(command.source.from === "sample" ? `${command.source.name}.png` : "picture.png");
      case "preview_cutout":
        throw new HostError({ code: "internal", message: "No cut-out here.", details: null, hint: null });
      case "save_mask":
        return this.source("mask.png");
      case "preview_depth":
        throw new HostError({ code: "internal", message: "No depth here.", details: null, hint: null });
      case "keep_depth":
        return this.source("depth.png");
      case "list_samples":
        return ["robot", "amphora", "coffee", "duck", "house", "mushroom", "penguin", "t-rex", "teapot"].map((name) => ({ name, file_name: `${name}.png` }));
      case "workflows":
        return this.workflows;
      case "find_models_folder":
        return { path: "/comfy/models", problem: null };
      case "list_downloads":
        return this.downloads;
      case "list_model_sites":
        return [];
      case "save_site_token":
        return { kept: true, note: "" };
      case "clear_downloads":
        return this.downloads.splice(0).length;
      case "download_model":
      case "cancel_download":
      case "resume_download":
        throw new HostError({ code: "internal", message: "Nothing is fetched here.", details: null, hint: null });
      case "get_settings":
        return this.settings;
      case "save_settings":
        return (this.settings = command.settings);
      case "save_secret":
        return { kept: true, note: "" };
      case "engine_status":
        return [{ engine: "draft", ready: true, note: "In the app, on 8 CPU threads. Needs no network and no models." }];
      case "doctor":
      case "inspect_mesh":
        throw new HostError({ code: "internal", message: "Nothing is examined here.", details: null, hint: null });
      case "list_gallery":
        return { entries: this.gallery.slice(command.offset, command.offset + command.limit) };
      case "gallery_overview":
        return this.overview();
      case "mark_artifacts":
      case "trash_artifacts":
      case "restore_artifacts":
        return command.ids.length;
      case "empty_trash":
        return { files: 0, bytes: 0 };
      case "find_blender":
        return this.blender;
      case "gather_bug_report":
        return "Oreforge 0";
      case "export_mesh":
      case "save_artifacts":
      case "finish_mesh":
      case "render_sprites":
      case "save_depth":
      case "save_artifact":
        throw new Error("the page never names a path");
    }
  }

  async execute<N extends CommandName>(command: Extract<Command, { command: N }>): Promise<ReplyTo<N>> {
    this.commands.push(command);
    return this.answer(command) as ReplyTo<N>;
  }

  subscribe(jobId: JobId, after: number, follower: Follower): () => void {
    this.subscriptions.push(jobId);
    const subscriber = { jobId, ...follower };
    const { onEvent } = follower;
    for (const event of this.log) if (event.job_id === jobId && event.seq > after) onEvent(event);
    this.subscribers.add(subscriber);
    return () => this.subscribers.delete(subscriber);
  }

  async opening() {
    return { job_id: null, error: null, store_error: this.storeError, automation: this.automation, version: "0" };
  }

  async pickPicture() {
    if (this.picked instanceof HostError) throw this.picked;
    return this.picked;
  }

  async pastePicture() {
    return this.pasted;
  }

  async saveArtifact() {
    if (this.savedTo instanceof HostError) throw this.savedTo;
    return this.savedTo;
  }

  readonly savedMeshes: MeshWish[] = [];

  async saveMesh(_id: string, wish: MeshWish) {
    this.savedMeshes.push(wish);
    const saved = await this.saveArtifact();
    return saved && { ...saved, notes: this.notes };
  }

  readonly savedDepths: { depth: DepthRequest; suggestedName: string }[] = [];

  async saveDepth(depth: DepthRequest, suggestedName: string) {
    this.savedDepths.push({ depth, suggestedName });
    return this.saveArtifact();
  }

  /** Of the next mesh that is saved. */
  notes: string[] = [];
  readonly revealed: string[] = [];
  savedAll: { id: string; suggestedName: string }[] = [];

  async saveArtifacts(files: { id: string; suggestedName: string }[]) {
    if (this.savedTo instanceof HostError) throw this.savedTo;
    this.savedAll = files;
    return files.map(({ suggestedName }) => ({ path: `/out/${suggestedName}`, bytes: 1 }));
  }

  readonly revealArtifact = async (id: string) => void this.revealed.push(id);

  readonly pickBlender = async () => (this.settings = { ...this.settings, blender: "/opt/blender/blender" });
  readonly pickSaveFolder = async () => (this.settings = { ...this.settings, save_folder: "/home/me/Props" });
  readonly revealFolder = async ({ folder }: Folder) => void this.revealed.push(folder);

  readonly notices: string[] = [];

  async notify(title: string) {
    this.notices.push(title);
  }

  watchDrops(onDrop: (drop: Drop) => void) {
    this.onDrop = onDrop;
  }

  artifactUrl(id: string) {
    return this.urlOf(`artifact/${id}`);
  }

  thumbnailUrl(id: string) {
    return this.urlOf(`thumbnail/${id}`);
  }

  sourceUrl(id: string) {
    return this.urlOf(`source/${id}`);
  }
}
