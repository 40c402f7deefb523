//! The window on a desk: one for each data folder, where it was last time, and closed only when nothing is
//! lost by surprise.

use std::ffi::OsString;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use oreforge_protocol::{Command, JobState, Reply};
use tauri::plugin::TauriPlugin;
use tauri::{CloseRequestApi, Manager, Window, Wry};
use tauri_plugin_dialog::{DialogExt, MessageDialogButtons};
use tauri_plugin_window_state::StateFlags;
use tokio::sync::oneshot;

use crate::args::{self, Args, Start};
use crate::core::Core;
use crate::drops;

/// Jobs looked at before the window closes.
const JOBS_SEEN: u32 = 200;

/// A data folder that does not answer keeps no window open for longer.
const ANSWER_LIMIT: Duration = Duration::from_secs(2);

/// A second start shows the window of the first, and forges its picture there.
pub fn single_instance() -> TauriPlugin<Wry> {
    tauri_plugin_single_instance::init(|app, argv, folder| {
        if let Some(window) = app.get_webview_window("main") {
            // A window manager that refuses leaves the window where it is.
            let _ = window.unminimize();
            let _ = window.set_focus();
        }
        let start = args::parse(argv.into_iter().map(OsString::from));
        if let (Ok(Start::Open(Args { picture: Some(picture), .. })), Some(core)) =
            (start, app.try_state::<Core>())
        {
            drops::take(core.inner(), vec![Path::new(&folder).join(picture)]);
        }
    })
}

/// Place and size outlive the window.
pub fn window_state() -> TauriPlugin<Wry> {
    let flags = StateFlags::POSITION | StateFlags::SIZE | StateFlags::MAXIMIZED;
    tauri_plugin_window_state::Builder::new().with_state_flags(flags).build()
}

/// That the question is being asked.
#[derive(Default)]
pub struct Closing(AtomicBool);

/// Closes the window at once when no job is at work, else when the artist says so.
pub fn close(window: &Window, api: &CloseRequestApi) {
    api.prevent_close();
    if window.state::<Closing>().0.swap(true, Ordering::Relaxed) {
        return;
    }
    let window = window.clone();
    tauri::async_runtime::spawn(async move {
        let core = window.state::<Core>().inner().clone();
        let at_work = tokio::time::timeout(ANSWER_LIMIT, jobs_at_work(&core)).await.unwrap_or(0);
        if at_work == 0 || agreed(&window, at_work).await {
            if let Err(error) = window.destroy() {
                tracing::error!(%error, "the window could not be closed");
            }
        } else {
            window.state::<Closing>().0.store(false, Ordering::Relaxed);
        }
    });
}

async fn jobs_at_work(core: &Core) -> usize {
    let Ok(forge) = core.forge() else { return 0 };
    match forge.execute(Command::ListJobs { limit: JOBS_SEEN }).await {
        Ok(Reply::ListJobs(jobs)) => {
            jobs.iter().filter(|job| matches!(job.state, JobState::Running | JobState::Queued)).count()
        }
        _ => 0,
    }
}

async fn agreed(window: &Window, at_work: usize) -> bool {
    let (tell, told) = oneshot::channel();
    let jobs = if at_work == 1 { "A job is".to_owned() } else { format!("{at_work} jobs are") };
    window
        .dialog()
        .message(format!("{jobs} at work. What is ready is kept, and the rest can go on next time."))
        .title("Close Oreforge?")
        .buttons(MessageDialogButtons::OkCancelCustom("Close".to_owned(), "Keep open".to_owned()))
        .parent(window)
        .show(move |agreed| {
            // Nobody waits any more once the program ends.
            let _ = tell.send(agreed);
        });
    told.await.unwrap_or(false)
}
