//! A site that model files come from, and that misbehaves as it is told: HTTP/1.1 by hand, so that a test decides over
//! every byte.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// How the site answers.
#[derive(Debug, Clone)]
pub struct Site {
    pub body: Vec<u8>,
    pub etag: Option<String>,
    /// Takes `Range`, and `If-Range` as RFC 9110 says.
    pub ranges: bool,
    /// Takes `Range` and looks at no `If-Range`.
    pub ignores_if_range: bool,
    /// Breaks the connection after so many bytes of a body, so many times.
    pub drop_after: Option<(usize, u32)>,
    /// Sends so many bytes of a body and then nothing, until [`FileSite::go_on`].
    pub hold_after: Option<usize>,
    /// Says that the body is so much longer than it is.
    pub boast_bytes: usize,
    /// Without `Content-Length`.
    pub chunked: bool,
    pub status: u16,
    /// Sent instead of a body.
    pub redirect: Option<String>,
    pub content_type: &'static str,
    /// Who is let in; everybody when `None`.
    pub token: Option<String>,
}

impl Site {
    pub fn new(body: Vec<u8>) -> Self {
        Self {
            body,
            etag: Some("\"one\"".to_owned()),
            ranges: true,
            ignores_if_range: false,
            drop_after: None,
            hold_after: None,
            boast_bytes: 0,
            chunked: false,
            status: 200,
            redirect: None,
            content_type: "application/octet-stream",
            token: None,
        }
    }
}

/// One request, and what was sent of the body.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    pub headers: HashMap<String, String>,
    pub start: usize,
    pub sent_bytes: usize,
}

struct State {
    site: Site,
    asked: Vec<Asked>,
    generation: u32,
}

/// The site while it is open; its threads end with the process.
#[derive(Clone)]
pub struct FileSite {
    port: u16,
    state: Arc<(Mutex<State>, Condvar)>,
}

impl FileSite {
    /// # Panics
    /// When no port can be had.
    pub fn open(site: Site) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        let state = Arc::new((Mutex::new(State { site, asked: Vec::new(), generation: 0 }), Condvar::new()));
        let open = Self { port, state };
        let serving = open.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let serving = serving.clone();
                // A client that goes away is what some tests are about.
                thread::spawn(move || serving.answer(stream).ok());
            }
        });
        open
    }

    pub fn url(&self, name: &str) -> String {
        format!("http://127.0.0.1:{}/{name}", self.port)
    }

    /// Host and port.
    pub fn name(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was asked for so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.state().asked.clone()
    }

    /// Changes how it answers from now on.
    pub fn change(&self, change: impl FnOnce(&mut Site)) {
        change(&mut self.state().site);
    }

    /// Lets every held body go on.
    pub fn go_on(&self) {
        let mut state = self.state();
        state.site.hold_after = None;
        state.generation += 1;
        self.state.1.notify_all();
    }

    fn answer(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut reader = BufReader::new(stream.try_clone()?);
        let mut headers = HashMap::new();
        let mut line = String::new();
        reader.read_line(&mut line)?;
        loop {
            line.clear();
            reader.read_line(&mut line)?;
            let Some((name, value)) = line.trim().split_once(": ") else { break };
            headers.insert(name.to_lowercase(), value.to_owned());
        }
        let (site, generation) = {
            let state = self.state();
            (state.site.clone(), state.generation)
        };
        let let_in = site.token.as_ref().is_none_or(|token| {
            headers.get("authorization").is_some_and(|sent| *sent == format!("Bearer {token}"))
        });
        let same =
            site.ignores_if_range || site.etag.is_some() && headers.get("if-range") == site.etag.as_ref();
        let wanted = headers
            .get("range")
            .and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
        let start = wanted.filter(|_| site.ranges && same).unwrap_or(0usize);
        let index = {
            let mut state = self.state();
            state.asked.push(Asked { headers, start, sent_bytes: 0 });
            state.asked.len() - 1
        };
        let status = match (site.status, start) {
            _ if !let_in => 401,
            (200, 1..) if start >= site.body.len() => 416,
            (200, 1..) => 206,
            (status, _) => status,
        };
        let mut head =
            format!("HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Type: {}\r\n", site.content_type);
        if let Some(to) = &site.redirect {
            head.push_str(&format!("Location: {to}\r\nContent-Length: 0\r\n\r\n"));
            return stream.write_all(head.replacen(&status.to_string(), "302", 1).as_bytes());
        }
        if !matches!(status, 200 | 206) {
            head.push_str("Content-Length: 2\r\n\r\nno");
            return stream.write_all(head.as_bytes());
        }
        if let Some(etag) = &site.etag {
            head.push_str(&format!("ETag: {etag}\r\n"));
        }
        let total = site.body.len() + site.boast_bytes;
        if status == 206 {
            head.push_str(&format!("Content-Range: bytes {start}-{}/{total}\r\n", total - 1));
        }
        let body = &site.body[start..];
        if !site.chunked {
            head.push_str(&format!("Content-Length: {}\r\n", total - start));
        }
        stream.write_all(format!("{head}\r\n").as_bytes())?;
        let cut = {
            let mut state = self.state();
            match &mut state.site.drop_after {
                Some((after, times)) if *times > 0 => {
                    *times -= 1;
                    Some(*after)
                }
                _ => None,
            }
        };
        let end = cut.unwrap_or(body.len()).min(body.len());
        let hold = site.hold_after.unwrap_or(end).min(end);
        self.send(&mut stream, index, &body[..hold])?;
        if hold < end {
            let held = self.state();
            drop(self.state.1.wait_while(held, |state| state.generation == generation));
            self.send(&mut stream, index, &body[hold..end])?;
        }
        Ok(())
    }

    fn send(&self, stream: &mut TcpStream, index: usize, bytes: &[u8]) -> std::io::Result<()> {
        for piece in bytes.chunks(16 << 10) {
            stream.write_all(piece)?;
            self.state().asked[index].sent_bytes += piece.len();
        }
        stream.flush()
    }
}

/// A safetensors file with one tensor of so many bytes, different ones for each seed.
pub fn model(tensor_bytes: usize, seed: u8) -> Vec<u8> {
    let header =
        format!(r#"{{"w":{{"dtype":"U8","shape":[{tensor_bytes}],"data_offsets":[0,{tensor_bytes}]}}}}"#);
    let tensor = (0..tensor_bytes).map(|at| (at.wrapping_mul(2_654_435_761) >> 7) as u8 ^ seed);
    let start = (header.len() as u64).to_le_bytes();
    start.into_iter().chain(header.into_bytes()).chain(tensor).collect()
}
