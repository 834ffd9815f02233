//! An SBOM as a table for people: package, version, source, licence.
//!
//! In: an SPDX or CycloneDX document, ours or another's. Out: rows by name. What the document does not say stays empty; a licence that is too
//! long for a line is cut where that is asked for.

use std::collections::BTreeMap;

use anyhow::Context as _;
use serde_json::Value;

use crate::output::Table;

/// The packages of a document; licences of at most `longest` characters.
pub(crate) fn table(document: &str, longest: usize) -> anyhow::Result<Table> {
    let document: Value = serde_json::from_str(document).context("the SBOM is no JSON")?;
    let mut rows = if document.get("bomFormat").is_some() { cyclonedx(&document) } else { spdx(&document) };
    rows.sort();
    let mut table = Table::new(["PACKAGE", "VERSION", "SOURCE", "LICENCE"]);
    for [package, version, source, licence] in rows {
        table.row([package, version, source, shortened(licence, longest)]);
    }
    Ok(table)
}

fn shortened(text: String, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{} …", text[..end].trim_end()),
        None => text,
    }
}

type Row = [String; 4];

fn spdx(document: &Value) -> Vec<Row> {
    let packages: BTreeMap<&str, &Value> = list(document, "packages").map(|it| (text(it, "SPDXID"), it)).collect();
    let sources: BTreeMap<&str, &str> = list(document, "relationships")
        .filter(|it| text(it, "relationshipType") == "GENERATED_FROM")
        .map(|it| (text(it, "spdxElementId"), text(it, "relatedSpdxElement")))
        .collect();
    let is_package = |it: &&Value| ["LIBRARY", "APPLICATION", ""].contains(&text(it, "primaryPackagePurpose"));
    let row = |it: &Value| {
        let source = sources.get(text(it, "SPDXID")).and_then(|id| packages.get(id));
        let source = source.map_or_else(String::new, |it| named(text(it, "name"), text(it, "versionInfo")));
        let licence = text(it, "licenseDeclared").to_owned();
        [text(it, "name").to_owned(), text(it, "versionInfo").to_owned(), source, licence]
    };
    list(document, "packages").filter(is_package).map(row).collect()
}

fn cyclonedx(document: &Value) -> Vec<Row> {
    let row = |it: &Value| {
        let licence = it.pointer("/licenses/0/expression").and_then(Value::as_str).unwrap_or_default();
        let source = it.pointer("/pedigree/ancestors/0").map(|it| named(text(it, "name"), text(it, "version")));
        let (name, version) = (text(it, "name").to_owned(), text(it, "version").to_owned());
        [name, version, source.unwrap_or_default(), licence.to_owned()]
    };
    list(document, "components").filter(|it| text(it, "type") == "library").map(row).collect()
}

fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn named(name: &str, version: &str) -> String {
    format!("{name} {version}").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXPECTED: &str = "  PACKAGE  VERSION  SOURCE  LICENCE\n  a        1        s 2     MIT\n";

    #[test]
    fn reads_both_forms() {
        let spdx = serde_json::json!({
            "packages": [
                { "SPDXID": "A", "name": "a", "versionInfo": "1", "licenseDeclared": "MIT", "primaryPackagePurpose": "LIBRARY" },
                { "SPDXID": "S", "name": "s", "versionInfo": "2", "primaryPackagePurpose": "SOURCE" },
            ],
            "relationships": [
                { "spdxElementId": "A", "relationshipType": "GENERATED_FROM", "relatedSpdxElement": "S" },
            ],
        });
        assert_eq!(table(&spdx.to_string(), 9).unwrap().to_text(), EXPECTED);
        let cyclonedx = serde_json::json!({ "bomFormat": "CycloneDX", "components": [
            { "type": "library", "name": "a", "version": "1", "licenses": [{ "expression": "MIT" }],
              "pedigree": { "ancestors": [{ "name": "s", "version": "2" }] } },
            { "type": "file", "name": "x" },
        ] });
        assert_eq!(table(&cyclonedx.to_string(), 9).unwrap().to_text(), EXPECTED);
    }

    #[test]
    fn what_is_not_said_stays_empty() {
        assert!(table("{}", 9).unwrap().is_empty());
        assert!(table("{\"packages\":[1,{}],\"relationships\":3}", 9).is_ok());
        assert!(table("x", 9).is_err());
        assert_eq!((shortened("MIT AND X".into(), 4), shortened("MIT".into(), 3)), ("MIT …".into(), "MIT".into()));
    }
}
