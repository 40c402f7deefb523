//! As much of a desktop as the window asks for on the session bus: notices are taken, files are shown. Says `ready`, then
//! what it was asked, a JSON object in each line, until its input ends.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[cfg(target_os = "linux")]
mod desktop {
    use std::collections::HashMap;

    use serde_json::json;
    use zbus::zvariant::Value;

    pub struct Notifications;

    #[zbus::interface(name = "org.freedesktop.Notifications")]
    impl Notifications {
        fn get_server_information(&self) -> (&str, &str, &str, &str) {
            ("fake_desktop", "oreforge", "1", "1.2")
        }

        fn get_capabilities(&self) -> Vec<&str> {
            vec!["body"]
        }

        #[allow(clippy::too_many_arguments)]
        fn notify(
            &self,
            app_name: &str,
            _replaces_id: u32,
            _icon: &str,
            summary: &str,
            body: &str,
            _actions: Vec<&str>,
            _hints: HashMap<&str, Value<'_>>,
            _expire_timeout_ms: i32,
        ) -> u32 {
            println!("{}", json!({ "asked": "notify", "app": app_name, "summary": summary, "body": body }));
            1
        }
    }

    pub struct FileManager;

    #[zbus::interface(name = "org.freedesktop.FileManager1")]
    impl FileManager {
        fn show_items(&self, uris: Vec<&str>, _startup_id: &str) {
            println!("{}", json!({ "asked": "show_items", "uris": uris }));
        }
    }
}

#[cfg(target_os = "linux")]
fn main() {
    use desktop::{FileManager, Notifications};

    let _served = zbus::blocking::connection::Builder::session()
        .and_then(|bus| bus.serve_at("/org/freedesktop/Notifications", Notifications))
        .and_then(|bus| bus.serve_at("/org/freedesktop/FileManager1", FileManager))
        .and_then(|bus| bus.name("org.freedesktop.Notifications"))
        .and_then(|bus| bus.name("org.freedesktop.FileManager1"))
        .and_then(zbus::blocking::connection::Builder::build)
        .unwrap();
    println!("ready");
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).unwrap();
}

#[cfg(not(target_os = "linux"))]
fn main() {
    panic!("other systems have no session bus");
}
