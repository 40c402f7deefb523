//! Several servers as one place to work at: what is to be made goes to the least busy one that can make it.

mod errand;
mod words;

use futures_util::future::join_all;
use oreforge_protocol::{ErrorCode, ErrorReport, PromptNote};

use super::health::Health;
use super::preflight::{ObjectInfo, Problem, preflight};
use super::server::Server;
use super::version::Version;
use super::workflow::InputError;

pub use errand::{Errand, Ran};

/// A server that is just being started gets this many tries.
const TRIES: u32 = 3;

/// The servers that work may go to.
#[derive(Debug, Clone, Default)]
pub struct Desk {
    servers: Vec<Server>,
}

/// A server, and which of several ways to make something it can go.
#[derive(Debug)]
pub(crate) struct Fit {
    pub server: Server,
    pub errand: usize,
    /// Of the server, where it is known.
    pub version: Option<Version>,
}

/// Why a server is no place for some errand.
enum Unfit {
    Health(Health),
    Input(InputError),
    Problems { title: String, problems: Vec<Problem> },
}

impl Desk {
    pub fn new(servers: Vec<Server>) -> Self {
        Self { servers }
    }

    pub fn is_empty(&self) -> bool {
        self.servers.is_empty()
    }

    pub fn servers(&self) -> &[Server] {
        &self.servers
    }

    /// How each server is, by its address; asks once.
    pub async fn healths(&self) -> Vec<(String, Health)> {
        join_all(
            self.servers
                .iter()
                .map(async |server| (server.address().to_string(), server.health_within(TRIES).await)),
        )
        .await
    }

    /// What each server that answers has, by its address.
    pub async fn nodes(&self) -> Vec<(String, ObjectInfo)> {
        let asked = self.servers.iter().map(async |server| {
            let health = server.health_within(TRIES).await;
            health.queued()?;
            let nodes = server.object_info_within(TRIES).await.ok()?;
            let info = ObjectInfo::of(&nodes).on(health.version());
            Some((server.address().to_string(), info))
        });
        join_all(asked).await.into_iter().flatten().collect()
    }

    /// Takes a prompt that nobody waits for out of its server, if that is one of these. False when the server does
    /// not say that it is gone.
    pub async fn withdraw(&self, note: PromptNote) -> bool {
        match self.servers.iter().find(|server| server.address().to_string() == note.server) {
            Some(server) => server.withdraw(note).await,
            None => false,
        }
    }

    /// Finds out which of these errands, best first, can be run now, without running it.
    ///
    /// # Errors
    /// `EngineUnavailable` with all that is in the way on every server; `BadRequest` when an input cannot be set.
    pub async fn first_that_fits(&self, errands: &[Errand]) -> Result<usize, ErrorReport> {
        self.fit(errands, &[]).await.map(|fit| fit.errand)
    }

    /// The least busy server that can run the earliest of these errands.
    async fn fit(&self, errands: &[Errand], passed_over: &[Server]) -> Result<Fit, ErrorReport> {
        if self.servers.is_empty() {
            return Err(ErrorReport::new(ErrorCode::EngineUnavailable, "No ComfyUI server is named.")
                .with_hint("Name one with --comfy URL or in the settings, or choose the draft engine."));
        }
        let left = self
            .servers
            .iter()
            .filter(|server| passed_over.iter().all(|gone| gone.address() != server.address()));
        let asked = join_all(left.map(async |server| (server, server.health_within(TRIES).await))).await;
        let mut unfit: Vec<(&Server, Unfit)> = Vec::new();
        let mut ready: Vec<(u32, &Server, Option<Version>)> = Vec::new();
        for (server, health) in asked {
            match health.queued() {
                Some(queued) => ready.push((queued, server, health.version())),
                None => unfit.push((server, Unfit::Health(health))),
            }
        }
        // Stable: servers that are equally busy stay in the order they were named in.
        ready.sort_by_key(|(queued, ..)| *queued);
        let mut known: Vec<(&Server, ObjectInfo)> = Vec::new();
        for (_, server, version) in ready {
            match server.object_info_within(TRIES).await {
                Ok(nodes) => known.push((server, ObjectInfo::of(&nodes).on(version))),
                Err(error) => {
                    let reason = error.to_string();
                    unfit.push((server, Unfit::Health(Health::Starting { reason })));
                }
            }
        }
        for (index, errand) in errands.iter().enumerate() {
            for (server, nodes) in &known {
                match errand.planned() {
                    Err(error) => unfit.push((server, Unfit::Input(error))),
                    Ok(graph) => {
                        let problems = preflight(&graph, &errand.workflow.manifest, nodes).problems;
                        if problems.is_empty() {
                            let version = nodes.version;
                            return Ok(Fit { server: (*server).clone(), errand: index, version });
                        }
                        let title = errand.workflow.manifest.title.clone();
                        unfit.push((server, Unfit::Problems { title, problems }));
                    }
                }
            }
        }
        Err(words::nowhere(&unfit))
    }
}
