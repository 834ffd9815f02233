//! The parts of a SARIF 2.1.0 log that a report needs.
//!
//! Specification: <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>; section numbers below are of it.

use std::collections::BTreeMap;

use serde::Serialize;

/// §3.13.
#[derive(Serialize)]
pub(crate) struct Log {
    #[serde(rename = "$schema")]
    pub(crate) schema: &'static str,
    pub(crate) version: &'static str,
    pub(crate) runs: [Run; 1],
}

/// §3.14.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Run {
    pub(crate) tool: Tool,
    pub(crate) automation_details: Automation,
    pub(crate) invocations: [Invocation; 1],
    pub(crate) results: Vec<ResultEntry>,
    pub(crate) column_kind: &'static str,
    pub(crate) properties: BTreeMap<&'static str, String>,
}

/// §3.18.
#[derive(Serialize)]
pub(crate) struct Tool {
    pub(crate) driver: Driver,
}

/// §3.19.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Driver {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    pub(crate) semantic_version: &'static str,
    pub(crate) information_uri: &'static str,
    pub(crate) rules: Vec<Rule>,
}

/// §3.17.
#[derive(Serialize)]
pub(crate) struct Automation {
    pub(crate) id: String,
}

/// §3.20.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Invocation {
    pub(crate) execution_successful: bool,
    pub(crate) tool_execution_notifications: Vec<Notification>,
}

/// §3.58.
#[derive(Serialize)]
pub(crate) struct Notification {
    pub(crate) level: &'static str,
    pub(crate) message: Message,
}

/// §3.49, with the properties that GitHub's code scanning reads.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Rule {
    pub(crate) id: String,
    pub(crate) short_description: Message,
    pub(crate) full_description: Message,
    pub(crate) help: Message,
    pub(crate) help_uri: String,
    pub(crate) properties: RuleProperties,
}

/// `security-severity` is a CVSS score as text, above 0 and at most 10.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct RuleProperties {
    pub(crate) tags: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) security_severity: Option<String>,
}

/// §3.11.
#[derive(Serialize)]
pub(crate) struct Message {
    pub(crate) text: String,
}

/// §3.27.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ResultEntry {
    pub(crate) rule_id: String,
    pub(crate) rule_index: usize,
    pub(crate) kind: &'static str,
    pub(crate) level: &'static str,
    pub(crate) message: Message,
    pub(crate) locations: [Location; 1],
    pub(crate) partial_fingerprints: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) suppressions: Vec<Suppression>,
    pub(crate) properties: BTreeMap<&'static str, String>,
}

/// §3.28.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Location {
    pub(crate) physical_location: PhysicalLocation,
    pub(crate) logical_locations: Vec<LogicalLocation>,
}

/// §3.29.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PhysicalLocation {
    pub(crate) artifact_location: ArtifactLocation,
    pub(crate) region: Region,
}

/// §3.4.
#[derive(Serialize)]
pub(crate) struct ArtifactLocation {
    pub(crate) uri: String,
}

/// §3.30.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Region {
    pub(crate) start_line: u32,
}

/// §3.33.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LogicalLocation {
    pub(crate) fully_qualified_name: String,
    pub(crate) kind: &'static str,
}

/// §3.35.
#[derive(Serialize)]
pub(crate) struct Suppression {
    pub(crate) kind: &'static str,
    pub(crate) status: &'static str,
    pub(crate) justification: String,
}

impl From<String> for Message {
    fn from(text: String) -> Self {
        Self { text }
    }
}
