use std::collections::{BTreeMap, HashMap};
use std::io::Read as _;
use std::path::Path;
use std::sync::LazyLock;

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

const OBJECT_INFO: &[u8] = include_bytes!("../../fixtures/comfyui/object_info.json.gz");

/// Combo inputs that list the files of a models folder.
const MODEL_INPUTS: [(&str, &str, &str); 10] = [
    ("CheckpointLoaderSimple", "ckpt_name", "checkpoints"),
    ("ImageOnlyCheckpointLoader", "ckpt_name", "checkpoints"),
    ("unCLIPCheckpointLoader", "ckpt_name", "checkpoints"),
    ("CLIPVisionLoader", "clip_name", "clip_vision"),
    ("CLIPLoader", "clip_name", "text_encoders"),
    ("ControlNetLoader", "control_net_name", "controlnet"),
    ("LoraLoader", "lora_name", "loras"),
    ("UNETLoader", "unet_name", "diffusion_models"),
    ("UpscaleModelLoader", "model_name", "upscale_models"),
    ("VAELoader", "vae_name", "vae"),
];

/// The folders /models names; the files of four of them were captured, the rest is empty.
pub(super) const FOLDERS: [&str; 20] = [
    "checkpoints",
    "configs",
    "loras",
    "vae",
    "text_encoders",
    "diffusion_models",
    "clip_vision",
    "style_models",
    "embeddings",
    "diffusers",
    "vae_approx",
    "controlnet",
    "gligen",
    "upscale_models",
    "custom_nodes",
    "hypernetworks",
    "photomaker",
    "classifiers",
    "model_patches",
    "audio_encoders",
];

/// One class as /object_info tells it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Class {
    pub input: Inputs,
    pub output: Vec<Value>,
    pub output_node: bool,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Inputs {
    #[serde(default)]
    pub required: IndexMap<String, Value>,
    #[serde(default)]
    pub optional: IndexMap<String, Value>,
}

/// The captured /object_info with the models and input pictures this fake has.
#[derive(Clone)]
pub(super) struct Schema {
    raw: IndexMap<String, Box<RawValue>>,
    classes: HashMap<String, Class>,
    pub models: BTreeMap<String, Vec<String>>,
}

impl Schema {
    pub fn captured() -> Self {
        static CAPTURED: LazyLock<Schema> = LazyLock::new(Schema::read);
        CAPTURED.clone()
    }

    fn read() -> Self {
        let mut text = String::new();
        flate2::read::GzDecoder::new(OBJECT_INFO).read_to_string(&mut text).expect("the fixture is gzip");
        let raw: IndexMap<String, Box<RawValue>> = serde_json::from_str(&text).expect("the fixture is JSON");
        let classes = raw
            .iter()
            .map(|(name, class)| {
                let class = serde_json::from_str(class.get()).expect("every class has inputs and outputs");
                (name.clone(), class)
            })
            .collect();
        let mut models: BTreeMap<String, Vec<String>> =
            FOLDERS.iter().map(|&folder| (folder.to_owned(), Vec::new())).collect();
        let checkpoints = ["tiny-hunyuan3d-2mv-dino.ckpt", "tiny-hunyuan3d-2mv-vitl.ckpt"]
            .into_iter()
            .chain(["tiny-sd15-klvae.ckpt", "tiny-sd15.ckpt", "tiny-sd15.safetensors"])
            .chain(["tiny-stable-zero123.ckpt", "tiny-sv3d-p.ckpt"]);
        models.insert("checkpoints".into(), checkpoints.map(str::to_owned).collect());
        models.insert("vae".into(), vec!["tiny-taesd-vae.pt".into()]);
        models.insert("clip_vision".into(), vec!["tiny-clip-vit-l.pt".into()]);
        Self { raw, classes, models }
    }

    /// Replaces what a models folder has, in the lists of every loader too.
    pub fn set_models(&mut self, folder: &str, mut names: Vec<String>) {
        names.sort();
        for (class, input, _) in MODEL_INPUTS.iter().filter(|(.., place)| *place == folder) {
            self.set_options(class, input, &names);
        }
        self.models.insert(folder.to_owned(), names);
    }

    pub fn remove_class(&mut self, class: &str) {
        self.raw.shift_remove(class);
        self.classes.remove(class);
    }

    pub fn keep_classes(&mut self, classes: &[&str]) {
        self.raw.retain(|class, _| classes.contains(&class.as_str()));
        self.classes.retain(|class, _| classes.contains(&class.as_str()));
    }

    /// LoadImage lists what lies directly in input/ and is named like a picture.
    pub fn list_pictures(&mut self, input: &Path) {
        let mut names: Vec<String> = std::fs::read_dir(input)
            .into_iter()
            .flatten()
            .flatten()
            .filter(|entry| entry.path().is_file())
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| super::files::content_type(name).starts_with("image/"))
            .collect();
        names.sort();
        self.set_options("LoadImage", "image", &names);
    }

    fn set_options(&mut self, class: &str, input: &str, names: &[String]) {
        let Some(raw) = self.raw.get_mut(class) else { return };
        let mut all: IndexMap<String, Value> =
            serde_json::from_str(raw.get()).expect("a class is a JSON object");
        all["input"]["required"][input][0] = json!(names);
        *raw = serde_json::value::to_raw_value(&all).expect("JSON values serialise");
        self.classes
            .insert(class.to_owned(), serde_json::from_str(raw.get()).expect("it was a class before"));
    }

    pub fn class(&self, name: &str) -> Option<&Class> {
        self.classes.get(name)
    }

    /// The body of GET /object_info, the numbers beyond 64 bits as the server writes them.
    pub fn all(&self) -> String {
        serde_json::to_string(&self.raw).expect("JSON text serialises")
    }

    /// The body of GET /object_info/{class}.
    pub fn one(&self, name: &str) -> String {
        let one: IndexMap<&str, &RawValue> =
            self.raw.get(name).map(|raw| (name, raw.as_ref())).into_iter().collect();
        serde_json::to_string(&one).expect("JSON text serialises")
    }
}
