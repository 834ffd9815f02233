//! `bedplate completions`: a script that teaches a shell our commands and flags.

use clap::CommandFactory;

use crate::arguments::{Arguments, Completions};
use crate::output;

/// Runs the command.
pub(crate) fn run(command: &Completions) -> anyhow::Result<u8> {
    let mut script = Vec::new();
    clap_complete::generate(command.shell, &mut Arguments::command(), "bedplate", &mut script);
    output::print_text(&String::from_utf8_lossy(&script))?;
    Ok(0)
}
