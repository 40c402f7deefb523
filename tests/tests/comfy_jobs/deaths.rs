//! The program is killed at every moment of a whole job that changes what it knows or what its server has.

use std::collections::HashMap;

use libtest_mimic::Failed;
use oreforge_protocol::{Command, JobState, Reply};
use oreforge_tests::fake_comfy::{Boundary, Outcome};
use tokio::time::sleep;

use crate::cases::{after_a_stranger, boundaries, small_server};
use crate::desk::{Desk, MAX_RUN, all_events, block_on, every, ours};
use crate::faults::check_made;

/// What only shows how far a prompt is changes nothing.
fn is_for_show(boundary: &Boundary) -> bool {
    ["progress", "preview", "status"].iter().any(|kind| boundary.name.starts_with(&format!("message {kind}")))
}

/// Of a whole job, counted from its start.
async fn moments() -> Vec<Boundary> {
    let [to_views, to_mesh] = boundaries().await;
    let mut before: HashMap<String, usize> = HashMap::new();
    for Boundary { name, nth } in &to_views {
        let last = before.entry(name.clone()).or_default();
        *last = (*last).max(*nth);
    }
    let to_mesh = to_mesh.into_iter().map(|Boundary { name, nth }| {
        let nth = nth + before.get(&name).copied().unwrap_or(0);
        Boundary { name, nth }
    });
    to_views.iter().cloned().chain(to_mesh).filter(|boundary| !is_for_show(boundary)).collect()
}

async fn killed_at(moment: Boundary) {
    let (fake, desk) = (small_server(), Desk::new());
    after_a_stranger(&fake).await;
    let hold = fake.hold(moment.clone());
    let mut program = desk.small_forge(&fake);
    let killed = tokio::select! {
        () = hold.reached() => true,
        code = program.ended() => {
            assert_eq!(code, Some(0), "{moment}");
            false
        }
        () = sleep(MAX_RUN) => panic!("{moment}: the program neither comes there nor ends"),
    };
    program.kill();
    hold.release();
    let forge = desk.open_impatient().await;
    let jobs = match forge.execute(Command::ListJobs { limit: 2 }).await.unwrap() {
        Reply::ListJobs(jobs) => jobs,
        other => panic!("{other:?}"),
    };
    let [job] = &jobs[..] else {
        assert_eq!((jobs.len(), ours(&fake)), (0, Vec::new()), "{moment}: killed before there was a job");
        return;
    };
    // A job that was still waiting for its engines is begun by whoever has the folder now.
    let begun = killed && !matches!(job.state, JobState::Queued | JobState::Running);
    if begun {
        assert_eq!(job.state, JobState::Interrupted, "{moment}");
        forge.execute(Command::ResumeJob { id: job.id }).await.unwrap();
    }
    let events = all_events(&forge, job.id).await;
    assert_eq!(events.iter().filter(|event| event.body.is_terminal()).count(), 1, "{moment}");
    match forge.execute(Command::GetJob { id: job.id }).await.unwrap() {
        Reply::GetJob(job) => check_made(&job, &moment.to_string()),
        other => panic!("{other:?}"),
    }
    forge.shutdown().await;
    assert_eq!(ours(&fake), [Outcome::Success; 2], "{moment}");
}

pub fn at_every_boundary() -> Result<(), Failed> {
    block_on(async {
        let moments = moments().await;
        eprintln!("the program killed at {} moments", moments.len());
        every(moments, killed_at).await
    })?
}
