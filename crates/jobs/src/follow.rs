use std::sync::Arc;

use futures_util::stream::{self, BoxStream};
use futures_util::{Stream, StreamExt};
use oreforge_protocol::{Event, EventSeq, JobId, LivePreview};
use tokio::sync::watch;

use crate::events;
use crate::queue::Inner;

/// What is worth showing of a job at work.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    Event(Box<Event>),
    /// A reader that is slow misses some: the newest is what counts.
    Preview(Arc<LivePreview>),
}

struct Follower {
    job: JobId,
    events: BoxStream<'static, Event>,
    previews: watch::Receiver<Option<Arc<LivePreview>>>,
}

pub(crate) fn stream(
    inner: Arc<Inner>,
    job: JobId,
    after: EventSeq,
) -> impl Stream<Item = News> + Send + 'static {
    let previews = inner.previews.changes();
    let follower = Follower { job, events: events::stream(inner, job, after).boxed(), previews };
    stream::unfold(follower, |mut follower| async move { follower.next().await.map(|news| (news, follower)) })
}

impl Follower {
    async fn next(&mut self) -> Option<News> {
        loop {
            tokio::select! {
                biased;
                event = self.events.next() => return event.map(|event| News::Event(Box::new(event))),
                // The sender lives as long as the events do.
                _ = self.previews.changed() => {}
            }
            let newest = self.previews.borrow_and_update().clone();
            if let Some(preview) = newest.filter(|preview| preview.job_id == self.job) {
                return Some(News::Preview(preview));
            }
        }
    }
}
