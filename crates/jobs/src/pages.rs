use std::collections::VecDeque;
use std::sync::Arc;

use oreforge_protocol::{ErrorReport, Event, EventSeq, JobId};
use tokio::sync::Mutex;

use crate::queue::Inner;

/// Events read from the log at a time; all that a slow reader holds in memory.
const PAGE_EVENTS: u32 = 256;

/// Pages kept for readers that come to the same place.
const MAX_PAGES: usize = 16;

/// Parts of the log as they were read last, so that a hundred readers of a job cost little more than one. A page
/// has every event of its stretch; progress in it may have been replaced since. The paths in it are those of the
/// folder the job was in: who comes after a project was renamed is not given them.
#[derive(Default)]
pub(crate) struct Pages {
    recent: Mutex<VecDeque<Page>>,
}

struct Page {
    job: JobId,
    folder: String,
    /// The cursor it was read from.
    after: EventSeq,
    /// Not empty.
    events: Arc<[Event]>,
}

impl Pages {
    /// The next events after a cursor, at least one unless the log ends there. `folder` is where the reader has
    /// found the job.
    pub(crate) async fn after(
        &self,
        inner: &Inner,
        job: JobId,
        folder: &str,
        cursor: EventSeq,
    ) -> Result<VecDeque<Event>, ErrorReport> {
        // Held while the log is read: whoever waits meanwhile finds the page.
        let mut recent = self.recent.lock().await;
        let known = recent.iter().rev().find(|page| page.reaches_beyond(job, folder, cursor));
        if let Some(page) = known {
            return Ok(page.rest(cursor));
        }
        let (folder, events) = inner
            .read(move |store| Ok((store.folder(job)?, store.events(job, cursor, PAGE_EVENTS)?)))
            .await?;
        let events: Arc<[Event]> = events.into();
        if events.is_empty() {
            return Ok(VecDeque::new());
        }
        if recent.len() == MAX_PAGES {
            recent.pop_front();
        }
        let page = Page { job, folder, after: cursor, events };
        let rest = page.rest(cursor);
        recent.push_back(page);
        Ok(rest)
    }
}

impl Page {
    fn reaches_beyond(&self, job: JobId, folder: &str, cursor: EventSeq) -> bool {
        self.job == job
            && self.folder == folder
            && self.after <= cursor
            && self.events.last().is_some_and(|newest| newest.seq > cursor)
    }

    fn rest(&self, cursor: EventSeq) -> VecDeque<Event> {
        let known = self.events.partition_point(|event| event.seq <= cursor);
        self.events[known..].iter().cloned().collect()
    }
}
