//! Which engines exist here.

use std::sync::Arc;

use oreforge_engines::Engine;
use oreforge_engines::draft::DraftEngine;
use oreforge_protocol::{EngineChoice, EngineStatus, ErrorCode, ErrorReport};

/// The engines of this program.
#[derive(Clone)]
pub struct Engines {
    draft: Arc<dyn Engine>,
}

/// The engines of this program, ready to be chosen from.
pub fn engines() -> Engines {
    Engines { draft: Arc::new(DraftEngine::new()) }
}

impl Engines {
    pub fn choose(&self, choice: EngineChoice) -> Result<Arc<dyn Engine>, ErrorReport> {
        match choice {
            EngineChoice::Auto | EngineChoice::Draft => Ok(Arc::clone(&self.draft)),
            EngineChoice::Comfy => Err(ErrorReport::new(
                ErrorCode::EngineUnavailable,
                "This version of Oreforge cannot talk to ComfyUI yet.",
            )
            .with_hint("Choose the draft engine: it needs no server and no graphics card.")),
        }
    }

    /// Why no engine here makes pictures from a prompt.
    pub fn no_prompts(&self) -> ErrorReport {
        ErrorReport::new(ErrorCode::EngineUnavailable, "This version of Oreforge cannot talk to ComfyUI yet.")
            .with_hint("Forge a picture that you have: it needs no server and no graphics card.")
    }

    pub fn status(&self) -> Vec<EngineStatus> {
        let threads = std::thread::available_parallelism().map_or(1, |count| count.get());
        vec![EngineStatus {
            engine: self.draft.name().to_string(),
            ready: true,
            note: format!("In the app, on {threads} CPU threads. Needs no network and no models."),
        }]
    }
}
