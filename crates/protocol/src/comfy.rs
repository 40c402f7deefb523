use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// What a forge job asks of ComfyUI.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct ComfyChoices {
    /// Address of the server; those of the settings when absent. Credentials in it are not kept.
    pub server: Option<String>,
    /// Name of the workflow; the first built-in one that the server can run when absent.
    pub views_workflow: Option<String>,
    pub mesh_workflow: Option<String>,
    /// Values of workflows' inputs, by step and input: `views.steps`, `mesh.cfg`.
    pub set: BTreeMap<String, String>,
}

/// What holds for all jobs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Settings {
    /// At most 16; a job goes to the least busy one that has what it needs.
    pub servers: Vec<ComfyServer>,
    /// A prompt that neither moves in a queue nor makes progress is given up after this long, 30..=86 400.
    pub silence_s: u32,
    /// A server that does not answer is given up after this long, 5..=86 400.
    pub unreachable_s: u32,
    /// Folder with the person's own workflows in ComfyUI's API format, absolute; `workflows` in the data folder when
    /// absent. When saved, absent is as it was, and empty is none.
    pub workflows_folder: Option<String>,
    /// ComfyUI's models folder on this computer, absolute. When saved, absent is as it was, and empty is none.
    pub models_folder: Option<String>,
    /// Where the window's dialogs to save begin, absolute; where the system lets them when absent. When saved, absent
    /// is as it was, and empty is none.
    pub save_folder: Option<String>,
    /// The Blender that meshes may be written by, absolute; the one the system finds when absent. When saved, absent is as it
    /// was, and empty is none.
    pub blender: Option<String>,
    /// What lies in the trash longer than so many days is deleted for good, 1..=3650; nothing is when absent.
    pub trash_days: Option<u32>,
    /// What a step leaves free on the disk, in megabytes, 32..=1 000 000; one that would not is not begun.
    pub spare_mb: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ComfyServer {
    /// What the person calls it.
    pub name: String,
    /// Without credentials.
    pub url: String,
    pub auth: ServerAuth,
}

/// How a server lets us in. The secret itself is kept elsewhere.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ServerAuth {
    #[default]
    None,
    /// A bearer token.
    Token,
    Password {
        user: String,
    },
}

/// What lets us in: on its way to the keyring, and never shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What became of a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SecretKept {
    /// In the system's keyring; else it is gone when this program ends.
    pub kept: bool,
    /// A sentence for the person who gave it.
    pub note: String,
}

const MAX_SERVERS: usize = 16;

impl Default for Settings {
    fn default() -> Self {
        Self {
            servers: Vec::new(),
            silence_s: 15 * 60,
            unreachable_s: 5 * 60,
            workflows_folder: None,
            models_folder: None,
            save_folder: None,
            blender: None,
            trash_days: None,
            spare_mb: 32,
        }
    }
}

impl Settings {
    /// Every field that is out of its range, as sentences for the person who chose it.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.servers.len() > MAX_SERVERS {
            problems
                .push(format!("There are {} servers; at most {MAX_SERVERS} are used.", self.servers.len()));
        }
        let mut limit = |name: &str, value: u32, least: u32| {
            if !(least..=86_400).contains(&value) {
                problems.push(format!("{name} is {value} s; it goes from {least} to 86400."));
            }
        };
        limit("The limit on silence", self.silence_s, 30);
        limit("The limit on absence", self.unreachable_s, 5);
        if self.trash_days.is_some_and(|days| !(1..=3650).contains(&days)) {
            problems.push("The trash keeps things for 1 to 3650 days, or for ever.".to_owned());
        }
        if !(32..=1_000_000).contains(&self.spare_mb) {
            problems.push(format!("{} MB are to stay free; it goes from 32 to 1000000.", self.spare_mb));
        }
        let folders = [
            ("The workflows folder", &self.workflows_folder),
            ("The models folder", &self.models_folder),
            ("The save folder", &self.save_folder),
            ("Blender's place", &self.blender),
        ];
        for (what, folder) in folders {
            let relative = |folder: &str| !folder.is_empty() && !std::path::Path::new(folder).is_absolute();
            if folder.as_deref().is_some_and(relative) {
                problems.push(format!("{what} is not an absolute path."));
            }
        }
        problems
    }
}
