use std::collections::BTreeMap;
use std::path::Path;

use oreforge_protocol::{ComfyChoices, ErrorCode, ErrorReport, ForgeParams};
use serde_json::Value;

use crate::comfy::workflow::{InputKind, Kind, Workflow};

/// A step that a server can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Views,
    Mesh,
}

impl Step {
    const ALL: [Step; 2] = [Step::Views, Step::Mesh];

    fn as_str(self) -> &'static str {
        match self {
            Step::Views => "views",
            Step::Mesh => "mesh",
        }
    }

    fn takes(self, kind: Kind) -> bool {
        match kind {
            Kind::ImageToViews => self == Step::Views,
            Kind::ImageToMesh | Kind::ViewsToMesh => self == Step::Mesh,
            Kind::TextToImage | Kind::ImageToDepth | Kind::Other => false,
        }
    }

    /// Built-in workflows, best first.
    fn preferred(self) -> &'static [&'static str] {
        match self {
            Step::Views => &["image-to-views-zero123", "image-to-views-sv3d"],
            Step::Mesh => &["views-to-mesh-hunyuan3d", "image-to-mesh-hunyuan3d"],
        }
    }
}

/// Every workflow that can be named: the built-in ones and a person's own.
#[derive(Debug, Clone)]
pub struct Workflows {
    /// A person's own come later and win over built-in ones of the same name.
    known: Vec<Workflow>,
    /// Files of the person's folder that are none, with the reason.
    unusable: Vec<(String, String)>,
}

impl Workflows {
    /// Reads the person's folder; blocks on files.
    pub fn load(folder: Option<&Path>) -> Self {
        let (mut known, mut unusable) = (Workflow::built_in(), Vec::new());
        for (path, workflow) in folder.map(Workflow::load_folder).unwrap_or_default() {
            match workflow {
                Ok(workflow) => known.push(workflow),
                Err(error) => {
                    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                    unusable.push((name, error.to_string()));
                }
            }
        }
        Self { known, unusable }
    }

    pub fn known(&self) -> &[Workflow] {
        &self.known
    }

    /// Files of the person's folder that are no workflows: their names, and why not.
    pub fn unusable(&self) -> &[(String, String)] {
        &self.unusable
    }

    /// The workflow of a name.
    ///
    /// # Errors
    /// `BadRequest` when there is none, with the reason when there is a file.
    pub fn named(&self, name: &str) -> Result<&Workflow, ErrorReport> {
        self.known.iter().rfind(|workflow| workflow.name == name).ok_or_else(|| {
            match self.unusable.iter().find(|(unusable, _)| unusable == name) {
                Some((_, reason)) => ErrorReport::new(
                    ErrorCode::BadRequest,
                    format!("The workflow \"{name}\" cannot be used. {reason}"),
                ),
                None => {
                    let names: Vec<&str> = self.known.iter().map(|workflow| workflow.name.as_str()).collect();
                    ErrorReport::new(ErrorCode::BadRequest, format!("There is no workflow \"{name}\"."))
                        .with_hint(format!("There are: {}.", names.join(", ")))
                }
            }
        })
    }

    /// The one that was named, or the built-in ones of the step, best first.
    pub(super) fn of_step(&self, step: Step, name: Option<&str>) -> Result<Vec<Workflow>, ErrorReport> {
        let Some(name) = name else {
            return step.preferred().iter().map(|name| self.named(name).cloned()).collect();
        };
        let workflow = self.named(name)?;
        if step.takes(workflow.manifest.kind) {
            return Ok(vec![workflow.clone()]);
        }
        Err(ErrorReport::new(
            ErrorCode::BadRequest,
            format!("\"{name}\" is no workflow for the {} step.", step.as_str()),
        )
        .with_hint("A manifest beside the workflow (NAME.toml) says what it takes and makes."))
    }
}

/// Every value that is set must belong to a step that takes some.
pub(super) fn check_settable(choices: &ComfyChoices) -> Result<(), ErrorReport> {
    let of_a_step = |key: &str| {
        Step::ALL.iter().any(|step| key.split_once('.').is_some_and(|(of, _)| of == step.as_str()))
    };
    match choices.set.keys().find(|key| !of_a_step(key)) {
        None => Ok(()),
        Some(key) => {
            Err(ErrorReport::new(ErrorCode::BadRequest, format!("\"{key}\" is no input of a step."))
                .with_hint("Write it as STEP.INPUT, like views.steps or mesh.cfg."))
        }
    }
}

/// What a workflow's inputs are set to; pictures not among them.
pub(super) fn values(step: Step, workflow: &Workflow, params: &ForgeParams) -> BTreeMap<String, Value> {
    let seeds = workflow.manifest.inputs.iter().filter(|input| input.kind == InputKind::Seed);
    let mut values: BTreeMap<String, Value> =
        seeds.map(|input| (input.name.clone(), params.seed.into())).collect();
    for (key, value) in &params.comfy.set {
        if let Some((of, input)) = key.split_once('.')
            && of == step.as_str()
        {
            values.insert(input.to_owned(), value.clone().into());
        }
    }
    values
}
