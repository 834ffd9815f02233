//! `bedplate status`: every image at a glance, what is open and whose turn it is. It reads the ledger and locks nothing.

use std::time::Duration;

use jiff::Timestamp;
use scan::{FirstSeen, Standing};
use store::Ledger;

use crate::arguments::{Arguments, Format, LedgerStatus};
use crate::commands::history::known;
use crate::context::{Context, runtime};
use crate::ledger_status::{ImageState, State};
use crate::output;

/// Lags are told of so many days.
const WINDOW: Duration = Duration::from_hours(30 * 24);

/// Runs the command.
pub(crate) fn run(arguments: &Arguments, command: &LedgerStatus) -> anyhow::Result<u8> {
    let context = Context::new(arguments)?;
    let stale_after = context.settings.feeds.stale_after;
    let state = runtime()?.block_on(async {
        let ledger = Ledger::open_read_only(&Ledger::path_of(&context.state)).await?;
        for image in &command.images {
            known(&ledger, image).await?;
        }
        gather(&ledger, &command.images, stale_after, Timestamp::now()).await
    })?;
    let text = match arguments.format {
        Format::Table => state.text(false),
        Format::Md => state.text(true),
        _ => serde_json::to_string_pretty(&state)? + "\n",
    };
    output::print_text(&text)?;
    Ok(0)
}

async fn gather(ledger: &Ledger, only: &[String], stale_after: Duration, now: Timestamp) -> anyhow::Result<State> {
    let is_wanted = |image: &String| only.is_empty() || only.contains(image);
    let mut images = Vec::new();
    for image in ledger.images().await?.into_iter().filter(is_wanted) {
        let published = ledger.publications(&image).await?.into_iter().next();
        for platform in ledger.platforms(&image).await? {
            let scan = ledger.latest_report(&image, &platform).await?;
            let first_seen: FirstSeen = ledger.first_seen(&image, &platform).await?;
            let report = scan.map(|mut scan| {
                // How old the data are is a matter of this moment, not of the scan's.
                scan.report.standing = Standing::of(&scan.report.feeds, now, stale_after);
                scan.report
            });
            images.push(ImageState::of(&image, &platform, published.as_ref(), report.as_ref(), &first_seen, now));
        }
    }
    let open = ledger.open_fixes().await?.into_iter().filter(|it| is_wanted(&it.image)).collect();
    let start = now.checked_sub(WINDOW).unwrap_or(Timestamp::MIN);
    let end = now.checked_add(Duration::from_secs(1)).unwrap_or(now);
    let lags = ledger.percentiles_between(start, end).await?;
    Ok(State::of(now, images, open, ledger.latest_feeds().await?, lags))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_empty_ledger_has_a_status_too() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(&Ledger::path_of(folder.path())).await.unwrap();
        let now = "2026-11-23T12:00:00Z".parse().unwrap();
        let state = gather(&ledger, &[], Duration::from_hours(24), now).await.unwrap();
        let wanted = "Nothing is published yet.\n\nOpen fixes that the archive has: none.\n\n\
                      There are no vulnerability data.\n\nFrom the archive to the tag, last 30 days: no fix.\n";
        assert_eq!(state.text(false), wanted);
        let error = known(&ledger, "base").await.unwrap_err().to_string();
        assert!(
            error.starts_with("`base` is not in the ledger `") && error.ends_with("`: nothing was published yet"),
            "{error}"
        );
    }
}
