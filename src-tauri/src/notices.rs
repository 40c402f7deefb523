//! What is said on the desktop when a long job ends behind other windows.

use oreforge_protocol::{ErrorCode, ErrorReport};
use tauri::AppHandle;

const MAX_NOTICE_CHARS: usize = 200;

#[tauri::command]
pub async fn notify(app: AppHandle, title: String, body: String) -> Result<(), ErrorReport> {
    let short = |text: String| text.chars().take(MAX_NOTICE_CHARS).collect::<String>();
    let (title, body) = (short(title), short(body));
    let said = tauri::async_runtime::spawn_blocking(move || desktop::say(&app, &title, &body)).await;
    said.map_err(|error| error.to_string()).flatten().map_err(|details| {
        ErrorReport::new(ErrorCode::Internal, "The desktop takes no notices.").with_details(details)
    })
}

pub use desktop::Shown;

/// Tauri's plugin would name the file of the program as the sender.
#[cfg(target_os = "linux")]
mod desktop {
    use std::collections::VecDeque;
    use std::sync::{Mutex, PoisonError};

    use notify_rust::{Notification, NotificationHandle};
    use tauri::{AppHandle, Manager};

    /// Some desktops take a notice away with the connection that brought it.
    const MAX_HELD: usize = 8;

    #[derive(Default)]
    pub struct Shown(Mutex<VecDeque<NotificationHandle>>);

    pub fn say(app: &AppHandle, title: &str, body: &str) -> Result<(), String> {
        let name = app.config().product_name.as_deref().unwrap_or("Oreforge");
        let notice = Notification::new().appname(name).summary(title).body(body).finalize();
        let handle = notice.show().map_err(|error| error.to_string())?;
        let shown = app.state::<Shown>();
        let mut held = shown.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.truncate(MAX_HELD - 1);
        held.push_front(handle);
        Ok(())
    }
}

#[cfg(not(target_os = "linux"))]
mod desktop {
    use tauri::AppHandle;
    use tauri_plugin_notification::NotificationExt;

    #[derive(Default)]
    pub struct Shown;

    pub fn say(app: &AppHandle, title: &str, body: &str) -> Result<(), String> {
        app.notification().builder().title(title).body(body).show().map_err(|error| error.to_string())
    }
}
