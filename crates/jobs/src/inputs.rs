use std::sync::Arc;

use oreforge_pipeline::{ForgeSpec, StepInputs};
use oreforge_protocol::{
    ArtifactKind, ErrorCode, ErrorReport, ForgeRequest, JobId, SourceId, SourceRef, StepReport, ViewSlot,
};
use oreforge_store::{QueuedJob, Store};

/// What a job's steps read, from the store.
pub(crate) struct StoreInputs {
    pub(crate) store: Arc<Store>,
    pub(crate) job: JobId,
    pub(crate) request: ForgeRequest,
}

impl StepInputs for StoreInputs {
    fn source(&self) -> Result<Vec<u8>, ErrorReport> {
        self.read(&self.request.source)
    }

    fn given_view(&self, slot: ViewSlot) -> Result<Vec<u8>, ErrorReport> {
        self.read(self.request.views.get(&slot).ok_or_else(|| missing("side view"))?)
    }

    fn mask(&self) -> Result<Vec<u8>, ErrorReport> {
        self.read(self.request.mask.as_ref().ok_or_else(|| missing("mask"))?)
    }

    fn artifact(&self, kind: ArtifactKind, slot: Option<ViewSlot>) -> Result<Vec<u8>, ErrorReport> {
        let artifacts = self.store.input_artifacts(self.job)?;
        let found = artifacts.iter().find(|artifact| artifact.kind == kind && artifact.slot == slot);
        Ok(self.store.artifact_bytes(found.ok_or_else(|| missing("file of an earlier step"))?)?)
    }

    fn reports(&self) -> Result<Vec<StepReport>, ErrorReport> {
        Ok(self.store.step_reports(self.job)?)
    }
}

impl StoreInputs {
    fn read(&self, source: &SourceRef) -> Result<Vec<u8>, ErrorReport> {
        Ok(self.store.source_bytes(imported(source)?.0)?)
    }
}

fn missing(what: &str) -> ErrorReport {
    ErrorReport::new(ErrorCode::PictureMissing, format!("A {what} of this job is not there."))
}

/// The id and file name of a picture that is in the store, as every picture of a job that may start is.
fn imported(source: &SourceRef) -> Result<(&SourceId, &str), ErrorReport> {
    match source {
        SourceRef::Imported { id, file_name } => Ok((id, file_name)),
        SourceRef::Path { .. } | SourceRef::Sample { .. } => {
            Err(ErrorReport::new(ErrorCode::PictureMissing, "The picture of this job was never read in.")
                .with_hint("Open the picture again."))
        }
    }
}

pub(crate) fn spec(job: &QueuedJob) -> Result<ForgeSpec, ErrorReport> {
    let (source_id, source_name) = imported(&job.request.source)?;
    Ok(ForgeSpec {
        name: job.name.clone(),
        source_name: source_name.to_owned(),
        source_id: source_id.clone(),
        params: job.request.params.clone(),
        given_views: job.request.views.keys().copied().collect(),
        has_mask: job.request.mask.is_some(),
    })
}
