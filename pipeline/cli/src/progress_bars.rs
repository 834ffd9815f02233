//! Progress in a terminal: one bar for the phase that runs, and above it the lines worth keeping.
//!
//! In: events, on the thread that draws. Out: what `indicatif` draws on standard error. Whoever else writes to the
//! terminal does it through [`around`], so that no bar is torn.

use std::io::{self, Write};
use std::sync::OnceLock;
use std::time::Instant;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use worker::Event;

use crate::output::bytes;
use crate::progress::{Bytes, Screen};
use crate::progress_lines::{Line, Narrator};
use crate::shown::shown;

const SPINNER: &str = "{spinner} {wide_msg}";
const FETCH: &str = "{spinner} fetch [{bar:24}] {decimal_bytes} of {decimal_total_bytes}, {decimal_bytes_per_sec}, {eta} left {wide_msg}";
const SEND: &str = "{spinner} send [{bar:24}] {decimal_bytes} of {decimal_total_bytes}, {decimal_bytes_per_sec}, {eta} left {wide_msg}";
const BUILD: &str = "{spinner} build [{bar:24}] {decimal_bytes} of {decimal_total_bytes}, {eta} left {wide_msg}";

/// The bars on this process's terminal, if it draws any.
static TERMINAL: OnceLock<MultiProgress> = OnceLock::new();

/// Does something that writes to the terminal, with the bars out of the way.
pub(crate) fn around<T>(write: impl FnOnce() -> T) -> T {
    match TERMINAL.get() {
        Some(bars) => bars.suspend(write),
        None => write(),
    }
}

/// Standard error for the log.
pub(crate) struct LogWriter;

impl Write for LogWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        around(|| io::stderr().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// What a bar is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Observe,
    Fetch,
    Build,
    Layers,
    Images,
    Send,
}

/// The bar that is shown now.
pub(crate) struct Bars {
    all: MultiProgress,
    narrator: Narrator,
    shown: Option<(Phase, ProgressBar)>,
    count: usize,
    done: usize,
    bytes: u64,
}

impl Bars {
    /// Bars on standard error.
    pub(crate) fn on_terminal() -> Self {
        Self::on(TERMINAL.get_or_init(MultiProgress::new).clone())
    }

    fn on(all: MultiProgress) -> Self {
        Self { all, narrator: Narrator::default(), shown: None, count: 0, done: 0, bytes: 0 }
    }

    /// Shows a bar of this length in place of the one before; one of length 0 turns instead of growing.
    fn begin(&mut self, phase: Phase, count: usize, length: u64) {
        self.rest();
        let template = match phase {
            Phase::Fetch => FETCH,
            Phase::Send => SEND,
            Phase::Build => BUILD,
            Phase::Observe | Phase::Layers | Phase::Images => SPINNER,
        };
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = self.all.add(ProgressBar::new(length).with_style(style.progress_chars("=> ")));
        (self.count, self.done, self.bytes) = (count, 0, 0);
        self.shown = Some((phase, bar));
    }

    /// Goes on with this phase, or begins it.
    fn within(&mut self, phase: Phase) {
        if self.phase() != Some(phase) {
            self.begin(phase, 0, 0);
        }
        self.done += 1;
    }

    fn phase(&self) -> Option<Phase> {
        self.shown.as_ref().map(|(phase, _)| *phase)
    }

    fn say(&self, message: String) {
        if let Some((_, bar)) = &self.shown {
            bar.set_message(message);
        }
    }

    fn draw(&mut self, event: &Event) {
        match event {
            Event::ObserveStarted { suites } => {
                self.begin(Phase::Observe, suites.len(), 0);
                let names: Vec<String> = suites.iter().map(ToString::to_string).collect();
                self.say(format!("observe {}", names.join(", ")));
            }
            Event::SuiteObserved { .. } => {
                self.done += 1;
                self.say(format!("observe {} of {} suites, then their package indexes", self.done, self.count));
            }
            Event::IndexFetched { bytes: size, .. } => {
                self.bytes += size;
                self.say(format!("read package indexes, {} fetched", bytes(self.bytes)));
            }
            Event::FetchStarted { count: 0, .. } | Event::BuildStarted { packages: 0, .. } => self.rest(),
            Event::FetchStarted { count, total_bytes } => self.begin(Phase::Fetch, *count, *total_bytes),
            Event::Fetched { package } => self.one_more(package, 0),
            Event::BuildStarted { packages, bytes } => self.begin(Phase::Build, *packages, *bytes),
            Event::PackageDone { package, bytes } => self.one_more(package, *bytes),
            Event::LayerDone { definition, architecture, .. } => {
                self.within(Phase::Layers);
                self.say(format!("layers {}, last {} {architecture}", self.done, shown(definition)));
            }
            Event::ImageBuilt { image, .. } => {
                self.within(Phase::Images);
                self.say(format!("images {}, last {}", self.done, shown(image)));
            }
            Event::ImageDone(one) if self.phase() == Some(Phase::Images) => {
                self.say(format!("publish {}", shown(&one.image)));
            }
            // Nothing was to be done: what was observed is over.
            Event::ImageDone(_) | Event::SendDone => self.rest(),
            Event::SendPlanned { bytes, .. } => self.send(*bytes),
            Event::ImageSent(sent) => {
                self.done += 1;
                self.say(format!("images {}, last {} to {}", self.done, shown(&sent.image), sent.target));
            }
            Event::ObserveRestarted { .. }
            | Event::FeedRead { .. }
            | Event::FeedFailed { .. }
            | Event::Retrying { .. }
            | Event::FetchProgress { .. }
            | Event::SendProgress { .. } => {}
        }
    }

    /// So much more is to be sent.
    fn send(&mut self, bytes: u64) {
        match &self.shown {
            Some((Phase::Send, bar)) => bar.inc_length(bytes),
            _ => self.begin(Phase::Send, 0, bytes),
        }
    }

    fn one_more(&mut self, package: &str, bytes: u64) {
        self.done += 1;
        if let Some((_, bar)) = &self.shown {
            bar.inc(bytes);
        }
        self.say(format!("{}/{} {}", self.done, self.count, shown(package)));
    }
}

impl Screen for Bars {
    fn show(&mut self, event: &Event, at: Instant) {
        if let Some(Line::Lasting(text)) = self.narrator.tell(event, at) {
            let _ = self.all.println(text);
        }
        self.draw(event);
    }

    fn refresh(&mut self, bytes: Bytes) {
        if let Some((phase, bar)) = &self.shown {
            match phase {
                Phase::Fetch => bar.set_position(bytes.fetched),
                Phase::Send => bar.set_position(bytes.sent),
                Phase::Observe | Phase::Build | Phase::Layers | Phase::Images => {}
            }
            bar.tick();
        }
    }

    fn is_busy(&self) -> bool {
        self.shown.is_some()
    }

    fn rest(&mut self) {
        if let Some((_, bar)) = self.shown.take() {
            bar.finish_and_clear();
            self.all.remove(&bar);
        }
    }
}

#[cfg(test)]
mod tests {
    use indicatif::ProgressDrawTarget;
    use plan::{ImageOutcome, Outcome};

    use super::*;

    fn bars() -> Bars {
        Bars::on(MultiProgress::with_draw_target(ProgressDrawTarget::hidden()))
    }

    fn show(bars: &mut Bars, events: impl IntoIterator<Item = Event>) -> (u64, u64, String) {
        for event in events {
            bars.show(&event, Instant::now());
        }
        let (_, bar) = bars.shown.as_ref().unwrap();
        (bar.position(), bar.length().unwrap(), bar.message())
    }

    #[test]
    fn one_bar_follows_another() {
        let mut bars = bars();
        let suites = vec!["trixie".parse().unwrap()];
        assert_eq!(show(&mut bars, [Event::ObserveStarted { suites }]).2, "observe trixie");
        let fetched = |name: &str| Event::Fetched { package: name.into() };
        let seen = show(&mut bars, [Event::FetchStarted { total_bytes: 70, count: 2 }, fetched("a")]);
        assert_eq!(seen, (0, 70, "1/2 a".into()));
        bars.refresh(Bytes { fetched: 33, sent: 44 });
        assert_eq!(bars.shown.as_ref().unwrap().1.position(), 33);
        let built = Event::PackageDone { package: "a".into(), bytes: 5 };
        assert_eq!(show(&mut bars, [Event::BuildStarted { packages: 1, bytes: 5 }, built]), (5, 5, "1/1 a".into()));
        let image = Event::ImageBuilt { image: "x".into(), digest: blob::Digest::of("x"), bytes: Vec::new() };
        assert_eq!(show(&mut bars, [image]).2, "images 1, last x");
        let planned = |bytes| Event::SendPlanned { blobs: 1, bytes };
        assert_eq!(show(&mut bars, [planned(20), planned(22)]).1, 42, "what is sent to several places is one bar");
        bars.refresh(Bytes { fetched: 33, sent: 44 });
        assert_eq!(bars.shown.as_ref().unwrap().1.position(), 44);
        bars.show(&Event::SendDone, Instant::now());
        assert!(!bars.is_busy());
    }

    #[test]
    fn no_bar_is_left_when_nothing_was_to_be_done_or_work_failed() {
        let mut bars = bars();
        let observe = || Event::ObserveStarted { suites: Vec::new() };
        let outcome = Outcome::UpToDate { index: blob::Digest::of("x") };
        show(&mut bars, [observe()]);
        bars.show(&Event::ImageDone(ImageOutcome { image: "x".into(), outcome }), Instant::now());
        assert!(!bars.is_busy());
        show(&mut bars, [observe()]);
        bars.rest();
        assert!(!bars.is_busy());
    }
}
