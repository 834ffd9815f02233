//! Exit codes and the one place that prints errors.
//!
//! 0 done · 1 the answer is no · 2 wrong use, settings or internal failure · 3 part of the images failed ·
//! 4 refused by policy, or the state folder is in use.

use std::io::Write;
use std::process::ExitCode;

use worker::{Failure, StateError, Whose};

/// Wrong use, settings or internal failure.
const FAILED: u8 = 2;

/// Refused by rule, or held by another process.
const REFUSED: u8 = 4;

/// Prints an error with its causes, and gives the exit code.
pub(crate) fn report(result: anyhow::Result<u8>) -> ExitCode {
    match result {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            let mut lines = vec![format!("error: {error}")];
            for cause in error.chain().skip(1).map(ToString::to_string) {
                if !lines.iter().any(|line| line.contains(&cause)) {
                    lines.push(format!("  because: {cause}"));
                }
            }
            if let Some(failure) = error.downcast_ref::<Failure>() {
                lines.push(format!("  whose: {}", advice(failure.whose())));
            }
            let _ = writeln!(std::io::stderr(), "{}", lines.join("\n"));
            ExitCode::from(code(&error))
        }
    }
}

fn advice(whose: Whose) -> &'static str {
    match whose {
        Whose::Upstream => {
            "the archive's, a registry's or the network's: wait, and try again; `bedplate up` does at its next evaluation"
        }
        Whose::Policy => "yours: a name, a setting, a key, a definition or the disk",
        Whose::Defect => "bedplate's: please report it",
    }
}

fn code(error: &anyhow::Error) -> u8 {
    let in_use = matches!(error.downcast_ref::<StateError>(), Some(StateError::InUse(_)));
    if in_use { REFUSED } else { FAILED }
}
