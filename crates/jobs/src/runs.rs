use std::sync::Arc;

use async_trait::async_trait;
use oreforge_pipeline::{
    Engines, ForgeRun, ForgeSpec, ProspectRun, ProspectSpec, StepError, StepHost, StepInputs, StepOutput,
};
use oreforge_protocol::{ErrorReport, PromptNote, StepName};

/// What a run is about.
#[derive(Debug, Clone)]
pub enum JobSpec {
    Forge(ForgeSpec),
    Prospect(ProspectSpec),
}

/// One run of one job's steps.
#[async_trait]
pub trait Run: Send {
    /// How much a step writes, about, in bytes.
    fn written_bytes(&self, step: StepName) -> u64;

    async fn run_step(&mut self, step: StepName, host: StepHost) -> Result<StepOutput, StepError>;
}

/// Where runs come from.
#[async_trait]
pub trait Runs: Send + Sync {
    /// A run, and the name of the engine it works with.
    ///
    /// # Errors
    /// When the wanted engine cannot work now.
    async fn start(
        &self,
        spec: JobSpec,
        inputs: Arc<dyn StepInputs>,
    ) -> Result<(Box<dyn Run>, String), ErrorReport>;

    /// Takes a prompt that nobody waits for out of its server. False when that has to be tried again later.
    async fn take_back(&self, note: PromptNote) -> bool;
}

/// Runs of the real pipeline.
pub struct PipelineRuns {
    engines: Engines,
}

impl PipelineRuns {
    pub fn new(engines: Engines) -> Self {
        Self { engines }
    }
}

#[async_trait]
impl Runs for PipelineRuns {
    async fn start(
        &self,
        spec: JobSpec,
        inputs: Arc<dyn StepInputs>,
    ) -> Result<(Box<dyn Run>, String), ErrorReport> {
        self.engines.learn_secrets().await;
        match spec {
            JobSpec::Forge(spec) => {
                let engines = self.engines.choose(&spec.params).await?;
                let name = engines.name();
                Ok((Box::new(ForgeRun::new(spec, engines, inputs)), name))
            }
            JobSpec::Prospect(spec) => {
                let prospector = self.engines.prospector(&spec.request).await?;
                let name = prospector.engine().to_string();
                Ok((Box::new(ProspectRun::new(spec, prospector, inputs)), name))
            }
        }
    }

    async fn take_back(&self, note: PromptNote) -> bool {
        self.engines.take_back(note).await
    }
}

#[async_trait]
impl Run for ProspectRun {
    fn written_bytes(&self, step: StepName) -> u64 {
        ProspectRun::written_bytes(self, step)
    }

    async fn run_step(&mut self, step: StepName, host: StepHost) -> Result<StepOutput, StepError> {
        ProspectRun::run_step(self, step, host).await
    }
}

#[async_trait]
impl Run for ForgeRun {
    fn written_bytes(&self, step: StepName) -> u64 {
        ForgeRun::written_bytes(self, step)
    }

    async fn run_step(&mut self, step: StepName, host: StepHost) -> Result<StepOutput, StepError> {
        ForgeRun::run_step(self, step, host).await
    }
}
