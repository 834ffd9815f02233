//! Progress on standard error: bars in a terminal, one line a step elsewhere.

use std::io::{IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};

use plan::Outcome;
use worker::{Event, News, Reporter, silent};

use crate::arguments::Progress;
use crate::output::bytes;
use crate::progress_bars::Bars;

/// The listener for events, in the form asked for.
pub(crate) fn reporter(mode: Progress) -> Reporter {
    match mode {
        Progress::None => silent(),
        Progress::Auto if std::io::stderr().is_terminal() => {
            let bars = Mutex::new(Bars::new());
            Arc::new(move |event| bars.lock().unwrap_or_else(PoisonError::into_inner).show(&event))
        }
        Progress::Auto | Progress::Plain => Arc::new(|event| {
            if let Some(line) = line(&event) {
                let _ = writeln!(std::io::stderr(), "{line}");
            }
        }),
    }
}

/// The line for an event; none for those that come in crowds.
pub(crate) fn line(event: &Event) -> Option<String> {
    Some(match event {
        Event::ObserveStarted { suites } => {
            let names: Vec<String> = suites.iter().map(ToString::to_string).collect();
            format!("observe  {}", names.join(", "))
        }
        Event::SuiteObserved { suite, date, news } => {
            let news = if *news == News::New { "new" } else { "unchanged" };
            format!("observe  {suite} of {date}: {news}")
        }
        Event::IndexFetched { suite, path, bytes: size } => {
            format!("observe  {suite} {path} fetched, {}", bytes(*size))
        }
        Event::ObserveRestarted { attempt, reason } => format!("observe  again (attempt {attempt}): {reason}"),
        Event::FetchStarted { total_bytes, count } => format!("fetch    {count} packages, {}", bytes(*total_bytes)),
        Event::Retrying { what, attempt, after, reason, whose } => {
            format!("retry    {what} in {:.1} s (attempt {attempt} failed [{whose}]): {reason}", after.as_secs_f32())
        }
        Event::BuildStarted { packages, bytes: size } => format!("build    {packages} packages, {}", bytes(*size)),
        Event::LayerDone { definition, architecture, bytes: size } => {
            format!("build    layer {definition} {architecture}, {}", bytes(*size))
        }
        Event::ImageBuilt { image, digest, .. } => format!("build    image {image} {digest}"),
        Event::ImageDone(one) => match &one.outcome {
            Outcome::UpToDate { .. } => format!("done     {} is up to date", one.image),
            Outcome::Published { index, reasons, .. } => {
                format!("done     {} published as {index}: {}", one.image, reasons.join(", "))
            }
            Outcome::Failed { whose, message } => format!("failed   {} [{whose}]: {message}", one.image),
        },
        Event::FetchProgress { .. } | Event::Fetched { .. } | Event::PackageDone { .. } => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_became_of_an_image_and_is_silent_about_bytes() {
        let outcome = Outcome::Failed { whose: plan::Whose::Upstream, message: "gone".into() };
        let event = Event::ImageDone(plan::ImageOutcome { image: "python".into(), outcome });
        assert_eq!(line(&event).unwrap(), "failed   python [upstream]: gone");
        assert_eq!(line(&Event::FetchProgress { bytes: 1 }), None);
    }
}
