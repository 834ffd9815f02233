//! What `doctor` found, and what to do about it.
//!
//! In: the outcome of one look. Out: a [`Finding`]; all of them together as lines for people, or as JSON (`bedplate.doctor/v1`).

use serde::Serialize;

use crate::arguments::Format;
use crate::output::Table;

/// How it stands with one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Health {
    /// As it should be.
    Good,
    /// Something is to be done.
    Bad,
    /// It could not be looked at, because something else is bad.
    Unknown,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    /// What was looked at, in a word or two.
    pub(crate) what: &'static str,
    /// How it stands.
    pub(crate) health: Health,
    /// What was seen.
    pub(crate) detail: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) help: Option<String>,
}

/// All findings.
#[derive(Debug, Serialize)]
pub(crate) struct Findings {
    schema: &'static str,
    good: bool,
    #[serde(rename = "findings")]
    all: Vec<Finding>,
}

impl Finding {
    /// All is well.
    pub(crate) fn good(what: &'static str, detail: impl Into<String>) -> Self {
        Self { what, health: Health::Good, detail: detail.into(), help: None }
    }

    /// Something is to be done: `help` says what.
    pub(crate) fn bad(what: &'static str, detail: impl Into<String>, help: impl Into<String>) -> Self {
        Self { what, health: Health::Bad, detail: detail.into(), help: Some(help.into()) }
    }

    /// It was not looked at.
    pub(crate) fn unknown(what: &'static str, detail: impl Into<String>) -> Self {
        Self { what, health: Health::Unknown, detail: detail.into(), help: None }
    }
}

impl From<Vec<Finding>> for Findings {
    fn from(findings: Vec<Finding>) -> Self {
        let good = findings.iter().all(|finding| finding.health == Health::Good);
        Self { schema: "bedplate.doctor/v1", good, all: findings }
    }
}

impl Findings {
    /// 0 if all is well, 1 otherwise.
    pub(crate) fn exit_code(&self) -> u8 {
        u8::from(!self.good)
    }

    /// As text in the form asked for; JSON is written by whoever prints.
    pub(crate) fn text(&self, format: Format) -> String {
        if format == Format::Md {
            return self.table().to_markdown();
        }
        let widest = self.all.iter().map(|finding| finding.what.len()).max().unwrap_or_default();
        let lines = self.all.iter().map(|one| {
            let help = one.help.as_ref().map(|help| format!("    help: {help}\n")).unwrap_or_default();
            format!("{} {:widest$}  {}\n{help}", mark(one.health), one.what, one.detail)
        });
        lines.collect()
    }

    fn table(&self) -> Table {
        let mut table = Table::new(["", "WHAT", "SEEN", "HELP"]);
        for one in &self.all {
            table.row([mark(one.health), one.what, &one.detail, one.help.as_deref().unwrap_or_default()]);
        }
        table
    }
}

fn mark(health: Health) -> &'static str {
    match health {
        Health::Good => "✔",
        Health::Bad => "✖",
        Health::Unknown => "?",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_to_do_below_what_is_bad() {
        let findings = Findings::from(vec![
            Finding::good("catalogue", "7 images"),
            Finding::bad("disk", "full", "free some space"),
            Finding::unknown("registry", "not looked at"),
        ]);
        let expected =
            "✔ catalogue  7 images\n✖ disk       full\n    help: free some space\n? registry   not looked at\n";
        assert_eq!(findings.text(Format::Table), expected);
        assert_eq!(findings.exit_code(), 1);
        assert_eq!(Findings::from(vec![Finding::good("x", "y")]).exit_code(), 0);
    }
}
