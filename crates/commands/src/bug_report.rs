//! What helps to find a bug, in one text, without what is nobody's business: no pictures, no prompts, no secrets,
//! no name of the person. Names of files may stand in what went wrong.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use directories::UserDirs;
use oreforge_jobs::guarded;
use oreforge_protocol::{ErrorReport, JobSnapshot};

use crate::{Oreforge, doctor};

const MAX_JOBS: u32 = 20;
const MAX_LOGS: usize = 2;
/// Of the end of each log.
const MAX_LOG_BYTES: u64 = 60_000;

/// What comes before a secret.
const SECRET_KEYS: [&str; 6] = ["token=", "sig=", "password=", "key=", "authorization:", "bearer"];

pub(crate) async fn gather(forge: &Oreforge) -> Result<String, ErrorReport> {
    let mut text = format!(
        "Oreforge {} on {} {}, {} threads\n",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        std::env::consts::ARCH,
        std::thread::available_parallelism().map_or(0, usize::from),
    );
    for check in doctor::examine(forge, None).await?.checks {
        line(&mut text, format_args!("{}: {:?}: {}", check.subject, check.state, check.message));
    }
    let (root, jobs) = forge.jobs.read(|store| Ok((store.root().to_owned(), store.list(MAX_JOBS)?))).await?;
    line(&mut text, format_args!("\nThe last {} jobs, newest first", jobs.len()));
    for job in &jobs {
        describe(&mut text, job);
    }
    let logs = guarded(move || Ok(log_ends(&root.join("logs")))).await?;
    for (name, end) in logs {
        line(&mut text, format_args!("\n{name}\n{end}"));
    }
    Ok(without_secrets(&text))
}

fn line(text: &mut String, what: std::fmt::Arguments<'_>) {
    writeln!(text, "{what}").expect("a string takes all that is written to it");
}

fn describe(text: &mut String, job: &JobSnapshot) {
    line(text, format_args!("{} {:?} {}", job.id, job.request.kind(), job.state.as_str()));
    let steps = job.steps.iter().filter_map(|step| Some((step.name, step.elapsed_ms?)));
    for (name, elapsed_ms) in steps {
        line(text, format_args!("  {name} {elapsed_ms} ms"));
    }
    if let Some(error) = &job.error {
        let details = error.details.as_deref().unwrap_or("no details");
        line(text, format_args!("  {:?}: {} ({details})", error.code, error.message));
    }
}

/// The newest logs, by name as they are named by day.
fn log_ends(folder: &Path) -> Vec<(String, String)> {
    let mut logs: Vec<PathBuf> =
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    logs.sort_unstable();
    let newest = logs.into_iter().rev().take(MAX_LOGS);
    newest
        .filter_map(|path| Some((path.file_name()?.to_string_lossy().into_owned(), end_of(&path).ok()?)))
        .collect()
}

fn end_of(path: &Path) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(MAX_LOG_BYTES)))?;
    let mut bytes = Vec::new();
    file.take(MAX_LOG_BYTES).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn without_secrets(text: &str) -> String {
    let home = UserDirs::new().map(|dirs| dirs.home_dir().to_string_lossy().into_owned());
    let text = match home.filter(|home| home.len() > 1) {
        Some(home) => text.replace(&home, "~"),
        None => text.to_owned(),
    };
    text.lines().map(|line| without_secrets_in(line) + "\n").collect()
}

/// Logs hold no secrets; this is for what a server or a system may have put into its words.
fn without_secrets_in(line: &str) -> String {
    let mut hide_next = false;
    let words: Vec<String> = line
        .split(' ')
        .map(|word| {
            let lower = word.to_ascii_lowercase();
            if std::mem::take(&mut hide_next) && !word.is_empty() {
                // "Authorization: Bearer x" names two keys before the secret.
                hide_next = SECRET_KEYS.contains(&lower.as_str());
                return if hide_next { word.to_owned() } else { "…".to_owned() };
            }
            hide_next = SECRET_KEYS.contains(&lower.as_str());
            let key = SECRET_KEYS.iter().filter(|key| key.ends_with('='));
            let value = key.filter_map(|key| lower.find(key).map(|at| at + key.len())).min();
            match value {
                Some(at) => without_credentials(&word[..at]) + "…",
                None => without_credentials(word),
            }
        })
        .collect();
    words.join(" ")
}

/// An address without who asks there.
fn without_credentials(word: &str) -> String {
    match (word.find("://"), word.rfind('@')) {
        (Some(scheme), Some(at)) if scheme + 3 < at => format!("{}…{}", &word[..scheme + 3], &word[at..]),
        _ => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_left_out_wherever_they_stand() {
        let told =
            "sent Authorization: Bearer abc123 to http://ann:pa55@farm.lan:8188/x?a=1&token=zzz now, sig=q";
        let shown = without_secrets_in(told);
        for secret in ["abc123", "pa55", "ann", "zzz", "sig=q"] {
            assert!(!shown.contains(secret), "{shown}");
        }
        assert!(shown.contains("farm.lan") && shown.contains("now,"), "{shown}");
        let plain = "mesh finished in 900 ms: 20000 triangles at 12:30";
        assert_eq!(without_secrets_in(plain), plain);
    }

    #[test]
    fn only_the_end_of_a_long_log_is_read() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("oreforge.1.log"), "old").unwrap();
        std::fs::write(dir.path().join("oreforge.3.log"), "x".repeat(100_000) + "the end").unwrap();
        std::fs::write(dir.path().join("oreforge.2.log"), "new").unwrap();
        let ends = log_ends(dir.path());
        assert_eq!(ends.len(), MAX_LOGS);
        assert!(ends[0].1.ends_with("the end") && ends[0].1.len() as u64 == MAX_LOG_BYTES);
        assert_eq!(ends[1].1, "new");
    }
}
