use std::collections::VecDeque;
use std::sync::Arc;

use futures_util::{Stream, stream};
use oreforge_protocol::{ErrorReport, Event, EventSeq, JobId};
use tokio::sync::watch;

use crate::hub::Interest;
use crate::queue::Inner;

struct Reader {
    inner: Arc<Inner>,
    job: JobId,
    /// Where the job was when the first event was read.
    folder: Option<String>,
    cursor: EventSeq,
    batch: VecDeque<Event>,
    /// Nothing seen since the start, or since an event that ends the job.
    may_be_over: bool,
    writes: watch::Receiver<u64>,
    _interest: Interest,
}

pub(crate) fn stream(
    inner: Arc<Inner>,
    job: JobId,
    after: EventSeq,
) -> impl Stream<Item = Event> + Send + 'static {
    let reader = Reader {
        writes: inner.hub.writes(),
        _interest: inner.hub.interested(),
        inner,
        job,
        folder: None,
        cursor: after,
        batch: VecDeque::new(),
        may_be_over: true,
    };
    stream::unfold(reader, |mut reader| async move {
        match reader.next().await {
            Ok(event) => event.map(|event| (event, reader)),
            Err(error) => {
                tracing::error!(job = %reader.job, %error, details = error.details, "the log cannot be read");
                None
            }
        }
    })
}

impl Reader {
    async fn next(&mut self) -> Result<Option<Event>, ErrorReport> {
        loop {
            if let Some(event) = self.batch.pop_front() {
                self.cursor = event.seq;
                self.may_be_over = event.body.is_terminal();
                return Ok(Some(event));
            }
            // Taken before the log is read: what is written from here on wakes again.
            self.writes.borrow_and_update();
            let closed = self.inner.closed.is_cancelled();
            if self.read_batch().await? {
                continue;
            }
            if closed {
                return Ok(None);
            }
            let job = self.job;
            if self.may_be_over && self.inner.read(move |store| store.state(job)).await?.is_terminal() {
                // Its last event may have come between the two reads.
                if self.read_batch().await? {
                    continue;
                }
                return Ok(None);
            }
            tokio::select! {
                _ = self.writes.changed() => {}
                () = self.inner.closed.cancelled() => {}
            }
        }
    }

    async fn read_batch(&mut self) -> Result<bool, ErrorReport> {
        let job = self.job;
        let folder = match self.folder.take() {
            Some(folder) => folder,
            None => self.inner.read(move |store| store.folder(job)).await?,
        };
        let folder = self.folder.insert(folder);
        self.batch = self.inner.pages.after(&self.inner, job, folder, self.cursor).await?;
        Ok(!self.batch.is_empty())
    }
}
