//! The client against the fake server, where nothing breaks but much is odd.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::common::{MemoryLedger, bystander, graph, limits, png, produce, server, upload, work, work_on};
use oreforge_engines::comfy::{
    Credentials, Health, ProduceError, Progress, RunError, Server, ServerAddress, Sight, Work,
};
use oreforge_protocol::PromptState;
use oreforge_tests::fake_comfy::{Auth, Boundary, FakeComfy, Fault, Options, Outcome};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

fn at(address: &str) -> Server {
    Server::open(ServerAddress::parse(address).unwrap(), limits()).unwrap()
}

/// A server that answers every request with the same bytes.
async fn answering(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = [0; 4096];
                let _ = connection.read(&mut request).await;
                let _ = connection.write_all(answer.as_bytes()).await;
            });
        }
    });
    format!("http://{address}")
}

#[tokio::test(flavor = "multi_thread")]
async fn health_names_every_state_and_its_reason() {
    let fake = FakeComfy::start(Options::default());
    let ready = server(&fake).health().await;
    let Health::Ready(info) = &ready else { panic!("{ready:?}") };
    assert_eq!(info.version.as_deref(), Some("0.3.64"));
    assert_eq!(info.devices.len(), 1);

    fake.lockstep(true);
    fake.submit_as_stranger(&bystander(&fake)).unwrap();
    assert_eq!(server(&fake).health().await.queued(), Some(1));

    let url = fake.url();
    fake.kill().await;
    assert!(matches!(at(&url).health_within(2).await, Health::Unreachable { .. }));

    for (answer, words) in [
        ("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n<html>Hi<", "not ComfyUI"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\n{\"system\":{}}", "not ComfyUI"),
        ("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", "not ComfyUI"),
        ("HTTP/1.1 302 Found\r\nlocation: https://x/\r\ncontent-length: 0\r\n\r\n", "another address"),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 40\r\n\r\n{\"system\":{\"comfyui_version\":\"0.2.3\"}}  ",
            "0.3.64 or newer",
        ),
    ] {
        let health = at(&answering(answer).await).health().await;
        let Health::Incompatible { reason } = &health else { panic!("{answer}: {health:?}") };
        assert!(reason.contains(words), "{reason}");
    }
    for status in ["401 Unauthorized", "403 Forbidden", "407 Proxy Authentication Required"] {
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
        let health = at(&answering(answer.leak()).await).health().await;
        let Health::Locked { reason } = &health else { panic!("{status}: {health:?}") };
        assert!(reason.starts_with("this server wants a token"), "{reason}");
    }
    let starting = "HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n";
    assert!(matches!(at(&answering(starting).await).health().await, Health::Starting { .. }));
    // Nothing that could be trusted.
    let secure = answering(starting).await.replace("http:", "https:");
    assert!(!at(&secure).health().await.is_usable());
}

#[tokio::test(flavor = "multi_thread")]
async fn works_behind_a_proxy_that_asks_who_is_there() {
    let bearer = Auth::Bearer("s3cret".to_owned());
    let basic = Auth::Basic { user: "me".to_owned(), password: "s3:cret".to_owned() };
    for auth in [bearer, basic] {
        let credentials = match &auth {
            Auth::Bearer(token) => Credentials::Bearer(token.clone()),
            Auth::Basic { user, password } => {
                Credentials::Basic { user: user.clone(), password: password.clone() }
            }
        };
        let options = Options { base_path: "/comfy".to_owned(), auth: Some(auth), ..Options::default() };
        let fake = FakeComfy::start(options);
        let address = ServerAddress::parse(&fake.url()).unwrap();
        let stranger = Server::open(address.clone(), limits()).unwrap();
        assert!(matches!(stranger.health().await, Health::Locked { .. }));
        let server = Server::open(address.with_credentials(credentials), limits()).unwrap();
        assert!(server.health().await.is_usable());
        let work = work(&server).await;
        let heard = Mutex::new(0);
        let made = server
            .produce(
                &work,
                &MemoryLedger::default(),
                &CancellationToken::new(),
                &|sight| *heard.lock().unwrap() = sight.news.nodes.len(),
                &|_, _| {},
            )
            .await
            .unwrap();
        assert_eq!(made.len(), 1);
        assert!(*heard.lock().unwrap() > 0, "the socket was not let in");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_of_all_kinds_come_back() {
    let fake = FakeComfy::start(Options::default());
    let server = server(&fake);
    let uploaded = server.upload(&upload(1), &CancellationToken::new()).await.unwrap();
    for prefix in ["a b", "hash # and & more", "Bär/Vögel 50%", "plus+plus/x=y"] {
        let Value::Object(graph) = graph(&uploaded.reference(), prefix) else { panic!() };
        let work = Work { purpose: "views".to_owned(), graph, uploads: vec![upload(1)], outputs: Vec::new() };
        let ledger = MemoryLedger::default();
        let made = server.produce(&work, &ledger, &CancellationToken::new(), &|_| {}, &|_, _| {}).await;
        assert!(made.is_ok(), "{prefix}: {made:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_prompt_says_how_many_come_first_and_is_taken_back() {
    let fake = Arc::new(FakeComfy::start(Options::default()));
    fake.lockstep(true);
    let theirs: Vec<String> = (0..3)
        .map(|n| {
            fake.put_input("theirs.png", &png(200));
            fake.submit_as_stranger(&graph("theirs.png", &format!("theirs/{n}"))).unwrap()
        })
        .collect();
    let (cancel, ledger) = (CancellationToken::new(), MemoryLedger::default());
    let sights: Arc<Mutex<Vec<Sight>>> = Arc::default();
    let waiting = {
        let (fake, cancel, ledger, sights) =
            (Arc::clone(&fake), cancel.clone(), ledger.clone(), Arc::clone(&sights));
        tokio::spawn(async move {
            let server = server(&fake);
            let work = work(&server).await;
            let on_sight = |sight: &Sight| {
                if sight.ahead == Some(3) {
                    cancel.cancel();
                }
                sights.lock().unwrap().push(sight.clone());
            };
            server.produce(&work, &ledger, &cancel, &on_sight, &|_, _| {}).await
        })
    };
    assert_eq!(waiting.await.unwrap(), Err(ProduceError::Run(RunError::Cancelled)));
    assert!(sights.lock().unwrap().iter().any(|sight| sight.stopping));
    let ours = fake.ledger().into_iter().find(|s| !theirs.contains(&s.prompt_id)).unwrap();
    assert_eq!(ours.outcome, Outcome::Deleted);
    fake.lockstep(false);
    let over = || fake.ledger().iter().filter(|s| s.outcome == Outcome::Success).count() == theirs.len();
    tokio::time::timeout(Duration::from_secs(20), async {
        while !over() {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
    assert_eq!(ledger.all()[0].state, PromptState::Closed);
}

/// The flag of an interrupt is cleared when a prompt starts: one that comes just before is lost.
#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_that_is_lost_is_repeated() {
    let fake = Arc::new(FakeComfy::start(Options::default()));
    let taken = fake.hold(Boundary::stage("taken", 1));
    let begun = fake.hold(Boundary::message("executing", 1));
    let (cancel, ledger) = (CancellationToken::new(), MemoryLedger::default());
    let running = {
        let (fake, cancel, ledger) = (Arc::clone(&fake), cancel.clone(), ledger.clone());
        tokio::spawn(async move { produce(&fake, &ledger, &cancel).await })
    };
    taken.reached().await;
    cancel.cancel();
    fake.reached(&Boundary::answer("POST /interrupt", 1)).await;
    taken.release();
    // The first one is forgotten by now.
    begun.reached().await;
    let sent = fake.boundaries().iter().filter(|met| met.name == "answer POST /interrupt").count();
    fake.reached(&Boundary::answer("POST /interrupt", sent + 1)).await;
    begun.release();
    assert_eq!(running.await.unwrap(), Err(ProduceError::Run(RunError::Cancelled)));
    assert_eq!(fake.ledger()[0].outcome, Outcome::Interrupted);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_refuses_is_explained_and_not_repeated() {
    let fake = FakeComfy::start(Options::default());
    let server = server(&fake);
    let uploaded = server.upload(&upload(1), &CancellationToken::new()).await.unwrap();
    let mut work = work_on(&uploaded.reference());
    work.graph["2"]["inputs"]["width"] = (-5).into();
    let ledger = MemoryLedger::default();
    let ended = server.produce(&work, &ledger, &CancellationToken::new(), &|_| {}, &|_, _| {}).await;
    let Err(ProduceError::Run(RunError::Refused(refusal))) = ended else { panic!("{ended:?}") };
    assert_eq!(refusal.faults[0].class_type, "ImageScale");
    assert!(fake.ledger().is_empty());
    assert_eq!(ledger.all()[0].state, PromptState::Closed);
}

/// 200, though one output cannot run: what is accepted in part is taken back.
#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_what_is_wanted_is_not_run() {
    let fake = FakeComfy::start(Options::default());
    let server = server(&fake);
    let uploaded = server.upload(&upload(1), &CancellationToken::new()).await.unwrap();
    let mut work = work_on(&uploaded.reference());
    let mut broken = work.graph["2"].clone();
    broken["inputs"]["width"] = (-5).into();
    let mut save = work.graph["4"].clone();
    save["inputs"]["images"][0] = "5".into();
    work.graph.insert("5".to_owned(), broken);
    work.graph.insert("6".to_owned(), save);
    work.outputs = vec!["6".to_owned()];
    fake.lockstep(true);
    let ledger = MemoryLedger::default();
    let ended = server.produce(&work, &ledger, &CancellationToken::new(), &|_| {}, &|_, _| {}).await;
    assert!(matches!(ended, Err(ProduceError::Run(RunError::Refused(_)))), "{ended:?}");
    assert_eq!(fake.ledger()[0].outcome, Outcome::Deleted);

    // The same graph is fine where only the other output is wanted.
    fake.lockstep(false);
    work.outputs = vec!["4".to_owned()];
    let made = server.produce(&work, &ledger, &CancellationToken::new(), &|_| {}, &|_, _| {}).await;
    assert_eq!(made.unwrap().len(), 1);
}

/// A step whose parameters changed takes back what its former self left on the server.
#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_nobody_wants_any_more_is_taken_back() {
    let fake = Arc::new(FakeComfy::start(Options::default()));
    fake.lockstep(true);
    let ledger = MemoryLedger::default();
    let first = {
        let (fake, ledger) = (Arc::clone(&fake), ledger.clone());
        tokio::spawn(async move { produce(&fake, &ledger, &CancellationToken::new()).await })
    };
    fake.reached(&Boundary::answer("POST /prompt", 1)).await;
    first.abort();
    let _ = first.await;
    let server = server(&fake);
    let mut work = work(&server).await;
    work.graph["2"]["inputs"]["upscale_method"] = "nearest-exact".into();
    let second = {
        let ledger = ledger.clone();
        tokio::spawn(async move {
            server.produce(&work, &ledger, &CancellationToken::new(), &|_| {}, &|_, _| {}).await
        })
    };
    fake.reached(&Boundary::answer("POST /prompt", 2)).await;
    fake.lockstep(false);
    assert_eq!(second.await.unwrap().unwrap().len(), 1);
    let outcomes: Vec<Outcome> = fake.ledger().iter().map(|s| s.outcome).collect();
    assert_eq!(outcomes, [Outcome::Deleted, Outcome::Success]);
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_grows_and_never_reaches_the_end_before_the_files() {
    let fake = FakeComfy::start(Options::default());
    fake.inject(Boundary::message("executing", 2), Fault::DropSockets);
    let server = server(&fake);
    let work = work(&server).await;
    let progress = Mutex::new((Progress::of(&work.graph), Vec::new()));
    let on_sight = |sight: &Sight| {
        let (progress, seen) = &mut *progress.lock().unwrap();
        seen.push(progress.fraction(&sight.news));
    };
    let ledger = MemoryLedger::default();
    server.produce(&work, &ledger, &CancellationToken::new(), &on_sight, &|_, _| {}).await.unwrap();
    let seen = progress.into_inner().unwrap().1;
    assert!(seen.is_sorted() && seen.iter().all(|fraction| *fraction < 1.0), "{seen:?}");
}
