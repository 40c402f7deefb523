//! The program dies, or ends in good order, while its prompt is on a server.

use libtest_mimic::Failed;
use oreforge_protocol::{Command, EngineChoice, JobState, Reply};
use oreforge_tests::fake_comfy::{Boundary, FakeComfy, Outcome};

use crate::desk::{Desk, all_events, begin, block_on, ours, server, stranger};

async fn until(what: impl Fn() -> bool) {
    let so = async {
        while !what() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), so).await.expect("it comes");
}

fn goes_on(desk: &Desk, fake: &FakeComfy) {
    let (id, state) = desk.only_job();
    assert_eq!(state, "interrupted");
    assert_eq!(desk.jobs(&["resume", &id, "--json", "--out", "out"]), Some(0));
    assert!(desk.path("out/stick.glb").is_file());
    assert_eq!(ours(fake), [Outcome::Success; 2], "one prompt for the views, one for the mesh");
}

pub fn while_it_runs() -> Result<(), Failed> {
    for at in [Boundary::message("progress", 2), Boundary::stage("history", 1)] {
        let (fake, desk) = (server(), Desk::new());
        let hold = fake.hold(at.clone());
        let program = desk.forge(&fake);
        block_on(fake.reached(&at))?;
        program.kill();
        hold.release();
        block_on(until(|| ours(&fake) == [Outcome::Success]))?;
        goes_on(&desk, &fake);
    }
    Ok(())
}

/// What is made lies on the server's disk, and nobody remembers it but our note: with the views, and with the mesh.
pub fn with_its_server() -> Result<(), Failed> {
    for (prompt, file) in [(1, 1), (1, 3), (2, 1)] {
        let (fake, desk) = (server(), Desk::new());
        let sent = fake.hold(Boundary::request("POST /prompt", prompt));
        let program = desk.forge(&fake);
        block_on(sent.reached())?;
        let fetched = fake.boundaries().iter().filter(|met| met.name == "request GET /view").count();
        let hold = fake.hold(Boundary::request("GET /view", fetched + file));
        sent.release();
        block_on(hold.reached())?;
        program.kill();
        drop(hold);
        block_on(fake.kill())?;
        block_on(fake.start_again())?;
        goes_on(&desk, &fake);
    }
    Ok(())
}

pub fn while_it_waits() -> Result<(), Failed> {
    let (fake, desk) = (server(), Desk::new());
    let taken = Boundary::stage("taken", 1);
    let hold = fake.hold(taken.clone());
    fake.submit_as_stranger(&stranger()).unwrap();
    block_on(fake.reached(&taken))?;
    let program = desk.forge(&fake);
    block_on(until(|| ours(&fake) == [Outcome::Waiting]))?;
    program.kill();
    hold.release();
    goes_on(&desk, &fake);
    Ok(())
}

pub fn while_it_is_sent() -> Result<(), Failed> {
    for at in [Boundary::request("POST /prompt", 1), Boundary::answer("POST /prompt", 1)] {
        let (fake, desk) = (server(), Desk::new());
        let hold = fake.hold(at.clone());
        let program = desk.forge(&fake);
        block_on(fake.reached(&at))?;
        program.kill();
        hold.release();
        goes_on(&desk, &fake);
    }
    Ok(())
}

pub fn then_cancelled() -> Result<(), Failed> {
    let (fake, desk) = (server(), Desk::new());
    let taken = Boundary::stage("taken", 1);
    let hold = fake.hold(taken.clone());
    let theirs = fake.submit_as_stranger(&stranger()).unwrap();
    block_on(fake.reached(&taken))?;
    let program = desk.forge(&fake);
    block_on(until(|| ours(&fake) == [Outcome::Waiting]))?;
    program.kill();
    let (id, _) = desk.only_job();
    assert_eq!(desk.jobs(&["cancel", &id]), Some(0));
    assert_eq!(desk.only_job(), (id, "cancelled".to_owned()));
    assert_eq!(ours(&fake), [Outcome::Deleted]);
    hold.release();
    let their_end = || fake.ledger().into_iter().find(|sent| sent.prompt_id == theirs).unwrap().outcome;
    block_on(until(|| their_end() == Outcome::Success))?;
    Ok(())
}

pub fn closed_in_good_order() -> Result<(), Failed> {
    let (fake, desk) = (server(), Desk::new());
    let at = Boundary::message("progress", 2);
    let hold = fake.hold(at.clone());
    block_on(async {
        let forge = desk.open();
        let job = begin(&forge, desk.request(EngineChoice::Comfy, Some(fake.url()))).await;
        fake.reached(&at).await;
        forge.shutdown().await;
        assert_eq!(ours(&fake), [Outcome::Running], "what runs is left alone");
        drop(forge);
        hold.release();
        let forge = desk.open();
        match forge.execute(Command::GetJob { id: job.id }).await.unwrap() {
            Reply::GetJob(job) => assert_eq!(job.state, JobState::Interrupted),
            other => panic!("{other:?}"),
        }
        forge.execute(Command::ResumeJob { id: job.id }).await.unwrap();
        all_events(&forge, job.id).await;
        match forge.execute(Command::GetJob { id: job.id }).await.unwrap() {
            Reply::GetJob(job) => assert_eq!((job.error, job.state), (None, JobState::Done)),
            other => panic!("{other:?}"),
        }
        forge.shutdown().await;
    })?;
    assert_eq!(ours(&fake), [Outcome::Success; 2]);
    Ok(())
}
