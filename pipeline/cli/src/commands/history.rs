//! `bedplate history`: what was published of an image and why, or how long a fix took. It reads the ledger and locks nothing.

use std::sync::Arc;

use anyhow::ensure;
use serde::Serialize;
use store::{FixFilter, Ledger, PublicationRecord};
use worker::Summaries;

use crate::arguments::{Arguments, ExportForm, Format, History};
use crate::context::{Context, runtime};
use crate::history_text;
use crate::output;

/// What is printed for programs.
#[derive(Serialize)]
struct Told<'t> {
    schema: &'static str,
    image: &'t str,
    publications: &'t [PublicationRecord],
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments, command: &History) -> anyhow::Result<u8> {
    let context = Context::new(arguments)?;
    runtime()?.block_on(async {
        let ledger = Ledger::open_read_only(&Ledger::path_of(&context.state)).await?;
        if let Some(month) = command.summary {
            let summaries = Summaries::in_folder(&command.output);
            let path = summaries.write(&ledger, &Arc::new(context.signers()?), month).await?;
            return output::print_text(&format!(
                "{}\n{}\n",
                path.display(),
                path.with_extension("sigstore.json").display()
            ));
        }
        if let Some(image) = &command.image {
            known(&ledger, image).await?;
        }
        let text = text(&ledger, arguments.format, command).await?;
        output::print_text(&text)
    })?;
    Ok(0)
}

/// Says which images there are if it is none of them.
pub(crate) async fn known(ledger: &Ledger, image: &str) -> anyhow::Result<()> {
    let images = ledger.images().await?;
    let there =
        if images.is_empty() { "nothing was published yet".into() } else { format!("there are {}", images.join(", ")) };
    ensure!(
        images.iter().any(|it| it == image),
        "`{image}` is not in the ledger `{}`: {there}",
        ledger.path().display()
    );
    Ok(())
}

async fn text(ledger: &Ledger, format: Format, command: &History) -> anyhow::Result<String> {
    let filter = FixFilter {
        image: command.image.clone(),
        platform: command.platform.as_ref().map(ToString::to_string),
        id: command.cve.clone(),
        ..FixFilter::default()
    };
    match (command.export, &command.cve, &command.image) {
        (Some(ExportForm::Json), ..) => Ok(ledger.export_json(&filter).await?),
        (Some(ExportForm::Csv), ..) => Ok(ledger.export_csv(&filter).await?),
        (None, Some(_), _) if format == Format::Json => Ok(ledger.export_json(&filter).await?),
        (None, Some(id), Some(image)) => {
            let records = ledger.fixes(&filter).await?;
            Ok(history_text::fixes(image, id, &records, format == Format::Md))
        }
        (None, _, image) => publications(ledger, format, image.as_deref().unwrap_or_default(), command).await,
    }
}

async fn publications(ledger: &Ledger, format: Format, image: &str, command: &History) -> anyhow::Result<String> {
    let mut publications = ledger.publications(image).await?;
    if let Some(platform) = &command.platform {
        let platform = platform.to_string();
        publications.retain(|it| it.platforms.iter().any(|(name, _)| *name == platform));
    }
    let told = Told { schema: "bedplate.history/v1", image, publications: &publications };
    let table = history_text::publications(&publications);
    Ok(match format {
        Format::Table => table.to_text(),
        Format::Md => table.to_markdown(),
        _ => serde_json::to_string_pretty(&told)? + "\n",
    })
}
