//! Which engine makes each step of a job.

use std::sync::Arc;

use oreforge_engines::Engine;
use oreforge_engines::comfy::ComfyEngine;
use oreforge_protocol::{EngineChoice, ErrorCode, ErrorReport, ForgeParams};

use super::Engines;

/// The engines of one job, step by step.
pub struct ForgeEngines {
    pub views: Arc<dyn Engine>,
    pub mesh: Arc<dyn Engine>,
    /// Why they are not those that were hoped for.
    pub notes: Vec<String>,
}

impl ForgeEngines {
    /// `draft`, `comfy`, or both, the one of the views first.
    pub fn name(&self) -> String {
        let (views, mesh) = (self.views.name(), self.mesh.name());
        if views == mesh { views.to_string() } else { format!("{views}+{mesh}") }
    }
}

/// What makes a step.
#[derive(Clone, Copy)]
enum Part {
    Views,
    Mesh,
}

impl Engines {
    /// The engines that a job with these parameters runs on now.
    ///
    /// # Errors
    /// `EngineUnavailable` with all that is in the way of a ComfyUI that was asked for; `BadRequest` for choices
    /// that no server could meet.
    pub async fn choose(&self, params: &ForgeParams) -> Result<ForgeEngines, ErrorReport> {
        let views = params.views_engine.unwrap_or(params.engine);
        let mesh = params.mesh_engine.unwrap_or(params.engine);
        let draft =
            |notes| ForgeEngines { views: Arc::clone(&self.draft), mesh: Arc::clone(&self.draft), notes };
        let asked_for = [views, mesh].contains(&EngineChoice::Comfy);
        if views == EngineChoice::Draft && mesh == EngineChoice::Draft {
            return Ok(draft(Vec::new()));
        }
        let desk = self.desk(params.comfy.server.as_deref())?;
        if desk.is_empty() && !asked_for {
            return Ok(draft(Vec::new()));
        }
        let workflows = self.read_workflows().await?;
        let comfy = Arc::new(ComfyEngine::new(desk, &workflows, params)?);
        let mut notes = Vec::new();
        let (views, mesh) = tokio::join!(
            self.engine_of(Part::Views, views, &comfy, params),
            self.engine_of(Part::Mesh, mesh, &comfy, params)
        );
        match (views, mesh) {
            (Ok((views, why_views)), Ok((mesh, why_mesh))) => {
                notes.extend(why_views);
                notes.extend(why_mesh.filter(|why| !notes.contains(why)));
                Ok(ForgeEngines { views, mesh, notes })
            }
            (Err(views), Err(mesh)) => Err(together(views, mesh)),
            (Err(report), Ok(_)) | (Ok(_), Err(report)) => Err(report),
        }
    }

    async fn engine_of(
        &self,
        part: Part,
        choice: EngineChoice,
        comfy: &Arc<ComfyEngine>,
        params: &ForgeParams,
    ) -> Result<(Arc<dyn Engine>, Option<String>), ErrorReport> {
        if choice == EngineChoice::Draft {
            return Ok((Arc::clone(&self.draft), None));
        }
        let ready = match part {
            Part::Views => comfy.ready_for_views(params).await,
            Part::Mesh => comfy.ready_for_mesh(params).await,
        };
        match (ready, choice) {
            (Ok(()), _) => Ok((Arc::clone(comfy) as Arc<dyn Engine>, None)),
            (Err(report), EngineChoice::Auto) if report.code == ErrorCode::EngineUnavailable => {
                let what = match part {
                    Part::Views => "views",
                    Part::Mesh => "mesh",
                };
                let why = format!("The draft engine makes the {what}. {}", report.message);
                Ok((Arc::clone(&self.draft), Some(why)))
            }
            (Err(report), _) => Err(report),
        }
    }
}

/// Two reports of one kind as one; what makes no sense comes before what is not there.
fn together(first: ErrorReport, second: ErrorReport) -> ErrorReport {
    if first == second || first.code == ErrorCode::BadRequest {
        return first;
    }
    if second.code == ErrorCode::BadRequest {
        return second;
    }
    let lines = |a: Option<&str>, b: Option<&str>| {
        let mut lines: Vec<&str> = Vec::new();
        for line in [a, b].into_iter().flatten().flat_map(str::lines) {
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
        lines.join("\n")
    };
    let report = ErrorReport::new(first.code, lines(Some(&first.message), Some(&second.message)));
    let hint = lines(first.hint.as_deref(), second.hint.as_deref());
    if hint.is_empty() { report } else { report.with_hint(hint) }
}
