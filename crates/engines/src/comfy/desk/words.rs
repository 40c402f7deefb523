//! What servers do and do not do, in an artist's words.

use oreforge_protocol::{ErrorCode, ErrorReport};

use super::Unfit;
use crate::comfy::http::HttpError;
use crate::comfy::preflight::Problem;
use crate::comfy::workflow::InputError;
use crate::comfy::{Graph, ProduceError, RunError, Server, Sight};

/// What is being done, as a short phrase.
pub(super) fn doing(sight: &Sight, graph: &Graph) -> String {
    if sight.stopping {
        return "taking it back from the server".to_owned();
    }
    if !sight.reachable {
        return "the server does not answer; trying again".to_owned();
    }
    match sight.ahead {
        Some(0) => return "next in the server's queue".to_owned(),
        Some(1) => return "in the server's queue, 1 comes first".to_owned(),
        Some(ahead) => return format!("in the server's queue, {ahead} come first"),
        None => {}
    }
    let Some(node) = &sight.news.running else { return "at work on the server".to_owned() };
    let class = graph.get(node).and_then(|node| node["class_type"].as_str()).unwrap_or("a node");
    match sight.news.step {
        Some((step, steps)) => format!("step {step} of {steps}, {class}"),
        None => class.to_owned(),
    }
}

pub(super) fn bad_input(error: &InputError) -> ErrorReport {
    ErrorReport::new(ErrorCode::BadRequest, error.to_string())
}

/// All that is in the way on every server.
pub(super) fn nowhere(unfit: &[(&Server, Unfit)]) -> ErrorReport {
    let ready = unfit.iter().filter(|(_, why)| !matches!(why, Unfit::Health(_)));
    // A value that no workflow takes is the person's to mend, wherever it would go.
    if let Some(Unfit::Input(error)) =
        unfit.iter().map(|(_, why)| why).find(|why| matches!(why, Unfit::Input(_)))
        && ready.clone().all(|(_, why)| matches!(why, Unfit::Input(_)))
    {
        return bad_input(error);
    }
    let (mut messages, mut hints) = (Vec::new(), Vec::new());
    for (server, why) in unfit {
        match why {
            Unfit::Health(health) => {
                messages.push(format!("The server {} is {health}.", server.address()));
                hints.extend(health.hint().map(str::to_owned));
            }
            Unfit::Input(error) => messages.push(error.to_string()),
            Unfit::Problems { title, problems } => {
                let report = self::unfit(server, title, problems);
                messages.push(report.message);
                hints.extend(report.hint);
            }
        }
    }
    report(messages, hints)
}

pub(super) fn unfit(server: &Server, title: &str, problems: &[Problem]) -> ErrorReport {
    let listed: Vec<String> = problems.iter().map(Problem::to_string).collect();
    let message = format!("{} cannot run \"{title}\": {}", server.address(), listed.join(" "));
    report(vec![message], problems.iter().map(Problem::hint).collect())
}

fn report(messages: Vec<String>, mut hints: Vec<String>) -> ErrorReport {
    let mut seen = std::collections::BTreeSet::new();
    hints.retain(|hint| seen.insert(hint.clone()));
    let report = ErrorReport::new(ErrorCode::EngineUnavailable, messages.join("\n"));
    if hints.is_empty() { report } else { report.with_hint(hints.join("\n")) }
}

pub(super) fn away(server: &Server, error: &HttpError) -> ErrorReport {
    ErrorReport::new(
        ErrorCode::EngineFailed,
        format!("The ComfyUI server {} does not answer any more.", server.address()),
    )
    .with_details(error.to_string())
    .with_hint("Start it again and go on with the job: what it made meanwhile is taken over.")
}

pub(super) fn failed(server: &Server, error: ProduceError) -> ErrorReport {
    let report =
        |message: String, hint: &str| ErrorReport::new(ErrorCode::EngineFailed, message).with_hint(hint);
    let again = "Go on with the job to try it again.";
    match error {
        ProduceError::Run(RunError::Ledger(report)) => report,
        ProduceError::Run(RunError::Failed(failure)) if failure.out_of_memory() => report(
            "The server ran out of memory, also with less to do.".to_owned(),
            "Close what else uses its graphics card, or set smaller values.",
        )
        .with_details(failure.message),
        ProduceError::Run(RunError::Failed(failure)) => report(
            format!("{} failed on the server: {}", failure.node_type, failure.message),
            "Look at ComfyUI's own window for more.",
        )
        .with_details(format!("node {}: {}", failure.node_id, failure.exception_type)),
        ProduceError::Run(RunError::Refused(refusal)) => report(
            format!("{} does not take the workflow: {refusal}", server.address()),
            "Export the workflow from this ComfyUI again, or choose another one.",
        ),
        ProduceError::Run(RunError::Interrupted) => {
            report("Somebody stopped it on the server.".to_owned(), again)
        }
        ProduceError::Run(RunError::Silent) => report(
            format!("{} made no progress for too long.", server.address()),
            "Look whether ComfyUI is stuck, and restart it; or allow more time in the settings.",
        ),
        ProduceError::Run(RunError::SetAside) => report(
            format!("{} went down twice while it worked on this, so it was set aside.", server.address()),
            "Set smaller values, and run the job again from this step.",
        ),
        ProduceError::Run(RunError::Vanished) => {
            report(format!("{} keeps losing the work.", server.address()), again)
        }
        ProduceError::Download(file, error) => report(
            format!("{} made \"{}\", which cannot be fetched.", server.address(), file.file_name),
            again,
        )
        .with_details(error.to_string()),
        ProduceError::Nothing => report(
            "The workflow ran and made no file.".to_owned(),
            "Give the workflow a node that saves what it makes.",
        ),
        ProduceError::Run(
            error @ (RunError::Unreachable(_) | RunError::Cancelled | RunError::CancelledUnheard),
        ) => report(error.to_string(), again),
    }
}
