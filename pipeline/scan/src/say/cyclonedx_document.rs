//! The parts of a CycloneDX 1.6 document that a report needs. Specification: <https://cyclonedx.org/docs/1.6/json/>.

use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Bom {
    #[serde(rename = "$schema")]
    pub(crate) schema: &'static str,
    #[serde(rename = "bomFormat")]
    pub(crate) format: &'static str,
    pub(crate) spec_version: &'static str,
    pub(crate) serial_number: String,
    pub(crate) version: u32,
    pub(crate) metadata: Metadata,
    pub(crate) components: Vec<Component>,
    pub(crate) vulnerabilities: Vec<Vulnerability>,
}

#[derive(Serialize)]
pub(crate) struct Metadata {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) timestamp: Option<String>,
    pub(crate) tools: Tools,
    pub(crate) component: Component,
    pub(crate) properties: Vec<Property>,
}

#[derive(Serialize)]
pub(crate) struct Tools {
    pub(crate) components: [Component; 1],
}

#[derive(Serialize)]
pub(crate) struct Component {
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    #[serde(rename = "bom-ref", skip_serializing_if = "Option::is_none")]
    pub(crate) reference: Option<String>,
    pub(crate) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) purl: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct Property {
    pub(crate) name: &'static str,
    pub(crate) value: String,
}

#[derive(Serialize)]
pub(crate) struct Vulnerability {
    #[serde(rename = "bom-ref")]
    pub(crate) reference: String,
    pub(crate) id: String,
    pub(crate) source: Source,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) ratings: Vec<Rating>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) recommendation: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) advisories: Vec<Advisory>,
    pub(crate) analysis: Analysis,
    pub(crate) affects: Vec<Affected>,
    pub(crate) properties: Vec<Property>,
}

#[derive(Serialize)]
pub(crate) struct Source {
    pub(crate) name: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) url: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct Rating {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<Source>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) score: Option<f64>,
    pub(crate) severity: &'static str,
    pub(crate) method: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) vector: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) justification: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct Advisory {
    pub(crate) title: String,
    pub(crate) url: String,
}

#[derive(Serialize)]
pub(crate) struct Analysis {
    pub(crate) state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) justification: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) response: Vec<&'static str>,
    pub(crate) detail: String,
}

#[derive(Serialize)]
pub(crate) struct Affected {
    #[serde(rename = "ref")]
    pub(crate) reference: String,
    pub(crate) versions: [AffectedVersion; 1],
}

#[derive(Serialize)]
pub(crate) struct AffectedVersion {
    pub(crate) version: String,
    pub(crate) status: &'static str,
}
