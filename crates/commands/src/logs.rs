use std::io::{self, Write};
use std::path::Path;

use tracing::level_filters::LevelFilter;
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Most bytes one process logs; whatever goes wrong every second must not fill the disk.
const MAX_LOG_BYTES: u64 = 16_000_000;

/// Lines that wait for the disk; more are left out.
const MAX_WAITING_LINES: usize = 4096;

/// Days of log files kept.
const MAX_LOG_FILES: usize = 7;

/// Writes what is left when it goes.
pub(crate) struct LogGuard {
    _file: Option<WorkerGuard>,
}

/// Takes so many bytes and swallows the rest.
struct Bounded<W> {
    inner: W,
    left_bytes: u64,
}

impl<W: Write> Write for Bounded<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let length = bytes.len() as u64;
        if length > self.left_bytes {
            self.left_bytes = 0;
            return Ok(bytes.len());
        }
        self.left_bytes -= length;
        self.inner.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
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
            let (writer, guard) = NonBlockingBuilder::default()
                .buffered_lines_limit(MAX_WAITING_LINES)
                .finish(Bounded { inner: appender, left_bytes: MAX_LOG_BYTES });
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_stops_at_its_bound_and_at_the_end_of_a_line() {
        let mut log = Bounded { inner: Vec::new(), left_bytes: 10 };
        for line in ["one\n", "three\n", "a\n", "b\n"] {
            log.write_all(line.as_bytes()).unwrap();
        }
        assert_eq!(log.inner, b"one\nthree\n");
    }
}
