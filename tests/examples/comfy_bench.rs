//! Submit → bytes on disk for a graph without models: ours against the usual Python websocket script, by turns on one
//! server: `comfy_bench FAKE_COMFY PYTHON SCRIPT`. Prints a table.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;
use std::time::Instant;

use async_trait::async_trait;
use oreforge_engines::comfy::{Limits, PromptLedger, Server, ServerAddress, Work};
use oreforge_protocol::{ErrorReport, PromptNote};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

const RUNS: usize = 60;
/// First ones of both, in which connections are made.
const WARM_UP: usize = 5;

/// Notes in memory: the journal of the jobs is measured elsewhere.
#[derive(Default)]
struct Notes(Mutex<Vec<PromptNote>>);

#[async_trait]
impl PromptLedger for Notes {
    async fn prompts(&self) -> Result<Vec<PromptNote>, ErrorReport> {
        Ok(Vec::new())
    }

    async fn note(&self, note: PromptNote) -> Result<(), ErrorReport> {
        self.0.lock().unwrap().push(note);
        Ok(())
    }
}

/// A program whose lines are read.
struct Helper {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Helper {
    fn start(words: &[&str]) -> (Self, String) {
        let piped = || Stdio::piped();
        let mut child =
            Command::new(words[0]).args(&words[1..]).stdin(piped()).stdout(piped()).spawn().unwrap();
        let (input, output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut helper = Self { child, input, output };
        let first = helper.line();
        (helper, first)
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        assert!(self.output.read_line(&mut line).unwrap() > 0, "a helper ended");
        line.trim().to_owned()
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Another width each time, so that the server has nothing of it in its cache.
fn graph(run: usize, side: usize) -> Value {
    json!({
        "1": { "class_type": "EmptyImage", "inputs": { "width": side + run, "height": side, "batch_size": 1, "color": 4_000_000 } },
        "2": { "class_type": "ImageInvert", "inputs": { "image": ["1", 0] } },
        "3": { "class_type": "SaveImage", "inputs": { "images": ["2", 0], "filename_prefix": "bench/a" } },
    })
}

async fn ours(server: &Server, graph: Value, out: &std::path::Path) -> f64 {
    let Value::Object(graph) = graph else { unreachable!("a graph is an object") };
    let work =
        Work { purpose: "bench".to_owned(), graph, uploads: Vec::new(), outputs: vec!["3".to_owned()] };
    let start = Instant::now();
    let made = server
        .produce(&work, &Notes::default(), &CancellationToken::new(), &|_| {}, &|_, _| {})
        .await
        .unwrap();
    std::fs::write(out, &made[0].bytes).unwrap();
    start.elapsed().as_secs_f64() * 1e3
}

fn at(sorted: &[f64], share: f64) -> f64 {
    sorted[((sorted.len() - 1) as f64 * share).round() as usize]
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [fake, python, script] = &words[..] else { panic!("usage: comfy_bench FAKE_COMFY PYTHON SCRIPT") };
    let (_fake, url) = Helper::start(&[fake, "0", "0"]);
    let (mut peer, _) = Helper::start(&[python, script, &url]);
    let server = Server::open(ServerAddress::parse(&url).unwrap(), Limits::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    println!(
        "| picture | runs each | ours p50 ms | ours p90 ms | Python p50 ms | Python p90 ms | ratio of p50 | no slower |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for (row, side) in [64, 1024].into_iter().enumerate() {
        let (mut we, mut they) = (Vec::new(), Vec::new());
        for run in 0..WARM_UP + RUNS {
            // Each goes first every other time; no picture is asked for twice.
            let at = row * 1000 + run * 2;
            let mut one = |we_go: bool| {
                let out = folder.path().join(if we_go { "ours.png" } else { "theirs.png" });
                if we_go {
                    return runtime.block_on(ours(&server, graph(at, side), &out));
                }
                let line = json!({ "graph": graph(at + 1, side), "out": out });
                writeln!(peer.input, "{line}").unwrap();
                peer.line().parse::<f64>().unwrap()
            };
            let first = run % 2 == 0;
            let (a, b) = (one(first), one(!first));
            if run >= WARM_UP {
                we.push(if first { a } else { b });
                they.push(if first { b } else { a });
            }
        }
        we.sort_by(f64::total_cmp);
        they.sort_by(f64::total_cmp);
        let ratio = at(&they, 0.5) / at(&we, 0.5);
        println!(
            "| {side} px | {RUNS} | {:.1} | {:.1} | {:.1} | {:.1} | {ratio:.2} | {} |",
            at(&we, 0.5),
            at(&we, 0.9),
            at(&they, 0.5),
            at(&they, 0.9),
            if ratio >= 1.0 { "yes" } else { "no" }
        );
    }
}
