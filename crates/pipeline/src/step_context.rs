//! The context an engine runs in, built from what the runner of the step hands in.

use std::any::Any;
use std::sync::{Arc, Mutex};

use oreforge_engines::{EngineError, StepContext};

use crate::{StepError, StepHost};

pub(crate) type Memo = Arc<Mutex<Option<Arc<dyn Any + Send + Sync>>>>;

pub(crate) fn step_context(host: &StepHost, memo: &Memo) -> Arc<StepContext> {
    let [to_progress, to_log, to_preview] = [(); 3].map(|()| Arc::clone(&host.sink));
    Arc::new(StepContext {
        cancel: host.cancel.clone(),
        leaving: host.leaving.clone(),
        prompts: Arc::clone(&host.prompts),
        on_progress: Box::new(move |fraction, doing| to_progress.progress(fraction, doing)),
        on_log: Box::new(move |level, message| to_log.log(level, message)),
        on_preview: Box::new(move |preview| to_preview.preview(None, preview)),
        memo: Arc::clone(memo),
    })
}

impl From<EngineError> for StepError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Cancelled => StepError::Cancelled,
            EngineError::Failed(report) => StepError::Failed(report),
        }
    }
}

impl From<oreforge_geometry::Cancelled> for StepError {
    fn from(oreforge_geometry::Cancelled: oreforge_geometry::Cancelled) -> Self {
        StepError::Cancelled
    }
}
