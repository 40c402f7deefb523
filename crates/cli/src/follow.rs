use std::path::Path;

use futures_util::StreamExt;
use oreforge_commands::Oreforge;
use oreforge_protocol::{
    ArtifactKind, Command, ErrorCode, ErrorReport, EventBody, EventSeq, JobId, JobSnapshot, Reply,
};

use crate::exit::Exit;
use crate::interrupt::Interrupt;
use crate::outputs;
use crate::show::{self, Show};

/// Where a job's results go, and what they are called.
pub struct Place<'a> {
    pub dir: &'a Path,
    pub stem: &'a str,
}

/// Shows a job until it is over, cancels it on Ctrl-C, and writes its results.
pub async fn follow(
    forge: &Oreforge,
    job: &JobSnapshot,
    after: EventSeq,
    place: Option<Place<'_>>,
    json: bool,
    interrupt: &Interrupt,
) -> anyhow::Result<Exit> {
    let show = Show::new(&job.name, job.request.kind(), json);
    let mut events = std::pin::pin!(forge.events(job.id, after));
    let mut stop = std::pin::pin!(interrupt.wait());
    let mut stuck = std::pin::pin!(forge.stuck());
    let mut stopping = false;
    let mut exit = Exit::Failed;
    let mut is_over = false;
    let mut written = Vec::new();
    loop {
        let event = tokio::select! {
            () = &mut stop, if !stopping => {
                stopping = true;
                forge.execute(Command::CancelJob { id: job.id }).await?;
                continue;
            }
            report = &mut stuck => return Err(report.into()),
            event = events.next() => event,
        };
        let Some(event) = event else { break };
        // Whoever reads of the end wants the results in their place: nobody sees `done` before they are.
        let results = match (&event.body, &place) {
            (EventBody::Done { .. }, Some(place)) if !interrupt.asked() => {
                outputs::write(forge, &snapshot(forge, job.id).await?, place).await
            }
            (EventBody::ImageReady { artifact }, Some(place)) if artifact.kind == ArtifactKind::Picture => {
                outputs::write_picture(forge, job, artifact, place).await
            }
            _ => Ok(Vec::new()),
        };
        show.event(&event);
        for path in results.map_err(|error| kept_all_the_same(error, job.id))? {
            if !written.contains(&path) {
                written.push(path);
            }
        }
        is_over = event.body.is_terminal();
        match event.body {
            EventBody::Done { .. } => exit = Exit::Done,
            EventBody::Cancelled => exit = Exit::Cancelled,
            EventBody::Error { error, .. } => {
                show::report(&error);
                exit = Exit::from(error.code);
            }
            EventBody::Queued { .. }
            | EventBody::StepActive { .. }
            | EventBody::Progress { .. }
            | EventBody::ImageReady { .. }
            | EventBody::ViewReady { .. }
            | EventBody::MeshReady { .. }
            | EventBody::Quality { .. }
            | EventBody::Log { .. }
            | EventBody::StepDone { .. }
            | EventBody::Cancelling
            | EventBody::Resumed { .. }
            | EventBody::Retried { .. }
            | EventBody::Interrupted => {}
        }
    }
    if !json {
        written.iter().for_each(|path| show::out_line(&path.display().to_string()));
    }
    // Done a moment before Ctrl-C was heard: whoever pressed it wants no files.
    if interrupt.asked() && written.is_empty() {
        return Ok(Exit::Cancelled);
    }
    if !is_over {
        return Err(ErrorReport::new(
            ErrorCode::StoreUnavailable,
            "What became of the job could not be kept.",
        )
        .with_hint(format!("Look at it with `oreforge jobs show {}`.", job.id))
        .into());
    }
    Ok(exit)
}

/// The job is done, only its results found no place.
fn kept_all_the_same(error: anyhow::Error, id: JobId) -> anyhow::Error {
    match error.downcast::<ErrorReport>() {
        Ok(report) => {
            let before = report.hint.as_ref().map_or_else(String::new, |hint| format!("{hint} "));
            let hint = format!(
                "{before}The result is kept: `oreforge jobs resume {id} --out DIR` writes it elsewhere."
            );
            report.with_hint(hint).into()
        }
        Err(error) => error,
    }
}

pub async fn snapshot(forge: &Oreforge, id: JobId) -> Result<JobSnapshot, ErrorReport> {
    match forge.execute(Command::GetJob { id }).await? {
        Reply::GetJob(job) => Ok(job),
        _ => Err(mismatch()),
    }
}

/// `execute` answers each command with the reply of the same name.
pub fn mismatch() -> ErrorReport {
    ErrorReport::new(ErrorCode::Internal, "The core answered another question.")
}
