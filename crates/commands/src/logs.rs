use std::path::Path;

use tracing::level_filters::LevelFilter;
use tracing_appender::non_blocking::WorkerGuard;
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Days of log files kept.
const MAX_LOG_FILES: usize = 7;

/// Writes what is left when it goes.
pub(crate) struct LogGuard {
    _file: Option<WorkerGuard>,
}

/// Sends logs to a daily file in `<root>/logs`, and to stderr what `RUST_LOG` asks for. Only the first call of
/// a process counts. A folder that takes no logs is no reason not to work.
pub(crate) fn start(root: &Path) -> LogGuard {
    let folder = root.join("logs");
    // The appender complains on stderr about a folder that is not there yet.
    let _ = std::fs::create_dir_all(&folder);
    let appender = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("oreforge")
        .filename_suffix("log")
        .max_log_files(MAX_LOG_FILES)
        .build(folder);
    let (file, guard) = match appender {
        Ok(appender) => {
            let (writer, guard) = tracing_appender::non_blocking(appender);
            let layer = tracing_subscriber::fmt::layer()
                .with_ansi(false)
                .with_writer(writer)
                .with_filter(Targets::new().with_default(LevelFilter::INFO));
            (Some(layer), Some(guard))
        }
        Err(_) => (None, None),
    };
    let wanted = std::env::var("RUST_LOG").ok().and_then(|text| text.parse::<Targets>().ok());
    let stderr =
        tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_filter(wanted.unwrap_or_default());
    // A second Oreforge in one process logs to where the first one does.
    let first = tracing_subscriber::registry().with(file).with(stderr).try_init().is_ok();
    LogGuard { _file: guard.filter(|_| first) }
}
