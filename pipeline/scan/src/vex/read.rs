//! OpenVEX documents of others, as they are found: versions 0.0.1 to 0.2.0, bare or as the predicate of an in-toto statement.
//!
//! In: text, hostile. Out: [`VexDocument`], or an error that names the place. Unknown keys are passed over.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::purl::Purl;
use crate::vex::document::VexStatus;

/// The largest document that is read; the largest real ones have some 10 MB.
const LARGEST: usize = 64 << 20;

/// A document of statements.
#[derive(Debug, Clone, PartialEq)]
pub struct VexDocument {
    pub(crate) author: String,
    pub(crate) statements: Vec<ReadStatement>,
}

/// One statement.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ReadStatement {
    /// The vulnerability's name, then its aliases.
    pub(crate) names: Vec<String>,
    /// When it was known to be true: its own timestamp, or else the document's.
    pub(crate) timestamp: Timestamp,
    pub(crate) products: Vec<ReadProduct>,
    pub(crate) status: VexStatus,
    pub(crate) justification: Option<String>,
    /// Impact statement, action statement and notes.
    pub(crate) words: String,
}

/// A product and the parts of it that are meant.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ReadProduct {
    pub(crate) names: Vec<ProductName>,
    pub(crate) parts: Vec<Vec<ProductName>>,
}

/// A name of a product: a package URL, or else a text that is compared as it is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ProductName {
    Purl(Purl),
    Text(String),
}

/// Why a text is no document that can be used.
#[derive(Debug, thiserror::Error)]
pub enum VexError {
    /// It is too large.
    #[error("the VEX document has {0} bytes: expected at most 64 MiB; split it")]
    TooLarge(usize),
    /// It is no JSON, or not of the right shape.
    #[error("the VEX document cannot be read: {0}; expected OpenVEX as JSON")]
    Shape(#[from] serde_json::Error),
    /// It is another format.
    #[error("the VEX document is {0}: expected OpenVEX; convert it, for example with vexctl")]
    OtherFormat(&'static str),
    /// A statement says what OpenVEX does not know.
    #[error("statement {at} of the VEX document: {what} is `{found}`; expected {expected}")]
    Statement {
        /// Its place, from 1.
        at: usize,
        /// The key.
        what: &'static str,
        /// Its value, shortened.
        found: String,
        /// What should be there.
        expected: &'static str,
    },
}

impl VexDocument {
    /// Reads a document.
    pub fn read(text: &str) -> Result<Self, VexError> {
        if text.len() > LARGEST {
            return Err(VexError::TooLarge(text.len()));
        }
        let mut body: Body = serde_json::from_str(text)?;
        let inner = body.predicate.take();
        inner.map_or(body, |inner| *inner).document()
    }

    /// Who states it.
    pub fn author(&self) -> &str {
        &self.author
    }

    /// How many statements there are.
    pub fn len(&self) -> usize {
        self.statements.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.statements.is_empty()
    }
}

/// A document, or an in-toto statement about one.
#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    predicate: Option<Box<Body>>,
    #[serde(rename = "@context", default)]
    context: Option<String>,
    #[serde(default)]
    author: Option<String>,
    #[serde(default)]
    timestamp: Option<String>,
    #[serde(default)]
    statements: Option<Vec<StatementFile>>,
    /// CycloneDX.
    #[serde(rename = "bomFormat", default)]
    bom_format: Option<IgnoredAny>,
    /// CSAF.
    #[serde(default)]
    document: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct StatementFile {
    vulnerability: VulnerabilityFile,
    #[serde(default)]
    timestamp: Option<String>,
    #[serde(default)]
    last_updated: Option<String>,
    #[serde(default)]
    products: Vec<ProductFile>,
    /// Of version 0.0.1: parts of all products.
    #[serde(default)]
    subcomponents: Vec<ProductFile>,
    status: String,
    #[serde(default)]
    justification: Option<String>,
    #[serde(default)]
    impact_statement: Option<String>,
    #[serde(default)]
    action_statement: Option<String>,
    #[serde(default)]
    status_notes: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum VulnerabilityFile {
    Name(String),
    Named {
        name: String,
        #[serde(default)]
        aliases: Vec<String>,
    },
}

#[derive(Deserialize)]
#[serde(untagged)]
enum ProductFile {
    Name(String),
    Component {
        #[serde(rename = "@id", default)]
        id: Option<String>,
        #[serde(default)]
        identifiers: BTreeMap<String, String>,
        #[serde(default)]
        hashes: BTreeMap<String, String>,
        #[serde(default)]
        subcomponents: Vec<ProductFile>,
    },
}

impl Body {
    fn document(self) -> Result<VexDocument, VexError> {
        if self.bom_format.is_some() {
            return Err(VexError::OtherFormat("CycloneDX"));
        }
        let is_openvex = self.context.is_some_and(|context| context.starts_with("https://openvex.dev/ns"));
        let Some(statements) = self.statements.filter(|_| is_openvex) else {
            return Err(VexError::OtherFormat(if self.document.is_some() {
                "CSAF"
            } else {
                "of a kind that is not known"
            }));
        };
        let own = self.timestamp.as_deref();
        let statements = statements.into_iter().zip(1..).map(|(it, at)| it.statement(own, at));
        let author = self.author.filter(|author| !author.is_empty()).unwrap_or_else(|| "an unnamed author".to_owned());
        Ok(VexDocument { author, statements: statements.collect::<Result<_, _>>()? })
    }
}

impl StatementFile {
    fn statement(self, document: Option<&str>, at: usize) -> Result<ReadStatement, VexError> {
        let wrong = |what, found: &str, expected| {
            let found = found.chars().take(80).collect();
            VexError::Statement { at, what, found, expected }
        };
        let time = self.last_updated.as_deref().or(self.timestamp.as_deref()).or(document).unwrap_or_default();
        let timestamp =
            time.parse().map_err(|_| wrong("the timestamp", time, "a time such as 2026-11-23T12:00:00Z"))?;
        let statuses = "not_affected, fixed, under_investigation or affected";
        let status = VexStatus::of_word(&self.status).ok_or_else(|| wrong("the status", &self.status, statuses))?;
        let parts: Vec<_> = self.subcomponents.into_iter().map(|part| part.product().names).collect();
        let products = self.products.into_iter().map(ProductFile::product).map(|mut product| {
            product.parts.extend(parts.iter().cloned());
            product
        });
        let names = match self.vulnerability {
            VulnerabilityFile::Name(name) => vec![name],
            VulnerabilityFile::Named { name, aliases } => std::iter::once(name).chain(aliases).collect(),
        };
        let words = [self.impact_statement, self.action_statement, self.status_notes];
        let words: Vec<String> = words.into_iter().flatten().filter(|it| !it.is_empty()).collect();
        let products = products.collect();
        Ok(ReadStatement {
            names,
            timestamp,
            products,
            status,
            justification: self.justification,
            words: words.join("; "),
        })
    }
}

impl ProductFile {
    fn product(self) -> ReadProduct {
        let (names, parts) = match self {
            Self::Name(name) => (vec![name], Vec::new()),
            Self::Component { id, identifiers, hashes, subcomponents } => {
                let digest = |(algorithm, value): (String, String)| format!("{}:{value}", algorithm.replace('-', ""));
                let names = id.into_iter().chain(identifiers.into_values()).chain(hashes.into_iter().map(digest));
                (names.collect(), subcomponents)
            }
        };
        let parts = parts.into_iter().map(|part| part.product().names).collect();
        ReadProduct { names: names.into_iter().map(name).collect(), parts }
    }
}

fn name(text: String) -> ProductName {
    text.parse().map_or(ProductName::Text(text), ProductName::Purl)
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
