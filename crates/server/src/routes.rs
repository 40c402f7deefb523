use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS};
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use oreforge_commands::{MAX_PICTURE_BYTES, Oreforge};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;

use crate::access::{self, Access};
use crate::{commands, events, files, meshes, openapi, page, pictures};

/// A command carries ids, numbers and at most the strokes of a brush.
const MAX_COMMAND_BYTES: usize = 8_000_000;

/// The same that the window allows its page.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; \
    img-src 'self' blob:; connect-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What every handler can reach.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) forge: Oreforge,
    pub(crate) access: Access,
}

pub(crate) fn routes(forge: Oreforge, access: Access) -> Router {
    let with_token = Router::new()
        .route(
            "/api/commands/{command}",
            post(commands::execute).layer(DefaultBodyLimit::max(MAX_COMMAND_BYTES)),
        )
        .route("/api/jobs/{id}/events", get(events::events))
        .route(
            "/api/pictures",
            post(pictures::import)
                .layer(DefaultBodyLimit::max(usize::try_from(MAX_PICTURE_BYTES).unwrap_or(usize::MAX))),
        )
        .route("/api/meshes/{id}/export", get(meshes::export))
        .route("/api/file-pass", get(files::pass))
        .route("/api/opening", get(page::opening))
        .route("/api/openapi.json", get(openapi::describe))
        .layer(from_fn_with_state(access.clone(), access::check_token));
    let with_pass = Router::new()
        .route("/files/{kind}/{id}", get(files::file))
        .layer(from_fn_with_state(access.clone(), access::check_pass));
    let header = |name, value| SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value));
    Router::new()
        .merge(with_token)
        .merge(with_pass)
        .fallback(page::file)
        .layer(from_fn_with_state(access.clone(), access::check_sender))
        .layer(header(CONTENT_SECURITY_POLICY, PAGE_POLICY))
        .layer(header(X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(header(X_FRAME_OPTIONS, "DENY"))
        .layer(header(REFERRER_POLICY, "no-referrer"))
        .layer(CatchPanicLayer::new())
        .with_state(Shared { forge, access })
}
