//! Serves a generation of the archive on a free port of this machine, in a thread of its own.
//!
//! It can be used from tests with and without an async runtime. It counts what is asked for, fails where it is told to, and
//! changes to another generation when it is told to. It stops when it is dropped.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, Request, State};
use axum::response::Response;
use tokio::sync::oneshot;

use super::answer::answer;
use super::fault::{Rule, matches};
use super::wire::{Resetter, ResettingListener};
use super::{Fault, Generation, When};

/// The path below which the archive lies, as on real mirrors.
const PREFIX: &str = "/debian/";

/// A running server.
#[derive(Debug)]
pub struct FakeServer {
    address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    generation: Arc<Generation>,
    rules: Vec<Rule>,
    swaps: Vec<(String, usize, Arc<Generation>)>,
    requests: Vec<String>,
}

impl FakeServer {
    /// Starts to serve.
    pub fn start(generation: Generation) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("a socket that does not block");
        let address = listener.local_addr().expect("an address");
        let generation = Arc::new(generation);
        let shared = Shared { generation, rules: Vec::new(), swaps: Vec::new(), requests: Vec::new() };
        let shared = Arc::new(Mutex::new(shared));
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || run(listener, shared, stopped)
        });
        Self { address, shared, stop: Some(stop), thread: Some(thread) }
    }

    /// The archive's address, as it stands in APT's sources: `http://127.0.0.1:PORT/debian`.
    pub fn url(&self) -> String {
        format!("http://{}{}", self.address, PREFIX.trim_end_matches('/'))
    }

    /// Lets requests fail. In the pattern, a path below the address, each `*` stands for any text.
    pub fn fail(&self, pattern: &str, when: When, fault: Fault) {
        self.shared().rules.push(Rule::new(pattern, when, fault));
    }

    /// Forgets all faults and all changes that have not happened yet.
    pub fn heal(&self) {
        let mut shared = self.shared();
        shared.rules.clear();
        shared.swaps.clear();
    }

    /// Serves another generation from now on.
    pub fn swap(&self, generation: Generation) {
        self.shared().generation = Arc::new(generation);
    }

    /// Serves another generation once so many requests that match the pattern have been answered.
    pub fn swap_after(&self, pattern: &str, count: usize, generation: Generation) {
        self.shared().swaps.push((pattern.into(), count, Arc::new(generation)));
    }

    /// How many requests matched the pattern.
    pub fn count(&self, pattern: &str) -> usize {
        self.shared().requests.iter().filter(|path| matches(pattern, path)).count()
    }

    /// All paths that were asked for, in order.
    pub fn requests(&self) -> Vec<String> {
        self.shared().requests.clone()
    }

    /// Forgets what was asked for.
    pub fn forget_requests(&self) {
        self.shared().requests.clear();
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        lock(&self.shared)
    }
}

impl Drop for FakeServer {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    /// Counts a request, and says what lies at its path and what goes wrong with it.
    fn take(&mut self, path: &str) -> (Option<Bytes>, Option<Fault>) {
        self.requests.push(path.into());
        let file = self.generation.bytes(path);
        let met: Vec<_> = self.rules.iter_mut().filter_map(|rule| rule.meet(path)).collect();
        for (pattern, count, generation) in &mut self.swaps {
            if *count > 0 && matches(pattern, path) {
                *count -= 1;
                if *count == 0 {
                    self.generation = Arc::clone(generation);
                }
            }
        }
        (file, met.into_iter().next())
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Serves until told to stop; connections that are still open break then.
fn run(listener: std::net::TcpListener, shared: Arc<Mutex<Shared>>, stopped: oneshot::Receiver<()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener).expect("a socket that does not block");
        let router = Router::new().fallback(handle).with_state(shared);
        let service = router.into_make_service_with_connect_info::<Resetter>();
        tokio::select! {
            _ = axum::serve(ResettingListener(listener), service) => {}
            _ = stopped => {}
        }
    });
}

async fn handle(
    State(shared): State<Arc<Mutex<Shared>>>,
    ConnectInfo(wire): ConnectInfo<Resetter>,
    request: Request,
) -> Response {
    let path = decoded(request.uri().path());
    let (file, fault) = lock(&shared).take(path.strip_prefix(PREFIX).unwrap_or(&path));
    answer(file, request.headers(), fault, wire).await
}

/// A path without its percent signs: clients may write `+` and `~` so.
fn decoded(path: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), path.as_bytes());
    while let Some((&first, tail)) = rest.split_first() {
        let hex = (first == b'%').then(|| tail.get(..2)).flatten().and_then(|hex| std::str::from_utf8(hex).ok());
        let code = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        bytes.push(code.unwrap_or(first));
        rest = if code.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use std::io::{self, Read, Write};
    use std::net::TcpStream;
    use std::time::Duration;

    use super::*;

    fn generation(text: &str) -> Generation {
        let mut generation = Generation::default();
        generation.put("dists/x/InRelease", text);
        generation.put("pool/a+b.deb", "0123456789");
        generation
    }

    /// Everything that comes down the wire, headers too.
    fn ask(server: &FakeServer, path: &str, header: &str) -> io::Result<String> {
        let mut stream = TcpStream::connect(server.address)?;
        stream.set_read_timeout(Some(Duration::from_millis(500)))?;
        write!(stream, "GET {PREFIX}{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{header}\r\n")?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn get(server: &FakeServer, path: &str) -> String {
        ask(server, path, "").unwrap()
    }

    #[test]
    fn serves_files_and_counts_who_asked() {
        let server = generation("one").serve();
        assert!(server.url().starts_with("http://127.0.0.1:") && server.url().ends_with("/debian"));
        assert!(get(&server, "dists/x/InRelease").ends_with("\r\n\r\none"));
        assert!(get(&server, "pool/a%2Bb.deb").ends_with("\r\n\r\n0123456789"));
        assert!(get(&server, "pool/none").starts_with("HTTP/1.1 404 "));
        assert_eq!((server.count("pool/*"), server.count("*InRelease")), (2, 1));
        assert_eq!(server.requests(), ["dists/x/InRelease", "pool/a+b.deb", "pool/none"]);
    }

    #[test]
    fn gives_the_rest_of_a_file_and_says_when_nothing_changed() {
        let server = generation("one").serve();
        let answer = ask(&server, "pool/a+b.deb", "Range: bytes=7-\r\n").unwrap();
        assert!(answer.starts_with("HTTP/1.1 206 ") && answer.contains("content-range: bytes 7-9/10"), "{answer}");
        assert!(answer.ends_with("\r\n\r\n789"));
        assert!(ask(&server, "pool/a+b.deb", "Range: bytes=10-\r\n").unwrap().starts_with("HTTP/1.1 416 "));
        let tag = answer.split_once("etag: ").unwrap().1.split_once("\r\n").unwrap().0.to_owned();
        let again = ask(&server, "pool/a+b.deb", &format!("If-None-Match: {tag}\r\n")).unwrap();
        assert!(again.starts_with("HTTP/1.1 304 "));
    }

    #[test]
    fn fails_the_request_that_was_named() {
        let server = generation("one").serve();
        server.fail("*.deb", When::Nth(2), Fault::RetryAfter(429, 7));
        assert!(get(&server, "pool/a+b.deb").starts_with("HTTP/1.1 200 "));
        let answer = get(&server, "pool/a+b.deb");
        assert!(answer.starts_with("HTTP/1.1 429 ") && answer.contains("retry-after: 7"), "{answer}");
        assert!(get(&server, "pool/a+b.deb").starts_with("HTTP/1.1 200 "));
        server.fail("*", When::Always, Fault::Status(500));
        assert!(get(&server, "pool/a+b.deb").starts_with("HTTP/1.1 500 "));
        server.heal();
        assert!(get(&server, "pool/a+b.deb").starts_with("HTTP/1.1 200 "));
    }

    #[test]
    fn spoils_the_content_as_told() {
        let cases = [
            (Fault::Truncate(3), "content-length: 3", "\r\n\r\n012"),
            (Fault::FlipBit(0), "content-length: 10", "\r\n\r\n1123456789"),
            (Fault::Replace(b"other".to_vec()), "content-length: 5", "\r\n\r\nother"),
            (Fault::CloseAfter(4), "content-length: 10", "\r\n\r\n0123"),
            (Fault::Drip(3, Duration::from_millis(5)), "content-length: 10", "\r\n\r\n0123456789"),
            (Fault::Redirect("/else".into()), "location: /else", "Found"),
        ];
        for (fault, header, end) in cases {
            let server = generation("one").serve();
            server.fail("*", When::Always, fault.clone());
            let answer = get(&server, "pool/a+b.deb");
            assert!(answer.contains(header) && answer.ends_with(end), "{fault:?}: {answer}");
        }
    }

    #[test]
    fn resets_and_stalls_connections() {
        let server = generation("one").serve();
        server.fail("*", When::Nth(1), Fault::ResetAfter(4));
        server.fail("*", When::Nth(2), Fault::StallAfter(4));
        assert_eq!(ask(&server, "pool/a+b.deb", "").unwrap_err().kind(), io::ErrorKind::ConnectionReset);
        assert_eq!(ask(&server, "pool/a+b.deb", "").unwrap_err().kind(), io::ErrorKind::WouldBlock);
        assert!(get(&server, "pool/a+b.deb").ends_with("0123456789"));
    }

    #[test]
    fn never_ends_when_told_so() {
        let server = generation("one").serve();
        server.fail("*", When::Always, Fault::Endless);
        let mut stream = TcpStream::connect(server.address).unwrap();
        write!(stream, "GET {PREFIX}x HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        assert_eq!(io::copy(&mut stream.take(5_000_000), &mut io::sink()).unwrap(), 5_000_000);
    }

    #[test]
    fn changes_to_another_generation_in_mid_wave() {
        let server = generation("one").serve();
        server.swap_after("*InRelease", 2, generation("two"));
        let answers = [(); 3].map(|()| get(&server, "dists/x/InRelease"));
        let ends = answers.each_ref().map(|answer| &answer[answer.len() - 3..]);
        assert_eq!(ends, ["one", "one", "two"]);
    }
}
