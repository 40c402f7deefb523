use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Body;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tower::ServiceExt as _;

use super::http::{DropConnection, router};
use super::process::{Command, Process, World};

/// A port that nobody else is given while it lives, also while nothing listens there. 0 is any.
pub(super) fn reserve(port: u16) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    // Allows the listener beside it.
    socket.set_reuseaddr(true)?;
    socket.bind(SocketAddr::from(([127, 0, 0, 1], port)))?;
    Ok(socket)
}

/// Needs a runtime around it, and no await. The standard library allows a port that still has connections of the
/// process that died.
pub(super) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = std::net::TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener)
}

/// Keeps one process alive, kills it and starts the next as told.
pub(super) async fn supervise(
    world: Arc<World>,
    current: Arc<Mutex<Option<Arc<Process>>>>,
    first: Arc<Process>,
    listener: TcpListener,
    mut orders: mpsc::UnboundedReceiver<Command>,
) {
    let set = |process: Option<Arc<Process>>| {
        *current.lock().unwrap_or_else(PoisonError::into_inner) = process;
    };
    let address = listener.local_addr().expect("a listener has an address");
    let mut living = Some(first.clone());
    let mut accepting = tokio::spawn(accept(first, listener));
    while let Some(order) = orders.recv().await {
        let (down, done) = match order {
            Command::Die { down, done } => {
                if let Some(process) = living.take() {
                    set(None);
                    process.end();
                    // The port is free only when the task has let go of the listener.
                    let _ = accepting.await;
                    accepting = tokio::spawn(async {});
                }
                match down {
                    Some(down) => {
                        tokio::time::sleep(down).await;
                        (true, done)
                    }
                    None => (false, done),
                }
            }
            Command::Start { done } => (true, Some(done)),
        };
        if down && living.is_none() {
            wipe_temp(&world);
            let listener = listen(address).expect("the port was ours and stays ours");
            let process = Process::start(world.clone());
            set(Some(process.clone()));
            living = Some(process.clone());
            accepting = tokio::spawn(accept(process, listener));
        }
        if let Some(done) = done {
            let _ = done.send(());
        }
    }
}

fn wipe_temp(world: &World) {
    let temp = world.root.join("temp");
    // A directory that is missing is as good as a wiped one.
    let _ = std::fs::remove_dir_all(&temp);
    let _ = std::fs::create_dir(&temp);
}

async fn accept(process: Arc<Process>, listener: TcpListener) {
    let router = router(process.clone());
    loop {
        tokio::select! {
            connection = listener.accept() => {
                let Ok((stream, _)) = connection else { continue };
                tokio::spawn(connected(process.clone(), router.clone(), stream));
            }
            () = process.alive.cancelled() => return,
        }
    }
}

async fn connected(process: Arc<Process>, router: Router, stream: TcpStream) {
    // A refused option costs only speed.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let router = router.clone();
        async move {
            let answer: Result<_, Infallible> = router.oneshot(request.map(Body::new)).await;
            let Ok(answer) = answer;
            match answer.extensions().get::<DropConnection>() {
                // hyper closes a connection whose service fails.
                Some(DropConnection) => Err(io::Error::from(io::ErrorKind::ConnectionAborted)),
                None => Ok(answer),
            }
        }
    });
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades();
    tokio::select! {
        // A connection that breaks is the client's affair.
        _ = connection => {}
        () = process.alive.cancelled() => {}
    }
}
