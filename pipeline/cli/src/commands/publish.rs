//! `bedplate publish`: what is published in the state folder's registry goes to other registries. Run again it ends the same.

use std::sync::Arc;

use anyhow::{bail, ensure};
use worker::{Sending, Sent, TargetAddress, TargetSettings, Targets};

use crate::arguments::{Arguments, Format, Publish, Reach};
use crate::context::{Context, runtime};
use crate::output;
use crate::progress;
use crate::published;
use crate::sent_text::{self, Report};

/// Some images are not where they should be.
const PARTIAL: u8 = 3;

/// Runs the command.
pub(crate) fn run(arguments: &Arguments, command: &Publish) -> anyhow::Result<u8> {
    let context = Context::new(arguments)?;
    let store = Arc::new(published::store(&context.state)?);
    let images = published::images(&context.state, &command.images)?;
    let settings = targets(&context.settings.publish, &command.to, &command.reach)?;
    let sending = if command.dry_run { Sending::DryRun } else { Sending::All };
    let sent = {
        let targets = Targets::new(&settings, progress::reporter(arguments.progress))?;
        runtime()?.block_on(targets.publish(&store, &context.signers()?, &images, sending))
    };
    ensure!(!sent.is_empty(), "nothing is to be published: the settings under `publish` leave out all images or tags");
    print(arguments.format, &sent, command.dry_run)?;
    verdict(&sent)
}

/// Targets on the command line have what the settings say about that address, but not which images: these were named too.
fn targets(known: &[TargetSettings], named: &[TargetAddress], reach: &Reach) -> anyhow::Result<Vec<TargetSettings>> {
    if named.is_empty() {
        let has_reach =
            reach.docker_config.is_some() || !reach.certificate_authorities.is_empty() || !reach.plain_http.is_empty();
        ensure!(
            !has_reach,
            "say with --to which registry the other flags are for; those of the settings have their own"
        );
        ensure!(
            !known.is_empty(),
            "no registry is named: say --to REGISTRY[/PREFIX], or `publish` in the settings file"
        );
        return Ok(known.to_vec());
    }
    let target = |address: &TargetAddress| {
        let known = known.iter().find(|settings| settings.to == *address);
        let mut target = known.cloned().unwrap_or_else(|| TargetSettings::new(address.clone()));
        (target.images, target.tags) = (Vec::new(), Vec::new());
        target.docker_config = reach.docker_config.clone().or(target.docker_config);
        target.certificate_authorities.extend(reach.certificate_authorities.iter().cloned());
        target.plain_http |= reach.plain_http.contains(&address.registry);
        target
    };
    Ok(named.iter().map(target).collect())
}

/// Prints what became of the images.
fn print(format: Format, sent: &[Sent], dry_run: bool) -> anyhow::Result<()> {
    let report = Report::new(sent, dry_run);
    if dry_run && format != Format::Json {
        output::print(format, &sent_text::blob_table(sent), &report)?;
        output::print_text("\n")?;
    }
    output::print(format, &sent_text::table(sent, dry_run), &report)?;
    if format == Format::Json {
        return Ok(());
    }
    let would = if dry_run { "nothing was sent; this would be: " } else { "" };
    output::print_text(&format!("\n{would}{}", sent_text::summary(sent)))
}

/// 0 if all are there, 3 if some are, an error if none is.
fn verdict(sent: &[Sent]) -> anyhow::Result<u8> {
    match sent.iter().filter(|one| one.is_good()).count() {
        good if good == sent.len() => Ok(0),
        0 => bail!("no image could be published"),
        _ => Ok(PARTIAL),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Vec<TargetSettings> {
        let text = "[{to: registry.example/team, images: [python], docker-config: /secrets}, {to: other.example}]";
        assemble::read_yaml("x", text).unwrap()
    }

    #[test]
    fn without_flags_the_settings_count() {
        assert_eq!(targets(&known(), &[], &Reach::default()).unwrap(), known());
        let error = targets(&[], &[], &Reach::default()).unwrap_err().to_string();
        assert!(error.contains("say --to REGISTRY[/PREFIX], or `publish` in the settings"), "{error}");
        let reach = Reach { plain_http: vec!["other.example".into()], ..Reach::default() };
        assert!(targets(&known(), &[], &reach).unwrap_err().to_string().contains("say with --to"));
    }

    #[test]
    fn a_named_target_keeps_its_credentials_and_takes_every_image() {
        let reach = Reach { plain_http: vec!["new.example:5000".into()], ..Reach::default() };
        let named = ["registry.example/team".parse().unwrap(), "new.example:5000".parse().unwrap()];
        let found = targets(&known(), &named, &reach).unwrap();
        assert_eq!((found[0].docker_config.as_deref(), found[0].images.len()), (Some("/secrets".as_ref()), 0));
        assert_eq!((found[0].plain_http, found[1].plain_http), (false, true));
    }
}
