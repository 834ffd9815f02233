//! Progress in a terminal: a bar for bytes fetched, one for packages built, and the lines of finished steps above.

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use worker::Event;

use crate::progress::line;

/// The bars that are shown now.
pub(crate) struct Bars {
    all: MultiProgress,
    fetch: Option<ProgressBar>,
    build: Option<ProgressBar>,
}

impl Bars {
    /// No bar yet.
    pub(crate) fn new() -> Self {
        Self { all: MultiProgress::new(), fetch: None, build: None }
    }

    /// Shows an event.
    pub(crate) fn show(&mut self, event: &Event) {
        match event {
            Event::FetchStarted { total_bytes, .. } => {
                self.fetch =
                    Some(self.bar(*total_bytes, "fetch  [{bar:30}] {bytes}/{total_bytes} {bytes_per_sec} {eta}"));
            }
            Event::FetchProgress { bytes } => self.fetch.iter().for_each(|bar| bar.set_position(*bytes)),
            Event::BuildStarted { bytes, .. } => {
                finish(&mut self.fetch);
                if *bytes > 0 {
                    self.build = Some(self.bar(*bytes, "build  [{bar:30}] {bytes}/{total_bytes} {eta} {msg}"));
                }
            }
            Event::PackageDone { package, bytes } => {
                if let Some(bar) = &self.build {
                    bar.inc(*bytes);
                    bar.set_message(package.clone());
                }
            }
            Event::LayerDone { .. } => finish(&mut self.build),
            _ => {}
        }
        if let Some(line) = line(event) {
            let _ = self.all.println(line);
        }
    }

    fn bar(&self, length: u64, template: &str) -> ProgressBar {
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        self.all.add(ProgressBar::new(length).with_style(style))
    }
}

fn finish(bar: &mut Option<ProgressBar>) {
    if let Some(bar) = bar.take() {
        bar.finish_and_clear();
    }
}
