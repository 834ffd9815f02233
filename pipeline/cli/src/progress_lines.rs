//! Progress as plain lines: one where a phase begins, one where it ends, one for each image, retry and failure.
//!
//! In: events. Out: lines such as `fetch    57 packages, 34.0 MB in 3.2 s`. What has not changed since the last wave is
//! not said again, so that the log of a factory that has nothing to do stays short.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::{Duration, Instant};

use blob::Digest;
use plan::{ImageOutcome, Outcome};
use worker::{Event, News};

use crate::output::bytes;
use crate::progress::{Bytes, Screen};
use crate::sent_text;
use crate::shown::{shown, without_controls};

/// A line, and whether it is worth keeping where a bar shows the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Line {
    /// A bar says this too, while it lasts.
    Passing(String),
    /// It stays above the bars.
    Lasting(String),
}

/// Turns events into lines.
#[derive(Debug, Default)]
pub(crate) struct Narrator {
    begun: Option<Instant>,
    done: usize,
    count: usize,
    bytes: u64,
    new_suites: usize,
    known: BTreeMap<String, Digest>,
}

impl Narrator {
    /// The line for an event, if it has one.
    pub(crate) fn tell(&mut self, event: &Event, at: Instant) -> Option<Line> {
        Some(match event {
            Event::ObserveStarted { suites } => {
                self.begin(at, suites.len(), 0);
                let names: Vec<String> = suites.iter().map(ToString::to_string).collect();
                passing("observe", &names.join(", "))
            }
            Event::SuiteObserved { news, .. } => self.observed(*news, at)?,
            Event::IndexFetched { suite, path, bytes: size } => {
                passing("index", &format!("{suite} {}, {}", shown(path), bytes(*size)))
            }
            Event::ObserveRestarted { attempt, reason } => lasting("again", &format!("attempt {attempt}: {reason}")),
            Event::FeedRead { name, bytes: size } => passing("feed", &format!("{name}, {}", bytes(*size))),
            Event::FeedFailed { problem } => {
                lasting("feed", &format!("{} [{}]: {}", problem.name, problem.whose, problem.message))
            }
            Event::FetchStarted { count, total_bytes } => {
                self.begin(at, *count, *total_bytes);
                self.starting("fetch")?
            }
            Event::Fetched { .. } => self.one_more("fetch", at)?,
            Event::Retrying { what, attempt, after, reason, whose } => {
                let wait = seconds(*after);
                lasting("retry", &format!("{what} in {wait} (attempt {attempt} failed [{whose}]): {reason}"))
            }
            Event::BuildStarted { packages, bytes } => {
                self.begin(at, *packages, *bytes);
                self.starting("build")?
            }
            Event::PackageDone { .. } => self.one_more("build", at)?,
            Event::ImageBuilt { image, digest, bytes: sizes } => {
                let sizes: Vec<String> = sizes.iter().map(|size| bytes(*size)).collect();
                passing("image", &format!("{image} {digest}, {}", sizes.join(" + ")))
            }
            Event::ImageDone(one) => self.outcome(one)?,
            Event::SendPlanned { blobs, bytes: size } => {
                (*blobs > 0).then(|| passing("send", &format!("{blobs} blobs, {}", bytes(*size))))?
            }
            Event::ImageSent(sent) => sent_text::line(sent),
            Event::FetchProgress { .. } | Event::LayerDone { .. } | Event::SendProgress { .. } | Event::SendDone => {
                return None;
            }
        })
    }

    fn begin(&mut self, at: Instant, count: usize, bytes: u64) {
        *self = Self { begun: Some(at), count, bytes, known: std::mem::take(&mut self.known), ..Self::default() };
    }

    /// A phase in which nothing is to be done is not worth a line.
    fn starting(&self, verb: &str) -> Option<Line> {
        (self.count > 0).then(|| passing(verb, &self.amount()))
    }

    fn amount(&self) -> String {
        let plural = if self.count == 1 { "" } else { "s" };
        format!("{} package{plural}, {}", self.count, bytes(self.bytes))
    }

    fn one_more(&mut self, verb: &str, at: Instant) -> Option<Line> {
        self.done += 1;
        let took = at.duration_since(self.begun?);
        (self.done == self.count).then(|| lasting(verb, &format!("{} in {}", self.amount(), seconds(took))))
    }

    fn observed(&mut self, news: News, at: Instant) -> Option<Line> {
        self.done += 1;
        self.new_suites += usize::from(news == News::New);
        if self.done != self.count {
            return None;
        }
        let took = seconds(at.duration_since(self.begun?));
        Some(match self.new_suites {
            0 => passing("observe", &format!("nothing new, {took}")),
            1 => lasting("observe", &format!("1 suite is new, {took}")),
            new => lasting("observe", &format!("{new} suites are new, {took}")),
        })
    }

    fn outcome(&mut self, one: &ImageOutcome) -> Option<Line> {
        let image = &one.image;
        match &one.outcome {
            Outcome::UpToDate { index } => {
                let before = self.known.insert(image.clone(), index.clone());
                let said = before.as_ref() == Some(index);
                (!said).then(|| passing("done", &format!("{image} is up to date, {index}")))
            }
            Outcome::Published { index, reasons, milliseconds } => {
                self.known.insert(image.clone(), index.clone());
                let took = seconds(Duration::from_millis(*milliseconds));
                Some(lasting("done", &format!("{image} published, {index}, {took}: {}", reasons.join(", "))))
            }
            Outcome::Failed { whose, message } => {
                self.known.remove(image);
                Some(lasting("failed", &format!("{image} [{whose}]: {message}")))
            }
        }
    }
}

/// A line that a bar says too.
pub(crate) fn passing(verb: &str, text: &str) -> Line {
    Line::Passing(line(verb, text))
}

/// A line that stays.
pub(crate) fn lasting(verb: &str, text: &str) -> Line {
    Line::Lasting(line(verb, text))
}

/// The verb in a column of its own; further lines of a message below its first.
fn line(verb: &str, text: &str) -> String {
    format!("{verb:<8} {}", without_controls(text.trim_end()).replace('\n', "\n         "))
}

fn seconds(duration: Duration) -> String {
    format!("{}.{} s", duration.as_secs(), duration.subsec_millis() / 100)
}

/// Writes every line to standard error.
pub(crate) struct Lines<W> {
    narrator: Narrator,
    writer: W,
}

impl<W: Write + Send + 'static> Lines<W> {
    /// Writes to `writer`.
    pub(crate) fn new(writer: W) -> Self {
        Self { narrator: Narrator::default(), writer }
    }
}

impl<W: Write + Send + 'static> Screen for Lines<W> {
    fn show(&mut self, event: &Event, at: Instant) {
        if let Some(Line::Passing(text) | Line::Lasting(text)) = self.narrator.tell(event, at) {
            // Nobody reads standard error any more: the work goes on.
            let _ = writeln!(self.writer, "{text}");
        }
    }

    fn refresh(&mut self, _: Bytes) {}

    fn is_busy(&self) -> bool {
        false
    }

    fn rest(&mut self) {}
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use plan::Whose;

    use super::*;

    fn done(image: &str, outcome: Outcome) -> Event {
        Event::ImageDone(ImageOutcome { image: image.into(), outcome })
    }

    fn wave(news: News) -> Vec<Event> {
        let suite = |name: &str| name.parse().unwrap();
        let observed =
            |name: &str, news| Event::SuiteObserved { suite: suite(name), date: Timestamp::UNIX_EPOCH, news };
        let package = |name: &str| name.to_owned();
        let suites = vec![suite("trixie"), suite("trixie-security")];
        let mut events = vec![Event::ObserveStarted { suites }];
        events.extend([observed("trixie", News::Unchanged), observed("trixie-security", news)]);
        if news == News::New {
            events.extend([
                Event::IndexFetched { suite: suite("trixie"), path: "main/Packages.xz".into(), bytes: 9_100_000 },
                Event::FetchStarted { total_bytes: 34_000_000, count: 2 },
                Event::FetchProgress { bytes: 1 },
                Event::Fetched { package: package("libc6") },
                Event::Fetched { package: package("zlib1g") },
                Event::BuildStarted { packages: 1, bytes: 700 },
                Event::PackageDone { package: package("libc6"), bytes: 700 },
                Event::ImageBuilt {
                    image: "base".into(),
                    digest: Digest::of("i"),
                    bytes: vec![20_600_000, 19_900_000],
                },
            ]);
        }
        events
    }

    fn told(narrator: &mut Narrator, events: &[Event]) -> Vec<String> {
        let begin = Instant::now();
        let at = |number: usize| begin + Duration::from_millis(500 * number as u64);
        let lines = events.iter().enumerate().filter_map(|(number, event)| narrator.tell(event, at(number)));
        lines.map(|(Line::Passing(text) | Line::Lasting(text))| text).collect()
    }

    #[test]
    fn tells_a_wave_in_a_line_a_step() {
        let mut events = wave(News::New);
        let reasons = vec!["libc6 1 → 2 (trixie)".into()];
        events.push(done("base", Outcome::Published { index: Digest::of("i"), reasons, milliseconds: 5_321 }));
        let digest = Digest::of("i");
        let expected = [
            "observe  trixie, trixie-security",
            "observe  1 suite is new, 1.0 s",
            "index    trixie main/Packages.xz, 9.1 MB",
            "fetch    2 packages, 34.0 MB",
            "fetch    2 packages, 34.0 MB in 1.5 s",
            "build    1 package, 700 B",
            "build    1 package, 700 B in 0.5 s",
            &format!("image    base {digest}, 20.6 MB + 19.9 MB"),
            &format!("done     base published, {digest}, 5.3 s: libc6 1 → 2 (trixie)"),
        ];
        assert_eq!(told(&mut Narrator::default(), &events), expected);
    }

    #[test]
    fn says_only_once_that_an_image_is_up_to_date() {
        let mut events = wave(News::Unchanged);
        events.push(done("base", Outcome::UpToDate { index: Digest::of("i") }));
        let mut narrator = Narrator::default();
        assert!(told(&mut narrator, &events)[2].starts_with("done     base is up to date, sha256:"));
        assert_eq!(told(&mut narrator, &events), ["observe  trixie, trixie-security", "observe  nothing new, 1.0 s"]);
    }

    #[test]
    fn says_whose_a_failure_is_and_lets_no_escape_sequence_through() {
        let retry = Event::Retrying {
            what: "http://mirror.example/x".into(),
            attempt: 1,
            after: Duration::from_millis(1_340),
            reason: "status 503".into(),
            whose: Whose::Upstream,
        };
        let message = "not reviewed:\n--- postinst\n\u{1b}[2Jrm\n".into();
        let events = [retry, done("x", Outcome::Failed { whose: Whose::Policy, message })];
        let expected = [
            "retry    http://mirror.example/x in 1.3 s (attempt 1 failed [upstream]): status 503",
            "failed   x [policy]: not reviewed:\n         --- postinst\n         \\u{1b}[2Jrm",
        ];
        assert_eq!(told(&mut Narrator::default(), &events), expected);
    }

    #[test]
    fn is_silent_where_nothing_is_to_be_done() {
        let events = [Event::FetchStarted { total_bytes: 0, count: 0 }, Event::BuildStarted { packages: 0, bytes: 0 }];
        assert_eq!(told(&mut Narrator::default(), &events), [""; 0]);
    }
}
