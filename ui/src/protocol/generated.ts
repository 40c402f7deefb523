// Generated from crates/protocol by `npm run gen`. Do not edit.

/**
 * A file a job made. It exists under `path` with exactly these bytes for as long as the row does.
 */
export type Artifact = { id: ArtifactId, job_id: JobId, step: StepName, kind: ArtifactKind, slot: ViewSlot | null, 
/**
 * Which of a prompt's pictures, from 0.
 */
number: number | null, 
/**
 * Absolute.
 */
path: string, bytes: number, 
/**
 * 64 lower-case hex digits.
 */
sha256: string, };

/**
 * One file a job made; never reused.
 */
export type ArtifactId = string;

/**
 * What a file made by a job is.
 */
export type ArtifactKind = "cutout" | "view" | "raw_mesh" | "mesh" | "preview" | "report" | "picture";

/**
 * What the unseen back looks like.
 */
export type BackChoice = "auto" | "fill" | "mirror";

/**
 * An installed Blender, or why there is none.
 */
export type BlenderStatus = { 
/**
 * As it names itself: `Blender 3.4.1`.
 */
version: string | null, problem: ErrorReport | null, };

export type Check = { 
/**
 * As "draft engine", or the address of a server.
 */
subject: string, state: CheckState, 
/**
 * What is there, or what is missing, in a person's words.
 */
message: string, 
/**
 * What to do about it.
 */
hint: string | null, };

export type CheckState = "good" | "not_yet" | "bad";

/**
 * What a forge job asks of ComfyUI.
 */
export type ComfyChoices = { 
/**
 * Address of the server; those of the settings when absent. Credentials in it are not kept.
 */
server: string | null, 
/**
 * Name of the workflow; the first built-in one that the server can run when absent.
 */
views_workflow: string | null, mesh_workflow: string | null, 
/**
 * Values of workflows' inputs, by step and input: `views.steps`, `mesh.cfg`.
 */
set: { [key in string]: string }, };

export type ComfyServer = { 
/**
 * What the person calls it.
 */
name: string, 
/**
 * Without credentials.
 */
url: string, auth: ServerAuth, };

export type Command = { "command": "start_forge", request: ForgeRequest, } | { "command": "start_prospect", request: ProspectRequest, in_front: boolean, } | { "command": "get_job", id: JobId, } | { "command": "list_jobs", limit: number, } | { "command": "cancel_job", id: JobId, } | { "command": "resume_job", id: JobId, } | { "command": "retry_job", id: JobId, from: StepName, } | { "command": "retry_with", id: JobId, from: StepName, engine: EngineChoice, server: string | null, } | { "command": "accept_views", id: JobId, } | { "command": "move_job", id: JobId, to: QueueMove, } | { "command": "get_queue", } | { "command": "pause_queue", paused: boolean, } | { "command": "list_projects", } | { "command": "rename_project", name: string, new_name: string, } | { "command": "archive_project", name: string, archived: boolean, } | { "command": "job_events", id: JobId, after: EventSeq, } | { "command": "import_picture", source: SourceRef, } | { "command": "preview_cutout", source: SourceRef, strokes: Array<MaskStroke>, feather_px: number | null, } | { "command": "save_mask", source: SourceRef, strokes: Array<MaskStroke>, feather_px: number | null, } | { "command": "list_samples", } | { "command": "engine_status", } | { "command": "workflows", comfy: string | null, } | { "command": "download_model", request: ModelRequest, } | { "command": "find_models_folder", server: string | null, } | { "command": "list_downloads", } | { "command": "cancel_download", id: DownloadId, } | { "command": "resume_download", id: DownloadId, } | { "command": "clear_downloads", id: DownloadId | null, } | { "command": "list_model_sites", } | { "command": "save_site_token", site: string, token: Secret | null, } | { "command": "get_settings", } | { "command": "save_settings", settings: Settings, } | { "command": "save_secret", server: string, secret: Secret | null, } | { "command": "doctor", comfy: string | null, } | { "command": "gather_bug_report", } | { "command": "save_artifact", id: ArtifactId, path: string, } | { "command": "save_artifacts", ids: Array<ArtifactId>, folder: string, } | { "command": "list_gallery", query: GalleryQuery, offset: number, limit: number, } | { "command": "gallery_overview", query: GalleryQuery, utc_offset_min: number, } | { "command": "mark_artifacts", ids: Array<ArtifactId>, change: MarkChange, } | { "command": "trash_artifacts", ids: Array<ArtifactId>, } | { "command": "restore_artifacts", ids: Array<ArtifactId>, } | { "command": "empty_trash", } | { "command": "inspect_mesh", mesh: MeshRef, reference: SourceRef | null, } | { "command": "export_mesh", export: MeshExport, } | { "command": "find_blender", } | { "command": "finish_mesh", finish: MeshFinish, } | { "command": "preview_depth", depth: DepthRequest, } | { "command": "keep_depth", depth: DepthRequest, } | { "command": "save_depth", depth: DepthRequest, path: string, } | { "command": "render_sprites", sprites: SpriteRender, };

export type CutoutPreview = { 
/**
 * Alpha as an 8-bit grey PNG in base64, at most 1024 px on its longer side.
 */
alpha_png_base64: string, 
/**
 * 0..=1.
 */
confidence: number, 
/**
 * Why a person has to help, when they have to.
 */
problem: ErrorReport | null, };

export type DayCount = { 
/**
 * When the day began where the artist is, in milliseconds since 1970-01-01 UTC.
 */
start: number, entries: number, };

/**
 * A small depth map to look at.
 */
export type DepthPreview = { 
/**
 * PNG in base64, at most 512 px on its longer side: nearness as grey, clear beside the object.
 */
png_base64: string, width_px: number, height_px: number, };

/**
 * How nearness becomes grey. Nearness is 0 at the farthest point of the object that is seen, and 1 at the nearest.
 */
export type DepthRange = { 
/**
 * Nearness that is white, 0..=1; above `far`.
 */
near: number, 
/**
 * Nearness that is black, 0..=1.
 */
far: number, 
/**
 * Between the two, 0.1..=10: above 1 the middle is brighter.
 */
gamma: number, };

/**
 * A depth map that is wanted.
 */
export type DepthRequest = { source: SourceRef, 
/**
 * As in `ForgeRequest`.
 */
mask: SourceRef | null, 
/**
 * As in `ForgeParams`.
 */
profile: ProfileChoice, range: DepthRange, 
/**
 * Nearness of the whole picture from elsewhere, such as a prospect job for a depth map; by draft inflation when
 * absent. White near, of any size; its range over the object is stretched.
 */
map: SourceRef | null, };

/**
 * What the doctor found, one check after the other.
 */
export type DoctorReport = { version: string, checks: Array<Check>, };

/**
 * One fetch of a model file.
 */
export type DownloadId = string;

/**
 * Where a download stands.
 */
export type DownloadState = "waiting" | "running" | "interrupted" | "done" | "failed" | "cancelled";

/**
 * What an emptied trash gave back.
 */
export type EmptiedTrash = { files: number, bytes: number, };

export type EngineChoice = "auto" | "draft" | "comfy";

/**
 * One engine, and whether it can work now.
 */
export type EngineStatus = { engine: string, ready: boolean, 
/**
 * A sentence for the person in front of it.
 */
note: string, };

/**
 * Every way a command or a job can fail. Closed: hosts match on it exhaustively.
 */
export type ErrorCode = "bad_request" | "picture_missing" | "picture_empty" | "picture_damaged" | "not_a_picture" | "picture_unsupported" | "picture_too_large" | "picture_too_small" | "needs_mask" | "mask_unusable" | "view_unusable" | "mesh_missing" | "mesh_unusable" | "mesh_too_large" | "engine_unavailable" | "gate_refused" | "engine_failed" | "download_failed" | "step_panicked" | "quarantined" | "cancelled" | "job_not_found" | "project_not_found" | "artifact_not_found" | "wrong_state" | "output_unwritable" | "disk_full" | "store_unavailable" | "store_too_new" | "store_busy" | "internal";

/**
 * An error as it crosses a boundary: what happened in an artist's words, and what to do next.
 */
export type ErrorReport = { code: ErrorCode, message: string, 
/**
 * For a person who wants to know more, or for a bug report.
 */
details: string | null, hint: string | null, };

/**
 * Something that happened to a job. The log of these is the stream.
 */
export type Event = { seq: EventSeq, job_id: JobId, 
/**
 * Milliseconds since 1970-01-01 UTC.
 */
at: number, } & ({ "type": "queued", name: string, } | { "type": "step_active", step: StepName, 
/**
 * Median of this computer's finished runs; `None` before the first.
 */
estimate_ms: number | null, } | { "type": "progress", step: StepName, 
/**
 * 0..=1, never falling within a step.
 */
fraction: number, 
/**
 * What is being done, as a short phrase.
 */
doing: string, } | { "type": "image_ready", artifact: Artifact, } | { "type": "view_ready", artifact: Artifact, } | { "type": "mesh_ready", artifact: Artifact, 
/**
 * Of the finished mesh; the raw surface is not measured.
 */
stats: MeshStats | null, } | { "type": "quality", report: GateReport, } | { "type": "log", level: LogLevel, message: string, } | { "type": "step_done", step: StepName, elapsed_ms: number, facts: { [key in string]: JsonValue }, } | { "type": "cancelling" } | { "type": "interrupted" } | { "type": "resumed", 
/**
 * The step it goes on with.
 */
step: StepName, } | { "type": "retried", from: StepName, } | { "type": "done", elapsed_ms: number, } | { "type": "error", 
/**
 * The step it failed in; `None` before the first.
 */
step: StepName | null, error: ErrorReport, } | { "type": "cancelled" });

/**
 * Place of an event in the log: row id, SSE id and replay cursor at once. Grows by at least one per event
 * over all jobs; 0 is before the first.
 */
export type EventSeq = number;

/**
 * Who the file is for: its axes, unit, pivot and names.
 */
export type ExportPreset = "unity" | "unreal" | "godot" | "blender" | "print";

/**
 * Which program writes the file.
 */
export type ExportRoute = "oreforge" | "blender";

export type ExportedMesh = { 
/**
 * The last is the one to open.
 */
files: Array<SavedFile>, 
/**
 * Of each level of detail.
 */
triangles: Array<number>, 
/**
 * What was wrong, and what still is, when it was to be repaired.
 */
repaired: RepairTicket | null, 
/**
 * What was assumed, changed or cannot be carried, as sentences.
 */
notes: Array<string>, };

export type FinishedMesh = { 
/**
 * The last is the one to open.
 */
files: Array<SavedFile>, mesh: MeshStats, agreement: ViewAgreement, 
/**
 * What was assumed, changed or cannot be carried, as sentences.
 */
notes: Array<string>, };

export type ForgeParams = { engine: EngineChoice, 
/**
 * Of the views; `engine` when absent.
 */
views_engine: EngineChoice | null, 
/**
 * Of the mesh; `engine` when absent.
 */
mesh_engine: EngineChoice | null, comfy: ComfyChoices, 
/**
 * Go on with views that the gate refuses.
 */
accept_views: boolean, profile: ProfileChoice, back: BackChoice, symmetry: SymmetryChoice, 
/**
 * Factor on the depth the profile gives, 0.1..=4; `None` is 1.
 */
depth: number | null, 
/**
 * Triangle budget, 100..=500 000.
 */
triangles: number, 
/**
 * Side of the square texture in pixels, 64..=4096.
 */
texture_px: number, 
/**
 * At most 2⁵³ − 1, so that JavaScript keeps every digit.
 */
seed: number, 
/**
 * Largest dimension in metres, 0.001..=1000.
 */
size_m: number, 
/**
 * Write engine, seed, versions and source into the asset.
 */
provenance: boolean, 
/**
 * Bake normals and occlusion of the raw surface, so that few triangles look like many; where absent, with at
 * most 10 000 triangles.
 */
detail_maps: boolean | null, };

/**
 * Everything a forge job needs to run, and to run again with the same result.
 */
export type ForgeRequest = { source: SourceRef, 
/**
 * Pictures of other sides; the draft engine carves from them instead of guessing.
 */
views: { [key in ViewSlot]?: SourceRef }, 
/**
 * White where the object is, black elsewhere; same proportions as the source.
 */
mask: SourceRef | null, 
/**
 * How near what the picture shows is: white near, black far, 8 or 16 bits; same proportions as the source. The
 * draft engine makes a relief of it.
 */
depth_map: SourceRef | null, params: ForgeParams, 
/**
 * Called after the source's file name when absent.
 */
name: string | null, project: string | null, };

export type GalleryEntry = { artifact: Artifact, kind: GalleryKind, 
/**
 * The artist's own, else its job's.
 */
name: string, project: string | null, 
/**
 * The one that its job ran on.
 */
engine: string | null, 
/**
 * The words it was made from.
 */
prompt: string | null, 
/**
 * Milliseconds since 1970-01-01 UTC.
 */
created_at: number, 
/**
 * Of a mesh.
 */
triangles: number | null, favourite: boolean, rejected: boolean, 
/**
 * In alphabetical order.
 */
tags: Array<string>, };

/**
 * What an artist tells apart in the Gallery.
 */
export type GalleryKind = "picture" | "view" | "mesh";

/**
 * What there is to choose from outside of archived projects, and how the entries of one query lie over the days.
 */
export type GalleryOverview = { pictures: number, views: number, meshes: number, favourites: number, trashed: number, 
/**
 * Of all that is counted above but for the trash.
 */
bytes: number, 
/**
 * In alphabetical order.
 */
tags: Array<NamedCount>, 
/**
 * Of the query, newest first, without days on which nothing was made.
 */
days: Array<DayCount>, };

/**
 * A stretch of the entries that a query finds, newest first.
 */
export type GalleryPage = { entries: Array<GalleryEntry>, };

/**
 * Which entries are wanted: those that meet every condition given.
 */
export type GalleryQuery = { 
/**
 * Words, each of which is in the name, project, prompt, engine or a tag.
 */
text: string, kind: GalleryKind | null, 
/**
 * Favourites only.
 */
favourite: boolean, 
/**
 * Absent: of every project that is not archived, and of none.
 */
project: string | null, tag: string | null, 
/**
 * Made at this time or later, in milliseconds since 1970-01-01 UTC.
 */
since: number | null, 
/**
 * Made before this time.
 */
until: number | null, 
/**
 * What is in the trash instead of what is not.
 */
trashed: boolean, };

export type GateReport = { verdict: GateVerdict, views: Array<ViewScore>, reasons: Array<string>, 
/**
 * Pairs of views whose pictures fit the others better when exchanged.
 */
swapped: Array<[ViewSlot, ViewSlot]>, };

export type GateVerdict = "pass" | "doubtful" | "refuse";

/**
 * One run of the chain of steps.
 */
export type JobId = string;

/**
 * A job as it stands, with the cursor from which live events continue it.
 */
export type JobSnapshot = { id: JobId, 
/**
 * What it is called on screen and what its files are called.
 */
name: string, project: string | null, state: JobState, 
/**
 * How many jobs run before this one, while it waits.
 */
place_in_queue: number | null, 
/**
 * A cancel was asked for and is not through yet.
 */
cancelling: boolean, 
/**
 * The last step whose results are safe on disk.
 */
checkpoint: StepName | null, 
/**
 * Open until its last step is done.
 */
retry: RetrySnapshot | null, 
/**
 * Those of an open retry in place of the ones they repeat.
 */
steps: Array<StepSnapshot>, 
/**
 * Milliseconds since 1970-01-01 UTC.
 */
created_at: number, artifacts: Array<Artifact>, error: ErrorReport | null, 
/**
 * Sequence number of the last event this snapshot includes.
 */
last_seq: EventSeq, } & ({ "kind": "forge", "request": ForgeRequest } | { "kind": "prospect", "request": ProspectRequest });

export type JobState = "queued" | "running" | "done" | "failed" | "cancelled" | "interrupted";

export type JsonValue = number | string | boolean | Array<JsonValue> | { [key in string]: JsonValue } | null;

/**
 * What a running step is about to bring. No event: only the newest is kept, in memory, while the step runs.
 */
export type LivePreview = { job_id: JobId, step: StepName, 
/**
 * Which of the prompt's pictures it will be; `None` in a forge.
 */
number: number | null, 
/**
 * JPEG in base64, at most 384 pixels a side.
 */
jpeg: string, };

export type LogLevel = "info" | "warn";

/**
 * What is to be different about entries; what is absent stays.
 */
export type MarkChange = { favourite: boolean | null, rejected: boolean | null, 
/**
 * Empty: the name of its job again.
 */
name: string | null, add_tags: Array<string>, remove_tags: Array<string>, };

/**
 * One brush stroke over a picture.
 */
export type MaskStroke = { 
/**
 * Keep what is painted over; else remove it.
 */
keep: boolean, 
/**
 * In pixels of the picture.
 */
radius_px: number, 
/**
 * Polyline in pixels of the picture, from the top left.
 */
points: Array<[number, number]>, };

/**
 * Counts of what can be repaired; all 0 is clean.
 */
export type MeshDefects = { 
/**
 * Vertices a hair beside the one they are meant to be.
 */
split_vertices: number, degenerate_triangles: number, duplicate_triangles: number, holes: number, 
/**
 * Edges of more than two triangles.
 */
crowded_edges: number, 
/**
 * Bodies joined by a single vertex.
 */
pinched_vertices: number, 
/**
 * Edges whose triangles disagree on which side is out, and parts that are inside out.
 */
turned: number, 
/**
 * Floaters.
 */
islands: number, inner_shells: number, };

export type MeshExport = { mesh: MeshRef, 
/**
 * The ending chooses the format: glb, gltf, obj, stl, ply, usdz or fbx. What belongs beside it is written beside it.
 */
path: string, via: ExportRoute, preset: ExportPreset | null, 
/**
 * Make it closed, manifold and outward first.
 */
repair: boolean, 
/**
 * Make right first what its ticket names a fix for.
 */
fix: boolean, 
/**
 * At most so many, 4 or more.
 */
triangles: number | null, 
/**
 * Levels of detail beyond the first, each of half the triangles; 0..=7.
 */
lods: number, 
/**
 * GLB alone, for the web: meshopt compression, and textures as WebP without loss.
 */
compressed: boolean, };

/**
 * A bare mesh and views of it, to be made an asset.
 */
export type MeshFinish = { mesh: MeshRef, 
/**
 * Square, at one scale, the middle of the object in the middle of each; at least one.
 */
views: { [key in ViewSlot]?: SourceRef }, 
/**
 * The ending chooses the format, as in `MeshExport`.
 */
path: string, 
/**
 * Budgets and size as in `ForgeParams`.
 */
triangles: number, texture_px: number, size_m: number, 
/**
 * As in `ForgeParams`.
 */
detail_maps: boolean, };

/**
 * What makes a line of the ticket right.
 */
export type MeshFix = "repair" | "thin" | "unfold";

export type MeshRef = { "from": "path", path: string, } | { "from": "artifact", id: ArtifactId, };

/**
 * Measured on the exported mesh, with the vertices split at UV seams welded again.
 */
export type MeshStats = { 
/**
 * As stored, seams split.
 */
vertices: number, triangles: number, 
/**
 * Every edge has exactly two faces.
 */
watertight: boolean, 
/**
 * Watertight, and the faces round every vertex form one fan.
 */
manifold: boolean, 
/**
 * Neighbouring faces agree on which side is out, and the enclosed volume is positive.
 */
consistently_wound: boolean, components: number, degenerate_triangles: number, texture_px: number, 
/**
 * Share of the texture covered by charts, 0..=1.
 */
uv_coverage: number, charts: number, 
/**
 * Share of the covered texels that more than one triangle claims, 0..=1.
 */
uv_overlap: number, 
/**
 * Texels per metre at a tenth, half and nine tenths of the surface; 0 where an older version did not measure.
 */
texels_per_m: [number, number, number], 
/**
 * How much longer a texel is one way than the other, on average; 1 is square, 0 not measured.
 */
uv_stretch: number, 
/**
 * It has a normal map and an occlusion map of the raw surface.
 */
detail_maps: boolean, 
/**
 * What was wrong with the raw surface, and what still is.
 */
repaired: RepairTicket, 
/**
 * Its front beside the picture it was made of; `None` where there is none, or an older version did not look.
 */
resemblance: Resemblance | null, 
/**
 * Metres, Y up.
 */
bounds_min_m: [number, number, number], bounds_max_m: [number, number, number], };

/**
 * What the asset gate says of a mesh file.
 */
export type MeshTicket = { format: string, vertices: number, triangles: number, 
/**
 * Vertices at the same place counted once, here and below.
 */
watertight: boolean, manifold: boolean, consistently_wound: boolean, components: number, defects: MeshDefects, materials: number, textures: Array<TextureInfo>, has_normals: boolean, has_uvs: boolean, uv: UvReport | null, 
/**
 * Metres, Y up.
 */
bounds_min_m: [number, number, number], bounds_max_m: [number, number, number], area_m2: number, 
/**
 * Of a watertight mesh.
 */
volume_m3: number | null, verdict: GateVerdict, checks: Array<TicketCheck>, 
/**
 * What was assumed or left out when reading.
 */
notes: Array<string>, };

export type ModelDownload = { id: DownloadId, url: string, 
/**
 * Below the models folder.
 */
folder: string, file_name: string, 
/**
 * Where the file is, or will be.
 */
path: string, sha256: string | null, state: DownloadState, 
/**
 * What is safe on the disk, or while it runs here what has come.
 */
bytes: number, 
/**
 * As the site says; `None` until it does.
 */
total_bytes: number | null, 
/**
 * Over the last seconds; `None` when it does not run.
 */
bytes_per_s: number | null, 
/**
 * Why it failed.
 */
error: ErrorReport | null, 
/**
 * Milliseconds since 1970-01-01 UTC.
 */
created_at: number, };

/**
 * A model file that is to be fetched into the models folder of a ComfyUI on this computer.
 */
export type ModelRequest = { 
/**
 * Where the file itself is, as a person confirmed it: http or https, without a password or a token in it.
 */
url: string, 
/**
 * Below the models folder, as `checkpoints`.
 */
folder: string, 
/**
 * What it is called there; the last part of the address when absent.
 */
file_name: string | null, 
/**
 * 64 hex digits that the file must have; not looked at when absent.
 */
sha256: string | null, 
/**
 * Also take a file of a kind that can hold a program, which ComfyUI may run as it loads it: `.ckpt`, `.pt`,
 * `.pth`, `.bin`.
 */
may_run_code: boolean, 
/**
 * The models folder, absolute; that of the settings, or of a server on this computer, when absent.
 */
models_folder: string | null, 
/**
 * Address of the server whose models folder it is; the first of the settings that is on this computer when
 * absent.
 */
server: string | null, };

/**
 * Whether downloads from a site carry a token. The token itself is in the system's keyring.
 */
export type ModelSite = { 
/**
 * Host, with its port where it is not the usual one.
 */
site: string, has_token: boolean, };

/**
 * Where model files go.
 */
export type ModelsFolder = { 
/**
 * Absolute; `None` where nothing on this computer is known to be one.
 */
path: string | null, 
/**
 * Why there is none.
 */
problem: ErrorReport | null, };

/**
 * How many entries carry a word.
 */
export type NamedCount = { name: string, entries: number, };

/**
 * How a silhouette becomes a solid.
 */
export type ProfileChoice = "auto" | "organic" | "lathe" | "hard";

/**
 * The jobs of one name, and the folder their files are in.
 */
export type ProjectInfo = { name: string, 
/**
 * Absolute path; there once a job has made something.
 */
folder: string, jobs: number, 
/**
 * In the Gallery.
 */
entries: number, 
/**
 * Put away: found under its own name only.
 */
archived: boolean, };

/**
 * What the pictures of a prospect job are.
 */
export type ProspectGoal = "pictures" | "depth_map";

/**
 * Everything a prospect job needs to run, and to run again with the same result.
 */
export type ProspectRequest = { goal: ProspectGoal, prompt: string, 
/**
 * How many pictures, 1..=64; they are made one after the other.
 */
count: number, 
/**
 * Of the first picture; each further one has the next. Drawn when the job is made if absent.
 */
seed: number | null, 
/**
 * The name of a workflow; the first that suits what the server has when absent.
 */
workflow: string | null, 
/**
 * Values for inputs of the workflow, by name; the others take what it says or the server has.
 */
inputs: { [key in string]: JsonValue }, 
/**
 * Address of the ComfyUI server; those of the settings when absent. Credentials in it are not kept.
 */
server: string | null, 
/**
 * The picture that a variation or a depth map starts from, for a workflow that takes one.
 */
source: SourceRef | null, 
/**
 * Called after the prompt or the source when absent.
 */
name: string | null, project: string | null, };

/**
 * Where a job that waits goes.
 */
export type QueueMove = "front" | "up" | "down" | "back" | { "before": JobId };

export type QueueState = { 
/**
 * What waits keeps waiting; what runs goes on.
 */
paused: boolean, };

/**
 * Defects before and after repair.
 */
export type RepairTicket = { before: MeshDefects, after: MeshDefects, };

/**
 * The answer to the command of the same name.
 */
export type Reply = { "command": "start_forge", "reply": JobSnapshot } | { "command": "start_prospect", "reply": JobSnapshot } | { "command": "get_job", "reply": JobSnapshot } | { "command": "list_jobs", "reply": Array<JobSnapshot> } | { "command": "cancel_job", "reply": JobSnapshot } | { "command": "resume_job", "reply": JobSnapshot } | { "command": "retry_job", "reply": JobSnapshot } | { "command": "retry_with", "reply": JobSnapshot } | { "command": "accept_views", "reply": JobSnapshot } | { "command": "move_job", "reply": JobSnapshot } | { "command": "get_queue", "reply": QueueState } | { "command": "pause_queue", "reply": QueueState } | { "command": "list_projects", "reply": Array<ProjectInfo> } | { "command": "rename_project", "reply": Array<ProjectInfo> } | { "command": "archive_project", "reply": Array<ProjectInfo> } | { "command": "job_events", "reply": Array<Event> } | { "command": "import_picture", "reply": SourceInfo } | { "command": "preview_cutout", "reply": CutoutPreview } | { "command": "save_mask", "reply": SourceInfo } | { "command": "list_samples", "reply": Array<SampleInfo> } | { "command": "engine_status", "reply": Array<EngineStatus> } | { "command": "workflows", "reply": Array<WorkflowInfo> } | { "command": "download_model", "reply": ModelDownload } | { "command": "find_models_folder", "reply": ModelsFolder } | { "command": "list_downloads", "reply": Array<ModelDownload> } | { "command": "cancel_download", "reply": ModelDownload } | { "command": "resume_download", "reply": ModelDownload } | { "command": "clear_downloads", "reply": number } | { "command": "list_model_sites", "reply": Array<ModelSite> } | { "command": "save_site_token", "reply": SecretKept } | { "command": "get_settings", "reply": Settings } | { "command": "save_settings", "reply": Settings } | { "command": "save_secret", "reply": SecretKept } | { "command": "doctor", "reply": DoctorReport } | { "command": "gather_bug_report", "reply": string } | { "command": "save_artifact", "reply": SavedFile } | { "command": "save_artifacts", "reply": Array<SavedFile> } | { "command": "list_gallery", "reply": GalleryPage } | { "command": "gallery_overview", "reply": GalleryOverview } | { "command": "mark_artifacts", "reply": number } | { "command": "trash_artifacts", "reply": number } | { "command": "restore_artifacts", "reply": number } | { "command": "empty_trash", "reply": EmptiedTrash } | { "command": "inspect_mesh", "reply": MeshTicket } | { "command": "export_mesh", "reply": ExportedMesh } | { "command": "find_blender", "reply": BlenderStatus } | { "command": "finish_mesh", "reply": FinishedMesh } | { "command": "preview_depth", "reply": DepthPreview } | { "command": "keep_depth", "reply": SourceInfo } | { "command": "save_depth", "reply": SavedFile } | { "command": "render_sprites", "reply": SpriteSheet };

/**
 * `<stem>.report.json`.
 */
export type Report = { engine: string, seed: number, params: ForgeParams, source_name: string, source_sha256: string, version: string, steps: Array<StepReport>, gate: GateReport, mesh: MeshStats, };

/**
 * How a picture of the object compares with the reference, each 0..=1.
 */
export type Resemblance = { 
/**
 * How well the outline fits what the reference says about it.
 */
silhouette: number, 
/**
 * Share of the colours that the reference has too.
 */
colour: number, 
/**
 * Structural similarity within the outline; of the side that the reference shows.
 */
likeness: number | null, };

/**
 * Steps that run again beside the result that stands, until theirs is complete and replaces it.
 */
export type RetrySnapshot = { 
/**
 * The first of them.
 */
from: StepName, 
/**
 * What they have made so far.
 */
artifacts: Array<Artifact>, };

/**
 * A picture that comes with the app.
 */
export type SampleInfo = { name: string, file_name: string, };

export type SavedFile = { path: string, bytes: number, };

/**
 * What lets us in: on its way to the keyring, and never shown.
 */
export type Secret = string;

/**
 * What became of a secret.
 */
export type SecretKept = { 
/**
 * In the system's keyring; else it is gone when this program ends.
 */
kept: boolean, 
/**
 * A sentence for the person who gave it.
 */
note: string, };

/**
 * How a server lets us in. The secret itself is kept elsewhere.
 */
export type ServerAuth = { "kind": "none" } | { "kind": "token" } | { "kind": "password", user: string, };

/**
 * What holds for all jobs.
 */
export type Settings = { 
/**
 * At most 16; a job goes to the least busy one that has what it needs.
 */
servers: Array<ComfyServer>, 
/**
 * A prompt that neither moves in a queue nor makes progress is given up after this long, 30..=86 400.
 */
silence_s: number, 
/**
 * A server that does not answer is given up after this long, 5..=86 400.
 */
unreachable_s: number, 
/**
 * Folder with the person's own workflows in ComfyUI's API format, absolute; `workflows` in the data folder when
 * absent. When saved, absent is as it was, and empty is none.
 */
workflows_folder: string | null, 
/**
 * ComfyUI's models folder on this computer, absolute. When saved, absent is as it was, and empty is none.
 */
models_folder: string | null, 
/**
 * Where the window's dialogs to save begin, absolute; where the system lets them when absent. When saved, absent
 * is as it was, and empty is none.
 */
save_folder: string | null, 
/**
 * The Blender that meshes may be written by, absolute; the one the system finds when absent. When saved, absent is as it
 * was, and empty is none.
 */
blender: string | null, 
/**
 * What lies in the trash longer than so many days is deleted for good, 1..=3650; nothing is when absent.
 */
trash_days: number | null, 
/**
 * What a step leaves free on the disk, in megabytes, 32..=1 000 000; one that would not is not begun.
 */
spare_mb: number, };

/**
 * The SHA-256 of an imported picture's bytes, as 64 lower-case hex digits.
 */
export type SourceId = string;

/**
 * A picture in the store.
 */
export type SourceInfo = { id: SourceId, file_name: string, 
/**
 * After its EXIF rotation.
 */
width_px: number, height_px: number, 
/**
 * Absolute path of the store's copy.
 */
path: string, };

/**
 * Where a picture comes from.
 */
export type SourceRef = { "from": "path", path: string, } | { "from": "imported", id: SourceId, file_name: string, } | { "from": "sample", name: string, } | { "from": "artifact", id: ArtifactId, };

export type SpriteOptions = { 
/**
 * Frames around the mesh, from its front towards its right side, 1..=72.
 */
directions: number, 
/**
 * Of the camera above the ground, -90..=90.
 */
elevation_deg: number, 
/**
 * Side of a frame in pixels, 16..=1024.
 */
size_px: number, 
/**
 * Width of a dark outline, 0..=16 and at most an eighth of the frame; 0 draws none.
 */
outline_px: number, };

/**
 * A turntable of a mesh as sprite atlases.
 */
export type SpriteRender = { mesh: MeshRef, 
/**
 * Of the JSON file, or of the atlas: the others stand beside it and share its name.
 */
path: string, options: SpriteOptions, };

export type SpriteSheet = { 
/**
 * Atlases of colour, normals and depth; the last is the JSON that names the frames.
 */
files: Array<SavedFile>, frames: number, atlas_width_px: number, atlas_height_px: number, };

/**
 * The steps of every kind of job; those of one kind in the order they run.
 */
export type StepName = "prepare" | "views" | "gate" | "mesh" | "finish" | "export" | "pictures";

export type StepReport = { name: StepName, elapsed_ms: number, 
/**
 * What the step decided and measured, by name.
 */
facts: { [key in string]: JsonValue }, };

export type StepSnapshot = { name: StepName, state: StepState, 
/**
 * Wall time of the run that finished or ended it.
 */
elapsed_ms: number | null, 
/**
 * Median of this computer's finished runs of this step with this engine; `None` before the first.
 */
estimate_ms: number | null, };

export type StepState = "waiting" | "running" | "done" | "failed" | "cancelled";

/**
 * Whether the left of a drafted object is the right in a mirror.
 */
export type SymmetryChoice = "off" | "auto" | "on";

export type TextureInfo = { name: string, width_px: number, height_px: number, bytes: number, };

/**
 * One line of the ticket.
 */
export type TicketCheck = { 
/**
 * A short word, the same in every ticket.
 */
name: string, verdict: GateVerdict, 
/**
 * A sentence.
 */
says: string, 
/**
 * Of a line that does not pass, where it can be made right without asking.
 */
fix: MeshFix | null, };

export type UvReport = { 
/**
 * Share of the texture's square covered, 0..=1.
 */
coverage: number, 
/**
 * Share of the covered texels that more than one triangle claims, 0..=1.
 */
overlap: number, 
/**
 * Share of the triangles that leave the square: tiled textures do, on purpose.
 */
outside: number, 
/**
 * Texels per metre over the surface: at a tenth, half and nine tenths of its area. `None` without a texture.
 */
texels_per_m: [number, number, number] | null, 
/**
 * How much longer a texel is one way than the other, on average; 1 is square. `None` without a texture.
 */
stretch: number | null, };

/**
 * How a mesh from elsewhere fits the views it is painted from.
 */
export type ViewAgreement = { 
/**
 * Mean over the views of the intersection over union of the outlines, 0..=1.
 */
iou: number, 
/**
 * Of each view; 0 for one that shows nothing.
 */
views: { [key in ViewSlot]?: number }, 
/**
 * The axis that was up in the mesh as it came: `+y`, `-z` and so on.
 */
up_axis: string, 
/**
 * Turned by so much about the upright axis.
 */
azimuth_deg: number, 
/**
 * Share of the surface that a view shows, 0..=1; the rest gets the colours round about.
 */
seen_share: number, };

/**
 * How one view compares with the reference.
 */
export type ViewScore = { slot: ViewSlot, 
/**
 * 0..=100.
 */
score: number, verdict: GateVerdict, 
/**
 * Sentences; empty for a clean pass.
 */
reasons: Array<string>, 
/**
 * What the score is made of; `None` for a view that cannot be read, and where an older version did not say.
 */
resemblance: Resemblance | null, };

/**
 * A direction an object is seen from. The camera stands in direction
 * `(cos e · sin a, sin e, cos e · cos a)` of the object, a = azimuth, e = elevation.
 */
export type ViewSlot = "front" | "right" | "back" | "left" | "top" | "bottom" | "three_quarter";

/**
 * A workflow, and how it stands with the servers that answer.
 */
export type WorkflowInfo = { name: string, title: string, kind: WorkflowKind, 
/**
 * The server that would run it, or is nearest to it; `None` when none answers.
 */
server: string | null, 
/**
 * What is in its way there, with what to do about it; empty when it can run.
 */
problems: Array<string>, inputs: Array<WorkflowInput>, models: Array<WorkflowModel>, };

export type WorkflowInput = { name: string, kind: WorkflowInputKind, 
/**
 * What it is when nobody says otherwise, on the server that would run it.
 */
default: JsonValue | null, min: number | null, max: number | null, 
/**
 * What the server lists for it.
 */
choices: Array<string>, };

/**
 * What an input of a workflow takes.
 */
export type WorkflowInputKind = "text" | "integer" | "number" | "seed" | "choice" | "picture";

/**
 * What a workflow is for.
 */
export type WorkflowKind = "text_to_image" | "image_to_views" | "image_to_mesh" | "views_to_mesh" | "image_to_depth" | "other";

/**
 * A model file that a workflow loads.
 */
export type WorkflowModel = { 
/**
 * Below ComfyUI's models folder.
 */
folder: string, 
/**
 * Any of these does, best first.
 */
names: Array<string>, 
/**
 * Where a person gets it.
 */
page: string, 
/**
 * Where the file itself is, when that is known: it becomes the first of `names`.
 */
url: string | null, 
/**
 * As the server lists it; `None` where it is missing, or no server answers.
 */
installed: string | null, };
