use std::future::{Future, pending};

use tokio::sync::watch;

use crate::exit::Exit;

/// Hears Ctrl-C. The first asks for a clean end, the second ends the program at once.
#[derive(Clone)]
pub struct Interrupt(watch::Receiver<bool>);

impl Interrupt {
    pub fn listen() -> Self {
        let (asked, heard) = watch::channel(false);
        tokio::spawn(async move {
            stop_signals().await;
            asked.send_replace(true);
            stop_signals().await;
            std::process::exit(Exit::Cancelled as i32);
        });
        Self(heard)
    }

    pub fn asked(&self) -> bool {
        *self.0.borrow()
    }

    /// Resolves when a clean end is asked for.
    pub fn wait(&self) -> impl Future<Output = ()> + use<> {
        let mut heard = self.0.clone();
        async move {
            if heard.wait_for(|asked| *asked).await.is_err() {
                pending::<()>().await;
            }
        }
    }
}

async fn stop_signals() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => return,
                heard = tokio::signal::ctrl_c() => if heard.is_ok() { return },
            }
        }
    }
    if tokio::signal::ctrl_c().await.is_err() {
        pending::<()>().await;
    }
}
