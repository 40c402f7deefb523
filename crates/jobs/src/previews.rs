use std::sync::Arc;

use oreforge_protocol::LivePreview;
use tokio::sync::watch;

/// What the running step is about to bring: the newest only, in memory only.
pub(crate) struct Previews {
    newest: watch::Sender<Option<Arc<LivePreview>>>,
}

impl Previews {
    pub(crate) fn new() -> Self {
        Self { newest: watch::Sender::new(None) }
    }

    pub(crate) fn show(&self, preview: LivePreview) {
        self.newest.send_replace(Some(Arc::new(preview)));
    }

    /// The step is over: what it brought stands for itself.
    pub(crate) fn clear(&self) {
        self.newest.send_replace(None);
    }

    /// Resolves after each change, at first at once.
    pub(crate) fn changes(&self) -> watch::Receiver<Option<Arc<LivePreview>>> {
        let mut changes = self.newest.subscribe();
        changes.mark_changed();
        changes
    }
}
