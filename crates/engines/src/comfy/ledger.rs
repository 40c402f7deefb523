use async_trait::async_trait;
use oreforge_protocol::{ErrorReport, PromptNote};

/// Where the prompts of one step of one job are noted. Implemented by whoever keeps the job, and emptied when the
/// step is committed or begins anew: an open prompt of the same graph is adopted, not run again.
#[async_trait]
pub trait PromptLedger: Send + Sync {
    /// Every prompt noted for this step, in the order of their first note.
    ///
    /// # Errors
    /// When the notes cannot be read.
    async fn prompts(&self) -> Result<Vec<PromptNote>, ErrorReport>;

    /// Replaces the note of the same prompt id. Returns when the note is safe on disk: a prompt is sent only
    /// after that, so that one whose answer we did not live to see is found again.
    ///
    /// # Errors
    /// When the note cannot be written; then the prompt is not sent.
    async fn note(&self, note: PromptNote) -> Result<(), ErrorReport>;
}
