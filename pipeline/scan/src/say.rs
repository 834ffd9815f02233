//! A report as people and machines read it: table, Markdown, SARIF, CycloneDX, JSON.
//!
//! In: a [`crate::Report`]. Out: text. The same report gives the same text: no clock, no random name.

mod cyclonedx;
mod cyclonedx_document;
mod cyclonedx_parts;
mod json;
mod markdown;
mod sarif;
mod sarif_document;
mod table;

pub use cyclonedx::cyclonedx_vdr;
pub use markdown::markdown;
pub use sarif::sarif;
pub use table::{TableGroup, TableRow, table};
