use std::sync::Arc;

use async_trait::async_trait;
use oreforge_pipeline::PromptLedger;
use oreforge_protocol::{ErrorReport, JobId, PromptNote, StepName};

use crate::queue::Inner;

/// The ledger of one step of one job, in the store.
pub(crate) struct StorePrompts {
    pub(crate) inner: Arc<Inner>,
    pub(crate) job: JobId,
    pub(crate) step: StepName,
}

#[async_trait]
impl PromptLedger for StorePrompts {
    async fn prompts(&self) -> Result<Vec<PromptNote>, ErrorReport> {
        let (job, step) = (self.job, self.step);
        self.inner.read(move |store| store.prompts(job, step)).await
    }

    async fn note(&self, note: PromptNote) -> Result<(), ErrorReport> {
        let (job, step) = (self.job, self.step);
        self.inner.read(move |store| store.note_prompt(job, step, &note)).await
    }
}
