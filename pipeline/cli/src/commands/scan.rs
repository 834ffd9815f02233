//! `bedplate scan`: the known vulnerabilities of what is named.

use std::path::Path;

use anyhow::Context as _;
use registry::Client;

use crate::arguments::{Arguments, Scan};
use crate::commands::copy;
use crate::context::{Context, runtime};
use crate::output;
use crate::progress;
use crate::scan_bar::{Judged, objections};
use crate::scan_data;
use crate::scan_judging::Judging;
use crate::scan_output;
use crate::scan_source::Sources;
use crate::scan_text;

/// Runs the command.
pub(crate) fn run(arguments: &Arguments, command: &Scan) -> anyhow::Result<u8> {
    let context = Context::new(arguments)?;
    let client = Client::new(copy::settings(&command.reach))?;
    let sources = Sources { context: &context, client: &client, reading: &command.reading };
    let runtime = runtime()?;
    let judging = Judging::new(&command.vex, command.fixable_only, context.judging()?.rules)?;
    let mut all = Vec::new();
    {
        let reporter = progress::reporter(arguments.progress);
        let known = runtime.block_on(scan_data::load(&command.data, &context, &reporter))?;
        for word in &command.targets {
            let targets = runtime.block_on(sources.read(word))?;
            all.extend(targets.into_iter().map(|target| judging.judge(target, &known)));
        }
    }
    print(command, &all)?;
    let objections = objections(&all, &command.fail_on);
    output::say_on_stderr(&objections);
    Ok(u8::from(!objections.is_empty()))
}

fn print(command: &Scan, all: &[Judged]) -> anyhow::Result<()> {
    let width = scan_text::width().filter(|_| command.output.is_none());
    let text = scan_output::text(all, command.format, width)?;
    match &command.output {
        Some(path) => write(path, &text),
        None => output::print_text(&text),
    }
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    worker::write_atomically(path, text.as_bytes()).with_context(|| format!("cannot write `{}`", path.display()))
}
