//! `bedplate explain`: all that is known about one vulnerability, and why a report says what it says.

use registry::Client;
use scan::{ArchiveVersions, Explanation, FeedUse, Report, explain};

use crate::arguments::{Arguments, Explain, Format};
use crate::commands::copy;
use crate::context::{Context, runtime};
use crate::output;
use crate::progress;
use crate::scan_data::{self, Known};
use crate::scan_judging::Judging;
use crate::scan_source::Sources;

/// Runs the command.
pub(crate) fn run(arguments: &Arguments, command: &Explain) -> anyhow::Result<u8> {
    let context = Context::new(arguments)?;
    let client = Client::new(copy::settings(&command.reach))?;
    let sources = Sources { context: &context, client: &client, reading: &command.reading };
    let judging = Judging::new(&[], false, context.judging()?.rules)?;
    let runtime = runtime()?;
    let (known, targets) = {
        let reporter = progress::reporter(arguments.progress);
        let known = runtime.block_on(scan_data::load(&command.data, &context, &reporter))?;
        let targets = command.target.as_ref().map(|word| runtime.block_on(sources.read(word))).transpose()?;
        (known, targets.unwrap_or_default())
    };
    let reports: Vec<Report> = targets.into_iter().map(|target| judging.judge(target, &known).report).collect();
    let all = explanations(&command.id, &known, &reports);
    print(arguments.format, &command.id, &known, &all)?;
    Ok(u8::from(!all.iter().any(Explanation::is_known)))
}

/// One for each report; one without any where there is none.
fn explanations(id: &str, known: &Known, reports: &[Report]) -> Vec<Explanation> {
    let nothing = ArchiveVersions::default();
    let archive = |report: &Report| {
        report.distribution.release().and_then(|release| known.archive.get(release)).unwrap_or(&nothing)
    };
    match reports {
        [] => vec![explain(id, &known.knowledge, &nothing, None)],
        reports => reports.iter().map(|one| explain(id, &known.knowledge, archive(one), Some(one))).collect(),
    }
}

fn print(format: Format, id: &str, known: &Known, all: &[Explanation]) -> anyhow::Result<()> {
    if format == Format::Json {
        let text = match all {
            [one] => serde_json::to_string_pretty(one)?,
            all => serde_json::to_string_pretty(all)?,
        };
        return output::print_text(&(text + "\n"));
    }
    if !all.iter().any(Explanation::is_known) {
        return output::print_text(&unknown(id, &known.knowledge.feeds));
    }
    let texts: Vec<String> = all.iter().map(|one| format!("{}\n", one.to_string().trim_end())).collect();
    output::print_text(&texts.join("\n"))
}

fn unknown(id: &str, feeds: &[FeedUse]) -> String {
    let names: Vec<String> = feeds.iter().map(|feed| format!("{} of {}", feed.name, feed.date)).collect();
    match names.as_slice() {
        [] => format!("`{id}` is not known: there are no vulnerability data\n"),
        names => format!("`{id}` is not known to the data that were looked at: {}\n", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use blob::Digest;
    use scan::FeedKind;

    use super::*;

    #[test]
    fn what_is_not_known_is_said_with_what_was_looked_at() {
        assert_eq!(unknown("CVE-1", &[]), "`CVE-1` is not known: there are no vulnerability data\n");
        let feed = FeedUse {
            kind: FeedKind::Tracker,
            name: "tracker".into(),
            digest: Digest::of("x"),
            date: "2026-11-21T00:00:00Z".parse().unwrap(),
        };
        let expected = "`CVE-1` is not known to the data that were looked at: tracker of 2026-11-21T00:00:00Z\n";
        assert_eq!(unknown("CVE-1", &[feed]), expected);
    }
}
