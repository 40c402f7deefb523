use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::{Stream, StreamExt};
use oreforge_protocol::{EmptiedTrash, ErrorReport};

/// How often the trash is looked through for what has lain there long enough.
const LOOK_INTERVAL: Duration = Duration::from_secs(60 * 60);

/// At once, and then every hour.
pub(crate) fn hourly() -> impl Stream<Item = ()> {
    futures_util::stream::unfold(Duration::ZERO, |pause| async move {
        tokio::time::sleep(pause).await;
        Some(((), LOOK_INTERVAL))
    })
}

/// At every look, `expire` deletes for good what lies in the trash for longer than the settings say, at so many milliseconds
/// after 1970. A look that fails is not the last.
pub(crate) async fn keep_trash<F: Future<Output = Result<EmptiedTrash, ErrorReport>>>(
    looks: impl Stream<Item = ()>,
    expire: impl Fn(i64) -> F,
) {
    let mut looks = std::pin::pin!(looks);
    while looks.next().await.is_some() {
        let now_ms = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
        match expire(i64::try_from(now_ms).unwrap_or(i64::MAX)).await {
            Ok(gone) if gone.files > 0 => tracing::info!(files = gone.files, "deleted from the trash"),
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, details = error.details, "the trash cannot be looked through")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::cell::Cell;
    use std::collections::BTreeMap;
    use std::future::ready;

    use futures_util::{poll, stream};
    use oreforge_protocol::{ArtifactKind, ErrorCode, ForgeRequest, JobRequest, Settings, SourceRef};
    use oreforge_store::{ArtifactBytes, Begun, NewJob, StepCommit, Store};
    use tokio::sync::mpsc;

    use super::*;

    const DAY_MS: i64 = 24 * 60 * 60 * 1000;

    /// A finished job whose files lie in the trash.
    fn fill(store: &Store) {
        let request = JobRequest::Forge(ForgeRequest::new(SourceRef::Sample { name: "duck".to_owned() }));
        let job = NewJob { name: "duck".to_owned(), project: None, request, in_front: false, failure: None };
        let id = store.create_job(job).unwrap();
        let Begun::Step(first) = store.begin(id, "draft").unwrap() else { panic!("nothing to do") };
        let mut next = Some(first);
        let mut made = Vec::new();
        while let Some(step) = next {
            let slot = None;
            let bytes = step.as_str().as_bytes().to_vec();
            let file = ArtifactBytes { kind: ArtifactKind::Mesh, slot, number: None, bytes, stats: None };
            let artifacts =
                if made.is_empty() { store.stage(id, step, vec![file]).unwrap() } else { Vec::new() };
            next = store
                .commit_step(id, StepCommit { step, elapsed_ms: 5, facts: BTreeMap::new(), artifacts })
                .unwrap();
            made = store.artifacts(id).unwrap();
        }
        assert_eq!(store.trash(&[made[0].id]).unwrap(), 1);
    }

    #[tokio::test]
    async fn every_look_is_at_the_time_it_is_and_one_that_fails_is_not_the_last() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        store.save_settings(&Settings { trash_days: Some(7), ..Settings::default() }).unwrap();
        fill(&store);
        let (days, broken, gone) = (Cell::new(0), Cell::new(false), Cell::new(0));
        let (look, mut looks) = mpsc::unbounded_channel();
        let mut task =
            std::pin::pin!(keep_trash(stream::poll_fn(|context| looks.poll_recv(context)), |now_ms| {
                if broken.get() {
                    return ready(Err(ErrorReport::new(ErrorCode::StoreUnavailable, "no")));
                }
                let emptied = store.expire_trash(now_ms + days.get() * DAY_MS).unwrap();
                gone.set(gone.get() + emptied.files);
                ready(Ok(emptied))
            }));
        let mut after = async |later, is_broken| {
            days.set(later);
            broken.set(is_broken);
            look.send(()).unwrap();
            assert!(poll!(&mut task).is_pending());
            gone.get()
        };
        assert_eq!(after(0, false).await, 0);
        assert_eq!(after(6, false).await, 0);
        assert_eq!(after(8, true).await, 0);
        assert_eq!(after(8, false).await, 1);
        drop(look);
        task.await;
    }
}
