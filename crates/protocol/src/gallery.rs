//! Everything ever made, as the Gallery lists it.

use serde::{Deserialize, Serialize};

use crate::Artifact;

/// What an artist tells apart in the Gallery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum GalleryKind {
    /// An object cut out of its picture, or a picture made from a prompt.
    Picture,
    /// One direction of an object.
    View,
    /// A finished mesh.
    Mesh,
}

/// Which entries are wanted: those that meet every condition given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct GalleryQuery {
    /// Words, each of which is in the name, project, prompt, engine or a tag.
    pub text: String,
    pub kind: Option<GalleryKind>,
    /// Favourites only.
    pub favourite: bool,
    /// Absent: of every project that is not archived, and of none.
    pub project: Option<String>,
    pub tag: Option<String>,
    /// Made at this time or later, in milliseconds since 1970-01-01 UTC.
    #[cfg_attr(feature = "ts", ts(type = "number | null"))]
    pub since: Option<i64>,
    /// Made before this time.
    #[cfg_attr(feature = "ts", ts(type = "number | null"))]
    pub until: Option<i64>,
    /// What is in the trash instead of what is not.
    pub trashed: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GalleryEntry {
    pub artifact: Artifact,
    pub kind: GalleryKind,
    /// The artist's own, else its job's.
    pub name: String,
    pub project: Option<String>,
    /// The one that its job ran on.
    pub engine: Option<String>,
    /// The words it was made from.
    pub prompt: Option<String>,
    /// Milliseconds since 1970-01-01 UTC.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub created_at: i64,
    /// Of a mesh.
    pub triangles: Option<u32>,
    pub favourite: bool,
    pub rejected: bool,
    /// In alphabetical order.
    pub tags: Vec<String>,
}

/// A stretch of the entries that a query finds, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GalleryPage {
    pub entries: Vec<GalleryEntry>,
}

/// How many entries carry a word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NamedCount {
    pub name: String,
    pub entries: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DayCount {
    /// When the day began where the artist is, in milliseconds since 1970-01-01 UTC.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub start: i64,
    pub entries: u32,
}

/// What there is to choose from outside of archived projects, and how the entries of one query lie over the days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GalleryOverview {
    pub pictures: u32,
    pub views: u32,
    pub meshes: u32,
    pub favourites: u32,
    pub trashed: u32,
    /// Of all that is counted above but for the trash.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub bytes: u64,
    /// In alphabetical order.
    pub tags: Vec<NamedCount>,
    /// Of the query, newest first, without days on which nothing was made.
    pub days: Vec<DayCount>,
}

/// What is to be different about entries; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct MarkChange {
    pub favourite: Option<bool>,
    pub rejected: Option<bool>,
    /// Empty: the name of its job again.
    pub name: Option<String>,
    pub add_tags: Vec<String>,
    pub remove_tags: Vec<String>,
}

/// What an emptied trash gave back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EmptiedTrash {
    pub files: u32,
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub bytes: u64,
}
