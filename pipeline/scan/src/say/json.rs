//! A report as JSON: its own form, which can be read again.

use crate::report::Report;

impl Report {
    /// Indented JSON with a final newline. Reading it gives the same report.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).map_or_else(|_| String::new(), |text| text + "\n")
    }
}

#[cfg(test)]
mod tests {
    use crate::Report;
    use crate::fixture::{fixable, report};

    #[test]
    fn what_is_written_is_read_again() {
        let report = report(vec![fixable("CVE-2026-2", "openssl", "2026-11-20T00:00:00Z")]);
        let text = report.to_json();
        assert!(text.starts_with("{\n  \"schema\": \"bedplate.report/v1\",") && text.ends_with("}\n"));
        assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), report);
    }
}
