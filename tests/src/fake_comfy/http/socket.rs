use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::super::process::Process;
use super::super::sockets::{Socket, text};
use super::super::worker::process_status;

/// GET /ws.
pub(super) async fn open(
    State(process): State<Arc<Process>>,
    Query(query): Query<HashMap<String, String>>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let Ok(upgrade) = upgrade else {
        let message = "No WebSocket UPGRADE hdr: None\n Can \"Upgrade\" only to \"WebSocket\".";
        return super::text(StatusCode::BAD_REQUEST, message);
    };
    let sid = query.get("clientId").filter(|id| !id.is_empty()).cloned();
    let sid = sid.unwrap_or_else(|| uuid::Uuid::new_v4().simple().to_string());
    upgrade.max_message_size(4 * 1024 * 1024).on_upgrade(move |socket| serve(process, socket, sid))
}

async fn serve(process: Arc<Process>, socket: WebSocket, sid: String) {
    let (sink, mut stream) = socket.split();
    let gone = CancellationToken::new();
    let socket = Socket::new(process.next_socket_number(), sink, gone.clone());
    process.sockets.register(&sid, socket.clone());
    let mut status = process_status(&process);
    status["sid"] = json!(sid);
    say(&process, &socket, "status", &status).await;
    let current = {
        let core = process.core();
        core.last_node.clone().filter(|_| core.client_id.as_deref() == Some(&sid))
    };
    if let Some(node) = current {
        say(&process, &socket, "executing", &json!({ "node": node })).await;
    }

    let mut is_first = true;
    loop {
        let message = tokio::select! {
            message = stream.next() => message,
            // The fault that ends sockets has unregistered it already.
            () = gone.cancelled() => return,
            () = process.alive.cancelled() => return,
        };
        match message {
            Some(Ok(Message::Text(message))) => {
                let Ok(message) = serde_json::from_str::<Value>(&message) else { continue };
                if std::mem::take(&mut is_first) && message["type"] == "feature_flags" {
                    let wanted = message["data"]["supports_preview_metadata"] == json!(true);
                    process.sockets.negotiate(&sid, wanted);
                    say(&process, &socket, "feature_flags", &super::server_features(&process)).await;
                }
            }
            Some(Ok(_)) => {}
            Some(Err(_)) | None => break,
        }
    }
    socket.gone.cancel();
    process.sockets.forget(&sid);
    process.world.lockstep.closed(socket.number);
}

async fn say(process: &Process, socket: &Socket, kind: &str, data: &Value) {
    socket.send(text(kind, data)).await;
    process.world.lockstep.sent(socket.number);
}
