//! `bedplate diff`: what differs between two locks or images: packages, files, configuration, sizes. Reads, never writes.

use anyhow::ensure;

use crate::arguments::{Arguments, Diff, Format};
use crate::comparing::compare;
use crate::comparison_text;
use crate::context::Context;
use crate::image_source;
use crate::output;

/// Runs the command.
pub(crate) fn run(arguments: &Arguments, command: &Diff) -> anyhow::Result<u8> {
    let context = Context::new(arguments)?;
    let find = |text| anyhow::Ok((text, image_source::find(text, &context.state)?));
    let [from, to] = image_source::read([find(command.from.as_str())?, find(command.to.as_str())?])?;
    let comparison = compare(&from, &to);
    ensure!(
        !comparison.platforms.both.is_empty(),
        "`{}` and `{}` have no platform in common: the one has {}, the other {}",
        from.name,
        to.name,
        comparison.platforms.only_from.join(" "),
        comparison.platforms.only_to.join(" ")
    );
    match arguments.format {
        Format::Json => output::print_text(&(serde_json::to_string_pretty(&comparison)? + "\n"))?,
        format => output::print_text(&comparison_text::text(&comparison, format))?,
    }
    Ok(u8::from(comparison.different && command.exit_code))
}
