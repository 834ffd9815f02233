//! Progress on standard error: bars in a terminal, one line a step elsewhere, or nothing.
//!
//! In: events, from any thread. Out: text on standard error, written by a thread of its own: however slow a terminal is,
//! the work never waits for it. `FetchProgress` and `SendProgress` come with every chunk of bytes and are only numbers in memory.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use worker::{Event, Reporter, silent};

use crate::arguments::Progress;
use crate::progress_bars::Bars;
use crate::progress_lines::Lines;

/// How often a bar moves while nothing else happens.
const TICK: Duration = Duration::from_millis(100);

/// Set when work has ended without an event that says so.
static RESTING: AtomicBool = AtomicBool::new(false);

/// How far transfers have come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Bytes {
    /// Bytes that came from the archive.
    pub(crate) fetched: u64,
    /// Bytes that went to other registries.
    pub(crate) sent: u64,
}

/// The same, while transfers run.
#[derive(Debug, Default)]
struct Counters {
    fetched: AtomicU64,
    sent: AtomicU64,
}

impl Counters {
    fn now(&self) -> Bytes {
        Bytes { fetched: self.fetched.load(Ordering::Relaxed), sent: self.sent.load(Ordering::Relaxed) }
    }
}

/// Something that shows events. It lives on the thread that writes.
pub(crate) trait Screen: Send + 'static {
    /// Shows what happened, and when.
    fn show(&mut self, event: &Event, at: Instant);
    /// Moves what moves by itself: so many bytes have come and gone.
    fn refresh(&mut self, bytes: Bytes);
    /// Whether something is there that moves by itself.
    fn is_busy(&self) -> bool;
    /// Takes away what moves.
    fn rest(&mut self);
}

/// The listener for events, in the form asked for. All that it was told is written when its last clone is dropped.
pub(crate) fn reporter(mode: Progress) -> Reporter {
    match mode {
        Progress::None => silent(),
        Progress::Auto if is_drawn_on() => listener(Bars::on_terminal()),
        Progress::Auto | Progress::Plain => listener(Lines::new(io::stderr())),
    }
}

/// Takes bars away that no event will end, because the work failed.
pub(crate) fn rest() {
    RESTING.store(true, Ordering::Relaxed);
}

fn is_drawn_on() -> bool {
    io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|terminal| terminal != "dumb")
}

fn listener(screen: impl Screen) -> Reporter {
    let (sender, receiver) = channel();
    let counters = Arc::new(Counters::default());
    let counted = Arc::clone(&counters);
    let thread = std::thread::spawn(move || listen(&receiver, &counted, screen));
    let teller = Teller { sender: Some(sender), thread: Some(thread), counters };
    Arc::new(move |event| teller.tell(event))
}

/// The end of the channel that events go into.
struct Teller {
    sender: Option<Sender<(Instant, Event)>>,
    thread: Option<JoinHandle<()>>,
    counters: Arc<Counters>,
}

impl Teller {
    fn tell(&self, event: Event) {
        match event {
            Event::FetchProgress { bytes } => return self.counters.fetched.store(bytes, Ordering::Relaxed),
            Event::SendProgress { bytes } => return self.counters.sent.store(bytes, Ordering::Relaxed),
            Event::FetchStarted { .. } => self.counters.fetched.store(0, Ordering::Relaxed),
            _ => {}
        }
        if let Some(sender) = &self.sender {
            // A thread that is gone has nothing to show any more.
            let _ = sender.send((Instant::now(), event));
        }
    }
}

impl Drop for Teller {
    fn drop(&mut self) {
        drop(self.sender.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn listen(events: &Receiver<(Instant, Event)>, counters: &Counters, mut screen: impl Screen) {
    loop {
        let next = if screen.is_busy() {
            events.recv_timeout(TICK)
        } else {
            events.recv().map_err(|_| RecvTimeoutError::Disconnected)
        };
        match next {
            Ok((at, event)) => screen.show(&event, at),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if RESTING.swap(false, Ordering::Relaxed) {
            screen.rest();
        }
        screen.refresh(counters.now());
    }
    screen.rest();
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// A terminal that stands still until it is let go.
    struct Stuck(Arc<Mutex<Vec<String>>>);

    impl Screen for Stuck {
        fn show(&mut self, event: &Event, _: Instant) {
            self.0.lock().unwrap().push(format!("{event:?}"));
        }
        fn refresh(&mut self, bytes: Bytes) {
            self.0.lock().unwrap().push(format!("{} {}", bytes.fetched, bytes.sent));
        }
        fn is_busy(&self) -> bool {
            false
        }
        fn rest(&mut self) {
            self.0.lock().unwrap().push("rest".into());
        }
    }

    #[test]
    fn work_never_waits_for_the_screen_and_nothing_is_lost() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let reporter = listener(Stuck(Arc::clone(&seen)));
        let stuck = seen.lock().unwrap();
        let begin = Instant::now();
        for bytes in 0..100_000 {
            reporter(Event::FetchProgress { bytes });
            reporter(Event::SendProgress { bytes: bytes / 2 });
        }
        reporter(Event::Fetched { package: "libc6".into() });
        assert!(begin.elapsed() < Duration::from_secs(5));
        drop(stuck);
        drop(reporter);
        assert_eq!(*seen.lock().unwrap(), ["Fetched { package: \"libc6\" }", "99999 49999", "rest"]);
    }
}
