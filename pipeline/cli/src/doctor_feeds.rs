//! Looks at the feeds: whether each can be reached, and how old what is known is.
//!
//! In: the settings and the state folder. Out: a [`Finding`] a feed. What is read goes to a folder that is thrown away: the state folder stays
//! as it is.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use jiff::Timestamp;
use worker::{FeedSettings, FeedState, Feeds, silent};

use crate::finding::Finding;
use crate::status_parts::distance;

const HELP: &str = "check the address under `feeds` in the settings file, the network, and the proxy in HTTP_PROXY and HTTPS_PROXY; a closed network names a folder as `feeds.folder`";
/// A doctor does not wait long.
const PATIENCE: Duration = Duration::from_mins(1);

/// Every feed.
pub(crate) async fn look(settings: &FeedSettings, state: &Path, now: Timestamp) -> Vec<Finding> {
    if !settings.enabled {
        return vec![Finding::unknown("feeds", "off in the settings: every grade is unknown")];
    }
    match read(settings, state, now).await {
        Ok(feeds) => feeds.iter().map(|(kept, read)| finding(settings, kept, read, now)).collect(),
        Err(error) => vec![Finding::bad("feeds", format!("{error:#}"), HELP)],
    }
}

/// How each feed stands in the state folder, and how it stands after it was read.
async fn read(settings: &FeedSettings, state: &Path, now: Timestamp) -> anyhow::Result<Vec<(FeedState, FeedState)>> {
    let kept = Feeds::open(settings, state, &silent())?.states();
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let settings = FeedSettings { timeout: settings.timeout.min(PATIENCE), ..settings.clone() };
    let feeds = Feeds::open(&settings, folder.path(), &silent())?;
    feeds.refresh(now).await;
    Ok(kept.into_iter().zip(feeds.states()).collect())
}

fn finding(settings: &FeedSettings, kept: &FeedState, read: &FeedState, now: Timestamp) -> Finding {
    let what = "feed";
    let age = match kept.date() {
        Some(date) => format!("what is kept is of {}", distance(date, now)),
        None => "nothing is kept yet".to_owned(),
    };
    if let Some(problem) = &read.problem {
        return Finding::bad(what, format!("{}: {} ({age})", read.name, problem.message), HELP);
    }
    let there = read.date().map_or("nothing".to_owned(), |date| distance(date, now));
    let detail = format!("{}: {} gives what is of {there}; {age}", read.name, read.address);
    let is_old = |state: &FeedState| {
        state.date().is_some_and(|date| now.duration_since(date).unsigned_abs() > settings.stale_after && date < now)
    };
    if read.kind == scan::FeedKind::Tracker && is_old(read) {
        let help = "it is older than `feeds.stale-after` allows, so every grade is unknown: use another address, or renew the file";
        return Finding::bad(what, detail, help);
    }
    Finding::good(what, detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Health;

    fn look_at(text: &str) -> Vec<Finding> {
        let state = tempfile::tempdir().unwrap();
        let settings: FeedSettings = assemble::read_yaml("x", text).unwrap();
        let found = crate::context::runtime().unwrap().block_on(look(&settings, state.path(), Timestamp::now()));
        assert!(!state.path().join("feeds").exists(), "the state folder stays as it is");
        found
    }

    #[test]
    fn says_what_to_do_where_a_feed_cannot_be_had() {
        let off = "dsa: off\ndla: off\nkev: off\nepss: off\nsupport: {}\n";
        let found = look_at(&format!("tracker: 'file:/nowhere/tracker.json'\n{off}"));
        assert_eq!((found.len(), found[0].health), (1, Health::Bad));
        assert!(found[0].detail.starts_with("tracker: there is no file `/nowhere/tracker.json`"), "{found:?}");
        assert!(found[0].help.as_ref().unwrap().contains("feeds.folder"), "{found:?}");
        assert_eq!(look_at("enabled: false")[0].health, Health::Unknown);
    }

    #[test]
    fn a_feed_that_is_there_is_good() {
        let folder = tempfile::tempdir().unwrap();
        let row = r#"{"releases":{"trixie":{"status":"open","repositories":{"trixie":"1"},"urgency":"low"}}}"#;
        let text = format!(r#"{{"tool":{{"CVE-2026-1000":{row}}}}}"#);
        std::fs::write(folder.path().join("tracker.json"), text).unwrap();
        let found = look_at(&format!("folder: '{}'", folder.path().display()));
        assert_eq!((found.len(), found[0].health), (1, Health::Good), "{found:?}");
    }
}
