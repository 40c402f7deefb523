//! `oreforge serve`: the front end in a browser, and the commands over HTTP.

use std::io::{self, Write};
use std::net::IpAddr;

use anyhow::Context;
use oreforge_commands::{Config, Oreforge};
use oreforge_server::{ServeConfig, ServeError, Server};
use serde::Serialize;

use crate::args::ServeArgs;
use crate::exit::Exit;
use crate::show;

/// The first line of `--json`: what another program needs to talk to the server.
#[derive(Serialize)]
struct Listening<'a> {
    url: &'a str,
    token: &'a str,
}

pub async fn serve(args: ServeArgs) -> anyhow::Result<Exit> {
    let ServeArgs { port, bind, token, data_dir, json } = args;
    let server = match Server::bind(ServeConfig { bind, port, token }).await {
        Ok(server) => server,
        Err(error @ (ServeError::NeedsToken { .. } | ServeError::WeakToken | ServeError::Bind { .. })) => {
            show::error_line(&format!("{error}."));
            return Ok(Exit::Usage);
        }
        Err(error @ ServeError::NoRandom(_)) => return Err(error.into()),
    };
    let forge = Oreforge::open(Config { data_dir, ..Config::default() })?;
    let mut out = io::stdout();
    if json {
        let line = serde_json::to_string(&Listening { url: &server.url(), token: server.token() })?;
        writeln!(out, "{line}")?;
    } else {
        writeln!(out, "Oreforge is open at {}\nCtrl-C ends it.", server.url_with_token())?;
        warn_beyond_this_computer(&mut out, bind)?;
    }
    out.flush()?;
    server.run(forge, ended()).await.context("the server broke down")?;
    Ok(Exit::Done)
}

fn warn_beyond_this_computer(out: &mut impl Write, bind: IpAddr) -> io::Result<()> {
    if bind.is_loopback() {
        return Ok(());
    }
    writeln!(out, "Other computers can reach it. What they send and get is not encrypted.")
}

/// Ctrl-C, or being told to end.
async fn ended() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    // Without signals only the end of the process ends it.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
