//! Jobs with steps that do as their job's name says: `panic-views`, `hang-mesh`, `deaf-mesh`, `fail-gate`,
//! `huge-finish`, `refuse-start`.

use std::sync::Arc;

use async_trait::async_trait;
use oreforge_jobs::{JobSpec, Run, Runs, StepError, StepHost, StepInputs, StepOutput};
use oreforge_pipeline::NewArtifact;
use oreforge_protocol::{ArtifactKind, ErrorCode, ErrorReport, LogLevel, PromptNote, StepName, ViewSlot};

pub struct FakeRuns;
struct FakeRun {
    name: String,
    inputs: Arc<dyn StepInputs>,
}

#[async_trait]
impl Runs for FakeRuns {
    async fn start(
        &self,
        spec: JobSpec,
        inputs: Arc<dyn StepInputs>,
    ) -> Result<(Box<dyn Run>, String), ErrorReport> {
        let name = match spec {
            JobSpec::Forge(spec) => spec.name,
            JobSpec::Prospect(spec) => spec.name,
        };
        if name == "refuse-start" {
            return Err(ErrorReport::new(ErrorCode::EngineUnavailable, "no server"));
        }
        Ok((Box::new(FakeRun { name, inputs }), "fake".to_owned()))
    }

    async fn take_back(&self, _: PromptNote) -> bool {
        false
    }
}

#[async_trait]
impl Run for FakeRun {
    fn written_bytes(&self, step: StepName) -> u64 {
        if self.name.strip_prefix("huge-") == Some(step.as_str()) { u64::MAX } else { 0 }
    }

    async fn run_step(&mut self, step: StepName, host: StepHost) -> Result<StepOutput, StepError> {
        for percent in 0..100 {
            host.sink.progress(percent as f32 / 100.0, "counting");
        }
        host.sink.log(LogLevel::Info, format!("in {step}"));
        match self.name.split_once('-') {
            Some(("panic", at)) if at == step.as_str() => panic!("the fake broke"),
            Some(("fail", at)) if at == step.as_str() => {
                return Err(ErrorReport::new(ErrorCode::EngineFailed, "no luck").into());
            }
            Some(("deaf", at)) if at == step.as_str() => std::future::pending().await,
            Some(("hang", at)) if at == step.as_str() => {
                host.cancel.cancelled().await;
                return Err(StepError::Cancelled);
            }
            _ => {}
        }
        let inputs = Arc::clone(&self.inputs);
        let picture = move |kind, slot: Option<ViewSlot>| NewArtifact {
            kind,
            slot,
            number: None,
            bytes: format!("{kind:?} {slot:?}").into_bytes(),
            stats: None,
        };
        let mut output = StepOutput::default();
        match step {
            StepName::Prepare => {
                let source = tokio::task::spawn_blocking(move || inputs.source()).await.unwrap()?;
                assert_eq!(source, b"a picture");
                output.artifacts.push(picture(ArtifactKind::Cutout, None));
            }
            StepName::Views => {
                tokio::task::spawn_blocking(move || {
                    for slot in [ViewSlot::Front, ViewSlot::Back] {
                        host.sink.publish(picture(ArtifactKind::View, Some(slot))).unwrap();
                    }
                })
                .await
                .unwrap();
            }
            StepName::Mesh => output.artifacts.push(picture(ArtifactKind::RawMesh, None)),
            StepName::Finish => output.artifacts.push(picture(ArtifactKind::Mesh, None)),
            StepName::Gate | StepName::Export => {}
            StepName::Pictures => {
                let (hangs, sink) = (self.name == "stop-half-way", host.sink);
                let missing = tokio::task::spawn_blocking(move || {
                    let known = inputs.pictures().unwrap();
                    let missing: Vec<u32> = (0..4).filter(|number| !known.contains(number)).collect();
                    let so_many = if hangs && known.is_empty() { 2 } else { missing.len() };
                    for number in &missing[..so_many] {
                        let picture = picture(ArtifactKind::Picture, None);
                        sink.publish(NewArtifact { number: Some(*number), ..picture }).unwrap();
                    }
                    missing.len() - so_many
                })
                .await
                .unwrap();
                if missing > 0 {
                    host.cancel.cancelled().await;
                    return Err(StepError::Cancelled);
                }
            }
        }
        Ok(output)
    }
}
