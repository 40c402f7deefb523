//! What a person or a program sees of a job.

use std::io::{self, IsTerminal, Write};

use indicatif::{ProgressBar, ProgressStyle};
use oreforge_protocol::{ErrorReport, Event, EventBody, JobKind, LogLevel, StepName};
use serde::Serialize;

/// How a job is shown while it runs.
pub enum Show {
    /// One event per line.
    Json,
    Bar {
        bar: ProgressBar,
        kind: JobKind,
    },
    Lines {
        name: String,
    },
}

/// Marks of the bar per step.
const MARKS: u64 = 100;

impl Show {
    pub fn new(name: &str, kind: JobKind, json: bool) -> Self {
        if json {
            return Show::Json;
        }
        if !io::stderr().is_terminal() {
            return Show::Lines { name: name.to_owned() };
        }
        let bar = ProgressBar::new(kind.steps().len() as u64 * MARKS).with_prefix(name.to_owned());
        if let Ok(style) = ProgressStyle::with_template("{prefix:20!} {bar:30} {elapsed:>4} {msg}") {
            bar.set_style(style);
        }
        Show::Bar { bar, kind }
    }

    pub fn event(&self, event: &Event) {
        match self {
            Show::Json => json_line(event),
            Show::Bar { bar, kind } => on_bar(bar, *kind, &event.body),
            Show::Lines { name } => as_line(name, &event.body),
        }
    }
}

fn on_bar(bar: &ProgressBar, kind: JobKind, body: &EventBody) {
    let start =
        |step: &StepName| kind.steps().iter().take_while(|earlier| *earlier != step).count() as u64 * MARKS;
    match body {
        EventBody::StepActive { step, .. } => {
            bar.set_position(start(step));
            bar.set_message(step.to_string());
        }
        EventBody::Progress { step, fraction, doing } => {
            bar.set_position(start(step) + (fraction * MARKS as f32) as u64);
            bar.set_message(format!("{step}: {doing}"));
        }
        EventBody::StepDone { step, .. } => bar.set_position(start(step) + MARKS),
        EventBody::Cancelling => bar.set_message("cancelling"),
        EventBody::Done { elapsed_ms } => bar.finish_with_message(format!("done in {elapsed_ms} ms")),
        EventBody::Error { .. } => bar.abandon_with_message("failed"),
        EventBody::Cancelled => bar.abandon_with_message("cancelled"),
        EventBody::Interrupted => bar.abandon_with_message("interrupted"),
        EventBody::Log { level: LogLevel::Warn, message } => bar.println(message),
        EventBody::Log { level: LogLevel::Info, .. }
        | EventBody::Queued { .. }
        | EventBody::ImageReady { .. }
        | EventBody::ViewReady { .. }
        | EventBody::MeshReady { .. }
        | EventBody::Quality { .. }
        | EventBody::Resumed { .. }
        | EventBody::Retried { .. } => {}
    }
}

fn as_line(name: &str, body: &EventBody) {
    match body {
        EventBody::StepDone { step, elapsed_ms, .. } => {
            error_line(&format!("{name}: {step} {elapsed_ms} ms"))
        }
        EventBody::Done { elapsed_ms } => error_line(&format!("{name}: done in {elapsed_ms} ms")),
        EventBody::Cancelled => error_line(&format!("{name}: cancelled")),
        EventBody::Interrupted => error_line(&format!("{name}: interrupted")),
        EventBody::Log { level: LogLevel::Warn, message } => error_line(&format!("{name}: {message}")),
        EventBody::Resumed { step } => error_line(&format!("{name}: going on with {step}")),
        EventBody::Retried { from } => error_line(&format!("{name}: again from {from}")),
        EventBody::Log { level: LogLevel::Info, .. }
        | EventBody::Queued { .. }
        | EventBody::StepActive { .. }
        | EventBody::Progress { .. }
        | EventBody::ImageReady { .. }
        | EventBody::ViewReady { .. }
        | EventBody::MeshReady { .. }
        | EventBody::Quality { .. }
        | EventBody::Cancelling
        | EventBody::Error { .. } => {}
    }
}

pub fn json_line<T: Serialize>(value: &T) {
    match serde_json::to_string(value) {
        Ok(line) => out_line(&line),
        Err(error) => error_line(&format!("an event cannot be written: {error}")),
    }
}

/// A reader that went away is no reason to stop: the files are still wanted.
pub fn out_line(line: &str) {
    let _ = writeln!(io::stdout().lock(), "{line}");
}

pub fn error_line(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

pub fn report(report: &ErrorReport) {
    error_line(&format!("error: {}", report.message));
    if let Some(hint) = &report.hint {
        error_line(&format!("  {hint}"));
    }
}
