//! Feeds against a server and a disk that do what servers and disks do.
//!
//! In: answers. Out: what is kept, known and told. `refused` has what must not be taken, `kept` what is done with the rest.

mod kept;
mod refused;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use reqwest::Url;

use super::{FeedAddress, FeedNews, FeedSettings, FeedState, Feeds};
use crate::Event;
use crate::test_server::{Answer, TestServer, impatient};

const MONDAY: &str = "Mon, 23 Nov 2026 10:00:00 GMT";
const TUESDAY: &str = "Tue, 24 Nov 2026 10:00:00 GMT";

/// A state folder, and feeds that are read into it.
struct Home {
    state: tempfile::TempDir,
    settings: FeedSettings,
    events: Arc<Mutex<Vec<Event>>>,
}

impl Home {
    /// With nothing but a tracker, at the path `tracker` of this server.
    fn with_tracker(server: &TestServer) -> Self {
        Self::with(|settings| settings.tracker = FeedAddress::Url(server.url("tracker")))
    }

    /// With nothing but what is set here.
    fn with(set: impl FnOnce(&mut FeedSettings)) -> Self {
        let off = || FeedAddress::Off;
        let (support, interval, timeout) = (std::collections::BTreeMap::new(), Duration::ZERO, Duration::from_mins(1));
        let mut settings = FeedSettings {
            tracker: off(),
            dsa: off(),
            dla: off(),
            kev: off(),
            epss: off(),
            osv: off(),
            support,
            interval,
            timeout,
            ..FeedSettings::default()
        };
        set(&mut settings);
        Self { state: tempfile::tempdir().unwrap(), settings, events: Arc::default() }
    }

    /// As a process finds them that has just been started.
    fn feeds(&self) -> Feeds {
        let events = Arc::clone(&self.events);
        let reporter: crate::Reporter = Arc::new(move |event| events.lock().unwrap().push(event));
        Feeds::with_retry(&self.settings, self.state.path(), &reporter, impatient()).unwrap()
    }

    async fn refresh(&self, hour: i8) -> FeedNews {
        self.feeds().refresh(at(hour)).await
    }

    fn state(&self) -> FeedState {
        self.feeds().states().remove(0)
    }

    /// The names of the files that are kept by digest.
    fn files(&self) -> Vec<String> {
        let paths = crate::list(&self.state.path().join("feeds/sha256")).unwrap();
        paths.iter().map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect()
    }
}

fn at(hour: i8) -> Timestamp {
    format!("2026-11-24T{hour:02}:00:00Z").parse().unwrap()
}

/// The tracker's file with so many ids of one source.
fn tracker(ids: usize) -> Vec<u8> {
    let row = r#"{"releases":{"trixie":{"status":"open","repositories":{"trixie":"1.0-1"},"urgency":"low"}}}"#;
    let rows: Vec<String> = (0..ids).map(|id| format!(r#""CVE-2026-{:04}":{row}"#, 1000 + id)).collect();
    format!(r#"{{"tool":{{{}}}}}"#, rows.join(",")).into_bytes()
}

fn served(body: Vec<u8>, headers: &[(&'static str, &str)]) -> Answer {
    Answer::With(200, headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect(), body)
}

/// Answers one after the other; the last one again and again.
async fn server(answers: Vec<Answer>) -> TestServer {
    TestServer::start(move |_, nth| answers[nth.min(answers.len() - 1)].clone()).await
}

fn url(text: &str) -> FeedAddress {
    FeedAddress::Url(Url::parse(text).unwrap())
}
