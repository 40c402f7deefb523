use std::path::{Path, PathBuf};

use futures_util::StreamExt;
use oreforge_commands::{Config, Oreforge};
use oreforge_protocol::{
    Command, ErrorCode, ErrorReport, EventSeq, JobId, JobKind, JobSnapshot, JobState, Reply, StepName,
    StepSnapshot,
};
use serde::Serialize;

use crate::args::{Common, JobsArgs, JobsVerb};
use crate::exit::Exit;
use crate::follow::{Place, follow, mismatch, snapshot};
use crate::interrupt::Interrupt;
use crate::outputs;
use crate::show::{json_line, out_line};

pub async fn jobs(args: JobsArgs) -> anyhow::Result<Exit> {
    let common = match &args.verb {
        JobsVerb::List { common, .. }
        | JobsVerb::Show { common, .. }
        | JobsVerb::Events { common, .. }
        | JobsVerb::Cancel { common, .. }
        | JobsVerb::Resume { common, .. }
        | JobsVerb::Move { common, .. }
        | JobsVerb::Pause { common }
        | JobsVerb::Unpause { common }
        | JobsVerb::Retry { common, .. } => common,
    };
    let Common { json, data_dir } = common;
    let (json, data_dir) = (*json, data_dir.clone());
    let forge = Oreforge::open(Config { data_dir, only_own_jobs: true })?;
    if let JobsVerb::Retry { comfy, engine, .. } = &args.verb {
        if engine.is_none() && comfy.comfy.is_some() {
            let message = "--comfy needs --engine: without it a job runs again on what it ran on.";
            return Err(ErrorReport::new(ErrorCode::BadRequest, message).into());
        }
        comfy.introduce(&forge)?;
    }
    let ended = match args.verb {
        JobsVerb::List { limit, .. } => list(&forge, limit, json).await,
        JobsVerb::Show { id, .. } => show(&forge, id, json).await,
        JobsVerb::Events { id, after, follow: true, .. } => watch(&forge, id, EventSeq(after)).await,
        JobsVerb::Events { id, after, .. } => events(&forge, id, EventSeq(after)).await,
        JobsVerb::Cancel { id, .. } => change(&forge, Command::CancelJob { id }, json).await,
        JobsVerb::Move { id, to, .. } => change(&forge, Command::MoveJob { id, to: to.into() }, json).await,
        JobsVerb::Pause { .. } => pause(&forge, true, json).await,
        JobsVerb::Unpause { .. } => pause(&forge, false, json).await,
        JobsVerb::Resume { id, out, accept_views, .. } => {
            let command = if accept_views { Command::AcceptViews { id } } else { Command::ResumeJob { id } };
            go_on(&forge, command, id, out, json).await
        }
        JobsVerb::Retry { id, from, engine, comfy, out, .. } => {
            let command = match engine {
                Some(engine) => Command::RetryWith { id, from, engine: engine.into(), server: comfy.comfy },
                None => Command::RetryJob { id, from },
            };
            go_on(&forge, command, id, out, json).await
        }
    };
    forge.shutdown().await;
    ended
}

/// One line of `jobs list --json`.
#[derive(Serialize)]
struct Listed<'a> {
    id: JobId,
    kind: JobKind,
    name: &'a str,
    state: JobState,
    checkpoint: Option<StepName>,
    steps: &'a [StepSnapshot],
    created_at: i64,
}

async fn list(forge: &Oreforge, limit: u32, json: bool) -> anyhow::Result<Exit> {
    let Reply::ListJobs(jobs) = forge.execute(Command::ListJobs { limit }).await? else {
        return Err(mismatch().into());
    };
    for job in &jobs {
        if json {
            json_line(&Listed {
                id: job.id,
                kind: job.request.kind(),
                name: &job.name,
                state: job.state,
                checkpoint: job.checkpoint,
                steps: &job.steps,
                created_at: job.created_at,
            });
        } else {
            out_line(&summary(job));
        }
    }
    if !json {
        let Reply::GetQueue(queue) = forge.execute(Command::GetQueue {}).await? else {
            return Err(mismatch().into());
        };
        if queue.paused {
            out_line("The queue is paused: what waits keeps waiting until `oreforge jobs unpause`.");
        }
    }
    Ok(Exit::Done)
}

async fn show(forge: &Oreforge, id: JobId, json: bool) -> anyhow::Result<Exit> {
    let job = snapshot(forge, id).await?;
    if json {
        json_line(&job);
        return Ok(Exit::Done);
    }
    out_line(&summary(&job));
    for step in &job.steps {
        let elapsed = step.elapsed_ms.map_or_else(String::new, |ms| format!("{ms} ms"));
        out_line(&format!("  {:<8} {:?} {elapsed}", step.name.as_str(), step.state).to_lowercase());
    }
    if let Some(retry) = &job.retry {
        out_line(&format!("  running again from {}; until that is done, this stands:", retry.from));
    }
    for artifact in &job.artifacts {
        out_line(&format!("  {} ({} bytes)", artifact.path, artifact.bytes));
    }
    if let Some(error) = &job.error {
        out_line(&format!("  {}", error.message));
    }
    Ok(Exit::Done)
}

/// Events are lines of JSON with and without `--json`: a log has no second form.
async fn events(forge: &Oreforge, id: JobId, mut after: EventSeq) -> anyhow::Result<Exit> {
    loop {
        let Reply::JobEvents(events) = forge.execute(Command::JobEvents { id, after }).await? else {
            return Err(mismatch().into());
        };
        let Some(last) = events.last() else { return Ok(Exit::Done) };
        after = last.seq;
        events.iter().for_each(json_line);
    }
}

async fn watch(forge: &Oreforge, id: JobId, after: EventSeq) -> anyhow::Result<Exit> {
    snapshot(forge, id).await?;
    let interrupt = Interrupt::listen();
    let mut events = std::pin::pin!(forge.events(id, after));
    let mut stop = std::pin::pin!(interrupt.wait());
    loop {
        tokio::select! {
            () = &mut stop => return Ok(Exit::Cancelled),
            event = events.next() => match event {
                Some(event) => json_line(&event),
                None => return Ok(Exit::Done),
            },
        }
    }
}

async fn change(forge: &Oreforge, command: Command, json: bool) -> anyhow::Result<Exit> {
    let (Reply::CancelJob(job) | Reply::MoveJob(job)) = forge.execute(command).await? else {
        return Err(mismatch().into());
    };
    if json {
        json_line(&job)
    } else {
        out_line(&summary(&job))
    }
    Ok(Exit::Done)
}

async fn pause(forge: &Oreforge, paused: bool, json: bool) -> anyhow::Result<Exit> {
    let Reply::PauseQueue(queue) = forge.execute(Command::PauseQueue { paused }).await? else {
        return Err(mismatch().into());
    };
    if json {
        json_line(&queue);
    } else {
        out_line(if queue.paused { "The queue is paused." } else { "The queue goes on." });
    }
    Ok(Exit::Done)
}

/// Resumes or retries a job and follows it to its end.
async fn go_on(
    forge: &Oreforge,
    command: Command,
    id: JobId,
    out: Option<PathBuf>,
    json: bool,
) -> anyhow::Result<Exit> {
    let interrupt = Interrupt::listen();
    let Some(dir) = &out else { return go_on_into(forge, command, id, None, json, &interrupt).await };
    let is_new = outputs::prepare(dir)?;
    let ended = go_on_into(forge, command, id, Some(dir), json, &interrupt).await;
    outputs::tidy(dir, is_new);
    ended
}

async fn go_on_into(
    forge: &Oreforge,
    command: Command,
    id: JobId,
    out: Option<&Path>,
    json: bool,
    interrupt: &Interrupt,
) -> anyhow::Result<Exit> {
    let seen = snapshot(forge, id).await?;
    let is_resume = matches!(command, Command::ResumeJob { .. });
    // Done, but its program may have ended before the results were in their place: their event is told again.
    let (job, after) = if is_resume && seen.state == JobState::Done && out.is_some() {
        let before_the_last = EventSeq(seen.last_seq.0 - 1);
        (seen, before_the_last)
    } else {
        let (Reply::ResumeJob(job) | Reply::RetryJob(job) | Reply::RetryWith(job) | Reply::AcceptViews(job)) =
            forge.execute(command).await?
        else {
            return Err(mismatch().into());
        };
        (job, seen.last_seq)
    };
    // The name may come from a host without a file system in mind.
    let stem =
        Path::new(&job.name).file_name().map_or_else(|| "picture".into(), |name| name.to_string_lossy());
    let place = out.map(|dir| Place { dir, stem: &stem });
    follow(forge, &job, after, place, json, interrupt).await
}

fn summary(job: &JobSnapshot) -> String {
    let checkpoint = job.checkpoint.map_or("-", StepName::as_str);
    let state = match job.place_in_queue {
        Some(before) => format!("{}, no. {}", job.state.as_str(), before + 1),
        None => job.state.as_str().to_owned(),
    };
    format!("{}  {state:<13}  {checkpoint:<7}  {}", job.id, job.name)
}
