//! Small nodes that give real bytes. Those without models compute; those with models paint something
//! plausible from their inputs, the same each time.

mod image;
mod latent;
mod mesh;
mod save;

use std::path::PathBuf;
use std::sync::Arc;

use ::image::RgbImage;
use indexmap::IndexMap;
use oreforge_geometry::TriMesh;
use oreforge_geometry::volume::Volume;
use serde_json::Value;

pub(super) use latent::{Latent, Recipe};

/// What flows along a link.
#[derive(Debug, Clone)]
pub(super) enum Data {
    /// Python's None, or an input that has no value.
    Nothing,
    /// A widget's value.
    Plain(Value),
    Images(Arc<Vec<RgbImage>>),
    Latent(Arc<Latent>),
    Conditioning(Arc<Recipe>),
    Vision(Arc<RgbImage>),
    Voxel(Arc<Volume>),
    Mesh(Arc<TriMesh>),
    /// A model or whatever else only nodes without an implementation here look at.
    Opaque(String),
}

impl Data {
    /// As `current_inputs` of an error shows it.
    pub fn described(&self) -> Value {
        match self {
            Data::Nothing => Value::Null,
            Data::Plain(value) => value.clone(),
            Data::Images(images) => Value::String(format!("tensor of {} pictures", images.len())),
            Data::Latent(latent) => Value::String(format!("latent of {}", latent.count)),
            Data::Conditioning(_) | Data::Vision(_) | Data::Voxel(_) | Data::Mesh(_) => {
                Value::String("tensor".into())
            }
            Data::Opaque(kind) => Value::String(format!("<{kind}>")),
        }
    }
}

/// One node about to run.
pub(super) struct Call {
    pub class: String,
    pub output_types: Vec<Value>,
    pub inputs: IndexMap<String, Data>,
    /// Holds input/, output/ and temp/.
    pub root: PathBuf,
    /// Says all that goes into the node; what is random elsewhere comes from it.
    pub seed: String,
    /// For the metadata of files.
    pub graph: String,
    pub extra_pnginfo: Value,
}

impl Call {
    fn data(&self, name: &str) -> &Data {
        self.inputs.get(name).unwrap_or(&Data::Nothing)
    }

    fn integer(&self, name: &str) -> Option<u64> {
        match self.data(name) {
            Data::Plain(Value::String(text)) => text.parse().ok(),
            Data::Plain(value) => value.as_u64().or_else(|| value.as_f64().map(|value| value as u64)),
            _ => None,
        }
    }

    fn float(&self, name: &str) -> f32 {
        match self.data(name) {
            Data::Plain(value) => value.as_f64().unwrap_or_default() as f32,
            _ => 0.0,
        }
    }

    fn string(&self, name: &str) -> &str {
        match self.data(name) {
            Data::Plain(value) => value.as_str().unwrap_or_default(),
            _ => "",
        }
    }

    fn images(&self, name: &str) -> Result<Arc<Vec<RgbImage>>, Raised> {
        match self.data(name) {
            Data::Images(images) => Ok(images.clone()),
            _ => Err(Raised::runtime_error(&format!("{}: {name} is no picture", self.class))),
        }
    }
}

/// What goes with a progress message.
#[derive(Debug, Clone)]
pub(super) enum Shown {
    Nothing,
    Jpeg(Arc<Vec<u8>>),
    Png(Arc<Vec<u8>>),
}

#[derive(Default)]
pub(super) struct Given {
    pub outputs: Vec<Data>,
    pub ui: Option<Value>,
    /// The value and the picture of each progress message: samplers count from 1, SaveImageWebsocket from 0, and
    /// VoxelToMesh tells its last one twice.
    pub steps: Vec<(u64, Shown)>,
    pub max_step: u64,
}

impl Given {
    fn outputs(outputs: Vec<Data>) -> Self {
        Self { outputs, ..Self::default() }
    }
}

/// A Python exception.
#[derive(Debug, Clone)]
pub(super) struct Raised {
    pub kind: String,
    pub message: String,
}

impl Raised {
    pub fn new(kind: &str, message: &str) -> Self {
        Self { kind: kind.to_owned(), message: format!("{message}\n") }
    }

    pub fn runtime_error(message: &str) -> Self {
        Self::new("RuntimeError", message)
    }

    /// PyTorch's words and the tip execution.py adds.
    pub fn out_of_memory() -> Self {
        Self::new(
            "torch.OutOfMemoryError",
            "Allocation on device 0 would exceed allowed memory. (out of memory)\n\
             Currently allocated     : 9.36 GiB\nRequested               : 2.25 GiB\n\
             Device limit            : 11.99 GiB\nFree (according to CUDA): 0 bytes\n\
             PyTorch limit (set by user-supplied memory fraction)\n                        : 17179869184.00 GiB\n\
             This error means you ran out of memory on your GPU.\n\n\
             TIPS: If the workflow worked before you might have accidentally set the batch_size to a large number.",
        )
    }
}

pub(super) fn execute(call: &Call) -> Result<Given, Raised> {
    match call.class.as_str() {
        "LoadImage" => image::load(call),
        "EmptyImage" => Ok(image::empty(call)),
        "ImageInvert" => image::invert(call),
        "ImageScale" => image::scale(call),
        "ImageFromBatch" => image::from_batch(call),
        "SaveImage" | "PreviewImage" => save::images(call),
        "SaveAnimatedPNG" | "SaveAnimatedWEBP" | "SaveWEBM" | "SaveVideo" => save::animation(call),
        "SaveImageWebsocket" => save::over_the_socket(call),
        "SaveLatent" => save::latent(call),
        "PreviewAny" => Ok(save::as_text(call)),
        "SaveGLB" => mesh::save(call),
        "VoxelToMesh" | "VoxelToMeshBasic" => mesh::from_voxel(call),
        "VAEDecodeHunyuan3D" => mesh::decode(call),
        "CheckpointLoaderSimple" => Ok(latent::checkpoint(call)),
        "CLIPTextEncode" => latent::encode_text(call),
        "CLIPVisionEncode" => latent::encode_vision(call),
        "StableZero123_Conditioning" | "StableZero123_Conditioning_Batched" => latent::zero123(call),
        "SV3D_Conditioning" => latent::sv3d(call),
        "Hunyuan3Dv2Conditioning" | "Hunyuan3Dv2ConditioningMultiView" => Ok(latent::hunyuan(call)),
        "VAEEncode" => latent::encode_picture(call),
        "BasicGuider" => Ok(latent::guider(call)),
        "KSampler" | "KSamplerAdvanced" | "SamplerCustomAdvanced" => Ok(latent::sample(call)),
        "VAEDecode" | "VAEDecodeTiled" => latent::decode(call),
        _ => Ok(anything(call)),
    }
}

/// Any other class of /object_info: hands on what it got, of the right types.
fn anything(call: &Call) -> Given {
    let first = |fits: fn(&Data) -> bool| call.inputs.values().find(|data| fits(data)).cloned();
    let outputs = call.output_types.iter().map(|kind| match kind.as_str().unwrap_or("COMBO") {
        "IMAGE" => first(|data| matches!(data, Data::Images(_)))
            .unwrap_or_else(|| Data::Images(Arc::new(vec![latent::painted(&call.seed, 64, 64)]))),
        "LATENT" => first(|data| matches!(data, Data::Latent(_))).unwrap_or_else(|| latent::empty(call)),
        "CONDITIONING" | "GUIDER" => first(|data| matches!(data, Data::Conditioning(_)))
            .unwrap_or_else(|| Data::Conditioning(Arc::new(Recipe::Text(String::new())))),
        "SIGMAS" => first(|data| matches!(data, Data::Plain(Value::Number(_)))).unwrap_or(Data::Nothing),
        "INT" | "FLOAT" | "STRING" | "BOOLEAN" => {
            first(|data| matches!(data, Data::Plain(_))).unwrap_or(Data::Nothing)
        }
        kind => Data::Opaque(kind.to_owned()),
    });
    Given::outputs(outputs.collect())
}
