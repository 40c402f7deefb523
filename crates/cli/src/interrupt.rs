use std::future::{Future, pending};
use std::io;

use tokio::sync::watch;

use crate::exit::Exit;

/// Hears Ctrl-C. The first asks for a clean end, the second ends the program at once.
#[derive(Clone)]
pub struct Interrupt(watch::Receiver<bool>);

impl Interrupt {
    pub fn listen() -> Self {
        let (asked, heard) = watch::channel(false);
        // From here on a signal no longer ends the program by itself; where none can be heard, it does.
        if let Ok(mut signals) = Signals::listen() {
            tokio::spawn(async move {
                signals.next().await;
                asked.send_replace(true);
                signals.next().await;
                std::process::exit(Exit::Cancelled as i32);
            });
        }
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

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(windows)]
struct Signals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    fn listen() -> io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Self)
    }

    async fn next(&mut self) {
        self.0.recv().await;
    }
}
