//! `bedplate doctor`: is everything here that bedplate needs, and what to do where it is not. Changes nothing.

use std::path::Path;

use jiff::Timestamp;

use crate::arguments::{Arguments, Doctor, Format};
use crate::context::{Context, runtime};
use crate::finding::{Finding, Findings};
use crate::{doctor_archive, doctor_feeds, doctor_keys, doctor_machine, doctor_registry, output, settings};

/// Runs the command.
pub(crate) fn run(arguments: &Arguments, command: &Doctor) -> anyhow::Result<u8> {
    let findings = Findings::from(match Context::new(arguments) {
        Ok(context) => look(arguments, command, &context)?,
        Err(error) => vec![
            Finding::bad("settings", format!("{error:#}"), "mend the file, or name another with --config"),
            Finding::unknown("all else", "nothing can be looked at without settings"),
        ],
    });
    match arguments.format {
        Format::Json => output::print_text(&(serde_json::to_string_pretty(&findings)? + "\n"))?,
        format => output::print_text(&findings.text(format))?,
    }
    Ok(findings.exit_code())
}

fn look(arguments: &Arguments, command: &Doctor, context: &Context) -> anyhow::Result<Vec<Finding>> {
    let mut findings = vec![settings_file(arguments)];
    match context.catalogue() {
        Ok(catalogue) => {
            let place = context.settings.catalog.as_ref().map_or("built in".into(), |it| it.display().to_string());
            findings.push(Finding::good("catalogue", format!("{} images, {place}", catalogue.definitions.len())));
            let archive = doctor_archive::look(&context.settings.archive, &catalogue, Path::new("/"));
            findings.extend(runtime()?.block_on(archive));
        }
        Err(error) => {
            findings.push(Finding::bad("catalogue", format!("{error:#}"), "see `bedplate catalog check`"));
            findings.push(Finding::unknown("archive", "the catalogue says which suites are wanted"));
        }
    }
    let feeds = doctor_feeds::look(&context.settings.feeds, &context.state, Timestamp::now());
    findings.extend(runtime()?.block_on(feeds));
    findings.extend(doctor_machine::state(&context.state));
    findings.push(doctor_machine::listen(context.settings.listen));
    findings.extend(doctor_machine::registry_files(&context.settings.registry));
    findings.extend(doctor_keys::look(&context.settings, &context.state));
    findings.push(doctor_registry::look(&context.state));
    if command.deep {
        findings.push(doctor_registry::deep(&context.state));
    }
    Ok(findings)
}

fn settings_file(arguments: &Arguments) -> Finding {
    let default = Path::new(settings::DEFAULT_FILE);
    match &arguments.config {
        Some(path) => Finding::good("settings", format!("read from `{}`", path.display())),
        None if default.exists() => Finding::good("settings", format!("read from `{}`", default.display())),
        None => Finding::good("settings", "no settings file, none is needed"),
    }
}
