//! The window: native dialogs, pictures dropped on it, files it may show. Everything else is a command of
//! `oreforge-commands`, passed through.

// Without it a console opens beside the window on Windows.
#![cfg_attr(all(windows, not(debug_assertions)), windows_subsystem = "windows")]

mod args;
mod clipboard;
mod core;
mod dialogs;
mod drops;
mod files;
mod frame;
mod ipc;
mod notices;
mod reveal;

use anyhow::Context;
use tauri::webview::PageLoadEvent;
use tauri::{Manager, RunEvent, WindowEvent};

use crate::args::{Args, Start};
use crate::core::Core;

fn main() -> anyhow::Result<()> {
    match args::parse(std::env::args_os())? {
        Start::Say(text) => {
            use std::io::Write;
            // A reader that went away is no error.
            let _ = std::io::stdout().write_all(text.as_bytes());
            Ok(())
        }
        Start::Open(args) => open(args),
    }
}

fn open(args: Args) -> anyhow::Result<()> {
    let mut builder = tauri::Builder::default();
    // A data folder of its own is a desk of its own.
    if args.data_dir.is_none() {
        builder = builder.plugin(frame::single_instance());
    }
    let app = builder
        .plugin(tauri_plugin_dialog::init())
        .plugin(tauri_plugin_notification::init())
        .plugin(frame::window_state())
        .manage(frame::Closing::default())
        .manage(notices::Shown::default())
        .register_asynchronous_uri_scheme_protocol("ore", |context, request, responder| {
            let core = context.app_handle().state::<Core>().inner().clone();
            tauri::async_runtime::spawn(
                async move { responder.respond(files::answer(&core, &request).await) },
            );
        })
        .invoke_handler(tauri::generate_handler![
            ipc::execute,
            ipc::opening,
            clipboard::paste_picture,
            dialogs::pick_blender,
            dialogs::pick_picture,
            dialogs::pick_save_folder,
            dialogs::save_artifact,
            dialogs::save_artifacts,
            dialogs::save_depth,
            dialogs::save_mesh,
            dialogs::stop_saving,
            notices::notify,
            reveal::reveal_artifact,
            reveal::reveal_folder,
            ipc::subscribe,
            ipc::unsubscribe,
            ipc::watch_drops,
        ])
        .on_page_load(|webview, load| {
            // Channels of the page before this one lead nowhere; those of this one begin before it is finished.
            if load.event() == PageLoadEvent::Started {
                webview.state::<Core>().end_subscriptions();
            }
        })
        .on_window_event(|window, event| match event {
            WindowEvent::DragDrop(event) => drops::tell(window.state::<Core>().inner(), event),
            WindowEvent::CloseRequested { api, .. } => frame::close(window, api),
            _ => {}
        })
        .setup(move |app| {
            let core = tauri::async_runtime::block_on(async { Core::open(args) });
            let starting = core.clone();
            app.manage(core);
            tauri::async_runtime::spawn(async move { starting.opening().await });
            Ok(())
        })
        .build(tauri::generate_context!())
        .context("the window could not be opened")?;
    app.run(|app, event| {
        if let RunEvent::Exit = event {
            tauri::async_runtime::block_on(app.state::<Core>().shutdown());
        }
    });
    Ok(())
}
