use serde::{Deserialize, Serialize};

use crate::{
    ArtifactId, DoctorReport, DownloadId, EmptiedTrash, EngineChoice, ErrorReport, EventSeq, ForgeRequest,
    GalleryOverview, GalleryPage, GalleryQuery, JobId, JobSnapshot, MarkChange, ModelDownload, ModelRequest,
    ModelSite, ModelsFolder, ProjectInfo, ProspectRequest, QueueMove, QueueState, Secret, SecretKept,
    Settings, SourceId, SourceRef, StepName,
};

/// A picture in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SourceInfo {
    pub id: SourceId,
    pub file_name: String,
    /// After its EXIF rotation.
    pub width_px: u32,
    pub height_px: u32,
    /// Absolute path of the store's copy.
    pub path: String,
}

/// A picture that comes with the app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SampleInfo {
    pub name: String,
    pub file_name: String,
}

/// One engine, and whether it can work now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EngineStatus {
    pub engine: String,
    pub ready: bool,
    /// A sentence for the person in front of it.
    pub note: String,
}

/// Declares every command once: its arguments, its reply. Hosts pass `Command` through and never name one by
/// hand; `commands::Oreforge::execute` matches exhaustively, so a new command that nobody answers does not
/// compile. The TypeScript map `Commands` is generated from the same list.
macro_rules! commands {
    ($($(#[$doc:meta])* $name:ident { $($field:ident : $type:ty),* } -> $reply:ty;)*) => {
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[cfg_attr(feature = "ts", derive(ts_rs::TS))]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(tag = "command", rename_all = "snake_case")]
        pub enum Command { $($(#[$doc])* $name { $($field: $type),* },)* }

        /// The answer to the command of the same name.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[cfg_attr(feature = "ts", derive(ts_rs::TS))]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(tag = "command", content = "reply", rename_all = "snake_case")]
        pub enum Reply { $($name($reply),)* }
    };
}

commands! {
    /// Make a forge job and queue it. A picture that cannot be used makes a job that failed, with its reason.
    StartForge { request: ForgeRequest } -> JobSnapshot;
    /// Make a prospect job and queue it, before all that waits where `in_front`.
    StartProspect { request: ProspectRequest, in_front: bool } -> JobSnapshot;
    GetJob { id: JobId } -> JobSnapshot;
    /// Newest first, at most `limit`.
    ListJobs { limit: u32 } -> Vec<JobSnapshot>;
    /// Answers at once; the job's `cancelled` event follows.
    CancelJob { id: JobId } -> JobSnapshot;
    /// Go on after the last checkpoint.
    ResumeJob { id: JobId } -> JobSnapshot;
    /// Run again from a step, with the same pictures, seed and settings; the result that stands stays until the
    /// new one is complete.
    RetryJob { id: JobId, from: StepName } -> JobSnapshot;
    /// Run again from the views or the mesh, on another engine: a draft becomes a better mesh. `server` as in
    /// `ComfyChoices`.
    RetryWith { id: JobId, from: StepName, engine: EngineChoice, server: Option<String> } -> JobSnapshot;
    /// Go on with the views that the quality gate refused.
    AcceptViews { id: JobId } -> JobSnapshot;
    /// Move a job that waits for its turn; the others keep their order.
    MoveJob { id: JobId, to: QueueMove } -> JobSnapshot;
    GetQueue {} -> QueueState;
    /// Hold up the jobs that wait, in every window and server of the data folder, or let them go on. A job that
    /// runs goes on, and so does what the command line was asked for.
    PauseQueue { paused: bool } -> QueueState;
    /// In alphabetical order, archived ones too.
    ListProjects {} -> Vec<ProjectInfo>;
    /// Give a project and its folder another name. Refused while a job of it runs or waits.
    RenameProject { name: String, new_name: String } -> Vec<ProjectInfo>;
    /// Put a project away, or take it back: a job in it does that too. Refused while a job of it runs or waits.
    ArchiveProject { name: String, archived: bool } -> Vec<ProjectInfo>;
    /// Events of a job after a cursor, at most 1000; the way to read a log that is not live.
    JobEvents { id: JobId, after: EventSeq } -> Vec<crate::Event>;
    /// Copy a picture into the store, so that it can be shown and masked before it is forged.
    ImportPicture { source: SourceRef } -> SourceInfo;
    /// The object cut out of a picture: PNG with straight alpha as base64, and how sure it is. `feather_px`, 0..=64
    /// pixels of the picture, is how wide the edge fades; the outline stays in its middle.
    PreviewCutout { source: SourceRef, strokes: Vec<MaskStroke>, feather_px: Option<f32> } -> CutoutPreview;
    /// Turn strokes into a mask that a forge can use; `feather_px` as above.
    SaveMask { source: SourceRef, strokes: Vec<MaskStroke>, feather_px: Option<f32> } -> SourceInfo;
    ListSamples {} -> Vec<SampleInfo>;
    EngineStatus {} -> Vec<EngineStatus>;
    /// Every workflow with its inputs, choices and models, as the ComfyUI server at `comfy` has them, or those of
    /// the settings.
    Workflows { comfy: Option<String> } -> Vec<crate::WorkflowInfo>;
    /// Fetch a model file into the models folder of a ComfyUI on this computer; one that is on its way there, or
    /// stopped on its way, goes on.
    DownloadModel { request: ModelRequest } -> ModelDownload;
    /// Where the model files of a server go, or of the first of the settings that is on this computer.
    FindModelsFolder { server: Option<String> } -> ModelsFolder;
    /// Newest first. Those that are over stay listed until they are cleared, at most 50.
    ListDownloads {} -> Vec<ModelDownload>;
    /// Stop; what has come stays, so that it can go on.
    CancelDownload { id: DownloadId } -> ModelDownload;
    /// Go on where it stopped.
    ResumeDownload { id: DownloadId } -> ModelDownload;
    /// Take downloads that are over off the list, with what came of those that are not done. All of them when
    /// `id` is absent. Answers how many.
    ClearDownloads { id: Option<DownloadId> } -> u32;
    /// The sites of the workflows' models and of downloads, and which of them have a token.
    ListModelSites {} -> Vec<ModelSite>;
    /// Keep the token of a site that model files come from in the system's keyring, or forget it.
    SaveSiteToken { site: String, token: Option<Secret> } -> SecretKept;
    GetSettings {} -> Settings;
    /// For jobs that start from now on; answers what holds then.
    SaveSettings { settings: Settings } -> Settings;
    /// Keep the token or password of a server in the system's keyring, or forget it.
    SaveSecret { server: String, secret: Option<Secret> } -> SecretKept;
    /// What is there, what is not, and what to do; asks the ComfyUI server at `comfy` how it is.
    Doctor { comfy: Option<String> } -> DoctorReport;
    /// What helps to find a bug, as a text without secrets.
    GatherBugReport {} -> String;
    /// Write a copy of an artifact to a place of the artist's choice, atomically.
    SaveArtifact { id: ArtifactId, path: String } -> SavedFile;
    /// Write copies of several artifacts into a folder, none over a file that is there, each whole or not at all.
    SaveArtifacts { ids: Vec<ArtifactId>, folder: String } -> Vec<SavedFile>;
    /// Entries of the Gallery from `offset` on, at most 200.
    ListGallery { query: GalleryQuery, offset: u32, limit: u32 } -> GalleryPage;
    /// Counts for the Gallery; days begin `utc_offset_min` minutes before those of UTC.
    GalleryOverview { query: GalleryQuery, utc_offset_min: i32 } -> GalleryOverview;
    /// Favourite, reject, rename, tag. Marks stay with what they are on when a retry makes it anew.
    MarkArtifacts { ids: Vec<ArtifactId>, change: MarkChange } -> u32;
    /// Put entries into the trash; answers how many. Their files stay where they are until it is emptied.
    TrashArtifacts { ids: Vec<ArtifactId> } -> u32;
    /// Take entries out of the trash; answers how many.
    RestoreArtifacts { ids: Vec<ArtifactId> } -> u32;
    /// Delete what is in the trash for good.
    EmptyTrash {} -> EmptiedTrash;
    /// What a mesh file is like, by the asset gate; also beside `reference`, a picture of its front, or the one that a
    /// job made it of.
    InspectMesh { mesh: crate::MeshRef, reference: Option<SourceRef> } -> crate::MeshTicket;
    /// Write a mesh in another format, each file whole or not at all, and read back before it counts.
    ExportMesh { export: crate::MeshExport } -> crate::ExportedMesh;
    /// Whether there is a Blender that could write a mesh; it is started for that.
    FindBlender {} -> crate::BlenderStatus;
    /// Make an asset of a bare mesh from elsewhere: clean, in budget, placed, and painted from views of it.
    FinishMesh { finish: crate::MeshFinish } -> crate::FinishedMesh;
    /// The depth map of a picture by draft inflation, as nearness: its range is for whoever looks at it.
    PreviewDepth { depth: crate::DepthRequest } -> crate::DepthPreview;
    /// Make the depth map of a picture and keep it in the store: grey of 16 bits, white near, black beside the object.
    KeepDepth { depth: crate::DepthRequest } -> SourceInfo;
    /// The same, written to a place of the artist's choice.
    SaveDepth { depth: crate::DepthRequest, path: String } -> SavedFile;
    /// Draw a mesh from all around as sprite atlases of colour, normals and depth.
    RenderSprites { sprites: crate::SpriteRender } -> crate::SpriteSheet;
}

/// One brush stroke over a picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MaskStroke {
    /// Keep what is painted over; else remove it.
    pub keep: bool,
    /// In pixels of the picture.
    pub radius_px: f32,
    /// Polyline in pixels of the picture, from the top left.
    pub points: Vec<[f32; 2]>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CutoutPreview {
    /// Alpha as an 8-bit grey PNG in base64, at most 1024 px on its longer side.
    pub alpha_png_base64: String,
    /// 0..=1.
    pub confidence: f32,
    /// Why a person has to help, when they have to.
    pub problem: Option<ErrorReport>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SavedFile {
    pub path: String,
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub bytes: u64,
}
