use std::collections::BTreeSet;
use std::sync::Arc;

use oreforge_pipeline::{ForgeSpec, ProspectSpec, StepInputs};
use oreforge_protocol::{
    ArtifactKind, ErrorCode, ErrorReport, JobId, JobRequest, SourceId, SourceRef, StepReport, ViewSlot,
};
use oreforge_store::{QueuedJob, Store};

use crate::runs::JobSpec;

/// What a job's steps read, from the store.
pub(crate) struct StoreInputs {
    pub(crate) store: Arc<Store>,
    pub(crate) job: JobId,
    pub(crate) request: JobRequest,
}

impl StepInputs for StoreInputs {
    fn source(&self) -> Result<Vec<u8>, ErrorReport> {
        match &self.request {
            JobRequest::Forge(request) => self.read(&request.source),
            JobRequest::Prospect(request) => {
                self.read(request.source.as_ref().ok_or_else(|| missing("picture"))?)
            }
        }
    }

    fn given_view(&self, slot: ViewSlot) -> Result<Vec<u8>, ErrorReport> {
        let given = match &self.request {
            JobRequest::Forge(request) => request.views.get(&slot),
            JobRequest::Prospect(_) => None,
        };
        self.read(given.ok_or_else(|| missing("side view"))?)
    }

    fn mask(&self) -> Result<Vec<u8>, ErrorReport> {
        let given = match &self.request {
            JobRequest::Forge(request) => request.mask.as_ref(),
            JobRequest::Prospect(_) => None,
        };
        self.read(given.ok_or_else(|| missing("mask"))?)
    }

    fn depth_map(&self) -> Result<Vec<u8>, ErrorReport> {
        let given = match &self.request {
            JobRequest::Forge(request) => request.depth_map.as_ref(),
            JobRequest::Prospect(_) => None,
        };
        self.read(given.ok_or_else(|| missing("depth map"))?)
    }

    fn artifact(&self, kind: ArtifactKind, slot: Option<ViewSlot>) -> Result<Vec<u8>, ErrorReport> {
        let artifacts = self.store.input_artifacts(self.job)?;
        let found = artifacts.iter().find(|artifact| artifact.kind == kind && artifact.slot == slot);
        Ok(self.store.artifact_bytes(found.ok_or_else(|| {
            ErrorReport::new(ErrorCode::ArtifactNotFound, "A file of an earlier step is not there.")
        })?)?)
    }

    fn pictures(&self) -> Result<BTreeSet<u32>, ErrorReport> {
        let artifacts = self.store.input_artifacts(self.job)?;
        let pictures = artifacts.into_iter().filter(|artifact| artifact.kind == ArtifactKind::Picture);
        Ok(pictures.filter_map(|artifact| artifact.number).collect())
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
        SourceRef::Path { .. } | SourceRef::Sample { .. } | SourceRef::Artifact { .. } => {
            Err(ErrorReport::new(ErrorCode::PictureMissing, "The picture of this job was never read in.")
                .with_hint("Open the picture again."))
        }
    }
}

pub(crate) fn spec(job: &QueuedJob) -> Result<JobSpec, ErrorReport> {
    let name = job.name.clone();
    match &job.request {
        JobRequest::Forge(request) => {
            let (source_id, source_name) = imported(&request.source)?;
            Ok(JobSpec::Forge(ForgeSpec {
                name,
                source_name: source_name.to_owned(),
                source_id: source_id.clone(),
                params: request.params.clone(),
                given_views: request.views.keys().copied().collect(),
                has_mask: request.mask.is_some(),
                has_depth_map: request.depth_map.is_some(),
            }))
        }
        JobRequest::Prospect(request) => {
            Ok(JobSpec::Prospect(ProspectSpec { name, request: request.clone() }))
        }
    }
}
