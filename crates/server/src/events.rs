//! A job's events as server-sent events. The id of each is its place in the log: the cursor to go on from. What the
//! running step is about to bring comes between them, as messages of type `preview` without an id.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event as SseEvent, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, StreamExt};
use oreforge_commands::News;
use oreforge_protocol::{Command, Event, EventSeq, JobId, LivePreview, Reply};
use serde::Deserialize;

use crate::refusal::Refusal;
use crate::routes::Shared;

/// A reader that hears nothing for longer knows that the line is dead.
const HEARTBEAT: Duration = Duration::from_secs(10);

#[derive(Debug, Deserialize)]
pub(crate) struct Cursor {
    after: Option<EventSeq>,
}

/// `GET /api/jobs/<id>/events?after=<seq>`; `Last-Event-ID` outranks `after`. Ends after the job's last event.
/// 204 when the job is over and the reader has seen everything: a browser's EventSource then stops asking.
pub(crate) async fn events(
    State(shared): State<Shared>,
    Path(id): Path<JobId>,
    Query(cursor): Query<Cursor>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let job = match shared.forge.execute(Command::GetJob { id }).await? {
        Reply::GetJob(job) => job,
        _ => {
            return Err(Refusal::of(
                StatusCode::INTERNAL_SERVER_ERROR,
                "The core answered another question.",
            ));
        }
    };
    let last_seen =
        headers.get("last-event-id").and_then(|value| value.to_str().ok()?.parse().ok().map(EventSeq));
    let after = last_seen.or(cursor.after).unwrap_or_default();
    if job.state.is_terminal() && after >= job.last_seq {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let stream = shared.forge.follow(id, after).map(|news| match news {
        News::Event(event) => written(&event),
        News::Preview(preview) => shown(&preview),
    });
    Ok(sse(stream).into_response())
}

fn sse(stream: impl Stream<Item = SseEvent> + Send + 'static) -> impl IntoResponse {
    Sse::new(stream.map(Ok::<_, Infallible>))
        .keep_alive(KeepAlive::new().interval(HEARTBEAT).text("heartbeat"))
}

fn shown(preview: &LivePreview) -> SseEvent {
    SseEvent::default().event("preview").json_data(preview).unwrap_or_else(|error| {
        tracing::error!(%error, "a preview could not be written");
        SseEvent::default().comment("unwritable")
    })
}

fn written(event: &Event) -> SseEvent {
    let id = event.seq.to_string();
    match SseEvent::default().json_data(event) {
        Ok(sse) => sse.id(id),
        Err(error) => {
            tracing::error!(%error, seq = id, "an event could not be written");
            SseEvent::default().id(id).comment("unwritable")
        }
    }
}
