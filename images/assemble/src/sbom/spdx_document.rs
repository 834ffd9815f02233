//! SPDX 2.3 as JSON: the keys that we write, in the order in which they are written.
//!
//! In: nothing. Out: types that serialise. Schema: <https://github.com/spdx/spdx-spec/blob/v2.3/schemas/spdx-schema.json>.

use serde::Serialize;

/// Said where the author says nothing.
pub(crate) const NOASSERTION: &str = "NOASSERTION";

/// The identifier of the document itself.
pub(crate) const DOCUMENT: &str = "SPDXRef-DOCUMENT";

/// A document.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Document {
    pub spdx_version: &'static str,
    pub data_license: &'static str,
    #[serde(rename = "SPDXID")]
    pub id: &'static str,
    pub name: String,
    #[serde(rename = "documentNamespace")]
    pub namespace: String,
    pub creation_info: CreationInfo,
    pub packages: Vec<Package>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<File>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub has_extracted_licensing_infos: Vec<ExtractedLicence>,
    pub relationships: Vec<Relationship>,
}

/// Who made the document, and when.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreationInfo {
    pub created: String,
    pub creators: Vec<String>,
    pub license_list_version: String,
}

/// A package, a layer, an image, an image index.
#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Package {
    #[serde(rename = "SPDXID")]
    pub id: String,
    pub name: String,
    pub version_info: String,
    #[serde(rename = "packageFileName", skip_serializing_if = "Option::is_none")]
    pub archive_path: Option<String>,
    pub supplier: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub originator: Option<String>,
    pub download_location: &'static str,
    pub files_analyzed: bool,
    #[serde(rename = "packageVerificationCode", skip_serializing_if = "Option::is_none")]
    pub verification_code: Option<VerificationCode>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub checksums: Vec<Checksum>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub homepage: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_info: Option<String>,
    pub license_concluded: &'static str,
    pub license_declared: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub license_comments: Option<String>,
    pub copyright_text: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub external_refs: Vec<ExternalRef>,
    pub primary_package_purpose: &'static str,
}

/// One digest over the digests of a package's files.
#[derive(Serialize)]
pub(crate) struct VerificationCode {
    #[serde(rename = "packageVerificationCodeValue")]
    pub value: String,
}

/// A digest.
#[derive(Serialize)]
pub(crate) struct Checksum {
    pub algorithm: &'static str,
    #[serde(rename = "checksumValue")]
    pub value: String,
}

/// What a package is called elsewhere.
#[derive(Serialize)]
pub(crate) struct ExternalRef {
    #[serde(rename = "referenceCategory")]
    pub category: &'static str,
    #[serde(rename = "referenceType")]
    pub kind: &'static str,
    #[serde(rename = "referenceLocator")]
    pub locator: String,
}

/// A file.
#[derive(Serialize)]
pub(crate) struct File {
    #[serde(rename = "SPDXID")]
    pub id: String,
    #[serde(rename = "fileName")]
    pub path: String,
    pub checksums: [Checksum; 2],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// A licence that SPDX has no identifier for.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExtractedLicence {
    pub license_id: String,
    pub name: String,
    pub extracted_text: String,
}

/// How two elements stand to each other.
#[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Relationship {
    #[serde(rename = "spdxElementId")]
    pub from: String,
    #[serde(rename = "relationshipType")]
    pub kind: &'static str,
    #[serde(rename = "relatedSpdxElement")]
    pub to: String,
}

impl Package {
    /// A package of which nothing is known but this.
    pub(crate) fn new(id: &str, name: &str, version: &str, supplier: &str, purpose: &'static str) -> Self {
        Self {
            id: reference(id),
            name: name.to_owned(),
            version_info: version.to_owned(),
            supplier: format!("Organization: {supplier}"),
            download_location: NOASSERTION,
            license_concluded: NOASSERTION,
            license_declared: NOASSERTION.to_owned(),
            copyright_text: NOASSERTION,
            primary_package_purpose: purpose,
            ..Self::default()
        }
    }
}

impl ExternalRef {
    /// A package URL.
    pub(crate) fn purl(locator: String) -> Self {
        Self { category: "PACKAGE-MANAGER", kind: "purl", locator }
    }
}

/// The form in which an element is referred to.
pub(crate) fn reference(identifier: &str) -> String {
    format!("SPDXRef-{identifier}")
}
