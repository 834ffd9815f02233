//! CycloneDX 1.6 as JSON: the keys that we write, in the order in which they are written.
//!
//! In: nothing. Out: types that serialise. Schema: <https://github.com/CycloneDX/specification/blob/1.6/schema/bom-1.6.schema.json>.

use serde::Serialize;

/// A document.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Bom {
    #[serde(rename = "$schema")]
    pub schema: &'static str,
    #[serde(rename = "bomFormat")]
    pub format: &'static str,
    pub spec_version: &'static str,
    pub serial_number: String,
    pub version: u32,
    pub metadata: Metadata,
    pub components: Vec<Component>,
    pub dependencies: Vec<Dependency>,
}

/// What the document is about, who made it, and when.
#[derive(Serialize)]
pub(crate) struct Metadata {
    pub timestamp: String,
    pub tools: Tools,
    pub authors: [Named; 1],
    pub component: Component,
    pub supplier: Named,
}

/// The programs that made the document.
#[derive(Serialize)]
pub(crate) struct Tools {
    pub components: [Component; 1],
}

/// Somebody with a name.
#[derive(Serialize)]
pub(crate) struct Named {
    pub name: String,
}

/// A package, a file, a layer, an image.
#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Component {
    #[serde(rename = "type")]
    pub kind: &'static str,
    #[serde(rename = "bom-ref", skip_serializing_if = "String::is_empty")]
    pub reference: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supplier: Option<Named>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub publisher: String,
    pub name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub version: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hashes: Vec<Hash>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub licenses: Vec<Expression>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpe: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub purl: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pedigree: Option<Pedigree>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub external_references: Vec<ExternalReference>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<Component>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub properties: Vec<Property>,
}

/// A digest.
#[derive(Serialize)]
pub(crate) struct Hash {
    pub alg: &'static str,
    pub content: String,
}

/// An SPDX expression.
#[derive(Serialize)]
pub(crate) struct Expression {
    pub expression: String,
    pub acknowledgement: &'static str,
}

/// What a component was made from.
#[derive(Serialize)]
pub(crate) struct Pedigree {
    pub ancestors: Vec<Component>,
}

/// An address where more is to be found.
#[derive(Serialize)]
pub(crate) struct ExternalReference {
    pub url: String,
    #[serde(rename = "type")]
    pub kind: &'static str,
}

/// What was found in a component.
#[derive(Serialize)]
pub(crate) struct Evidence {
    pub licenses: Vec<FoundLicence>,
}

/// A licence that was found.
#[derive(Serialize)]
pub(crate) struct FoundLicence {
    pub license: LicenceText,
}

/// A licence that SPDX has no identifier for.
#[derive(Serialize)]
pub(crate) struct LicenceText {
    pub name: String,
    pub text: Text,
}

/// A text.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Text {
    pub content_type: &'static str,
    pub content: String,
}

/// A name and a value that the format has no key for.
#[derive(Serialize)]
pub(crate) struct Property {
    pub name: &'static str,
    pub value: String,
}

/// What a component needs, or is made of.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Dependency {
    #[serde(rename = "ref")]
    pub reference: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<String>,
}

impl Component {
    /// A component of which nothing is known but this.
    pub(crate) fn new(kind: &'static str, reference: &str, name: &str, version: &str) -> Self {
        let (reference, name, version) = (reference.to_owned(), name.to_owned(), version.to_owned());
        Self { kind, reference, name, version, ..Self::default() }
    }
}
