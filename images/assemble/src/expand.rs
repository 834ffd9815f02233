//! Fills in the variables of a definition: `${python}` by release, `${architecture}` and `${multiarch}` by platform.
//!
//! In: a definition as written, the release and platform it is wanted for. Out: the same definition with every
//! `${…}` replaced, except in tag templates, whose variables come from a package's version ([`crate::tags`]).

use std::collections::BTreeMap;

use debian::Architecture;
use serde_json::Value;

use crate::definition::Definition;

/// Why a definition's variables cannot be filled in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExpandError {
    /// A `${…}` names nothing.
    #[error(
        "definition `{definition}` uses `${{{variable}}}`, which has no value for release `{release}`: add it under `variables`"
    )]
    Unknown {
        /// The definition's name.
        definition: String,
        /// The variable.
        variable: String,
        /// The release it was wanted for.
        release: String,
    },
    /// A `${` without its `}`.
    #[error("definition `{definition}` has `${{` without `}}` in `{text}`")]
    Unclosed {
        /// The definition's name.
        definition: String,
        /// The text around it.
        text: String,
    },
    /// After filling in, a value is no longer what its key expects.
    #[error("definition `{definition}`: {reason}")]
    Unusable {
        /// The definition's name.
        definition: String,
        /// What is wrong.
        reason: String,
    },
}

impl Definition {
    /// This definition for one release and architecture.
    pub fn expand(&self, release: &str, architecture: Architecture) -> Result<Self, ExpandError> {
        let values = Values {
            definition: &self.name,
            release,
            own: self.variables.get(release),
            architecture: architecture.to_string(),
            multiarch: architecture.multiarch().unwrap_or_default().to_owned(),
        };
        let unusable = |error: serde_json::Error| ExpandError::Unusable {
            definition: self.name.clone(),
            reason: error.to_string(),
        };
        let mut value = serde_json::to_value(Self { release: release.to_owned(), ..self.clone() }).map_err(unusable)?;
        let tags = value.get_mut("tags").map(Value::take);
        let mut filled = values.fill(value)?;
        if let (Some(tags), Some(object)) = (tags, filled.as_object_mut()) {
            object.insert("tags".into(), tags);
        }
        serde_json::from_value(filled).map_err(unusable)
    }
}

struct Values<'a> {
    definition: &'a str,
    release: &'a str,
    own: Option<&'a BTreeMap<String, String>>,
    architecture: String,
    multiarch: String,
}

impl Values<'_> {
    fn fill(&self, value: Value) -> Result<Value, ExpandError> {
        Ok(match value {
            Value::String(text) => Value::String(self.fill_text(&text)?),
            Value::Array(items) => {
                Value::Array(items.into_iter().map(|item| self.fill(item)).collect::<Result<_, _>>()?)
            }
            Value::Object(map) => {
                let filled = map.into_iter().map(|(key, item)| Ok((self.fill_text(&key)?, self.fill(item)?)));
                Value::Object(filled.collect::<Result<_, ExpandError>>()?)
            }
            other => other,
        })
    }

    fn fill_text(&self, text: &str) -> Result<String, ExpandError> {
        fill_template(text, |name| self.value(name)).map_err(|problem| match problem {
            TemplateError::Unknown(variable) => ExpandError::Unknown {
                definition: self.definition.to_owned(),
                variable,
                release: self.release.to_owned(),
            },
            TemplateError::Unclosed => {
                ExpandError::Unclosed { definition: self.definition.to_owned(), text: text.to_owned() }
            }
        })
    }

    fn value(&self, name: &str) -> Option<&str> {
        match name {
            "release" => Some(self.release),
            "architecture" => Some(&self.architecture),
            "multiarch" => Some(&self.multiarch),
            name => self.own?.get(name).map(String::as_str),
        }
    }
}

/// What can be wrong with a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TemplateError {
    /// A variable without a value.
    Unknown(String),
    /// A `${` without its `}`.
    Unclosed,
}

/// Replaces every `${name}`; `$$` stands for one `$` so that shell texts can be written.
pub(crate) fn fill_template<'v>(text: &str, value: impl Fn(&str) -> Option<&'v str>) -> Result<String, TemplateError> {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let escaped = rest[..start].ends_with('$');
        filled.push_str(&rest[..start]);
        let inner = &rest[start + 2..];
        if escaped {
            filled.push('{');
            rest = inner;
            continue;
        }
        let end = inner.find('}').ok_or(TemplateError::Unclosed)?;
        let name = &inner[..end];
        filled.push_str(value(name).ok_or_else(|| TemplateError::Unknown(name.to_owned()))?);
        rest = &inner[end + 1..];
    }
    filled.push_str(rest);
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"
name: x
summary: Python ${python}
release: trixie
variables: { trixie: { python: "3.13" }, bookworm: { python: "3.11" } }
packages: ["python${python}-minimal"]
slices: { "libpython${python}": ["/usr/lib/${multiarch}/*"] }
tags: ["${major}"]
end-of-life: 2030-01-01
"#;

    fn definition(text: &str) -> Definition {
        crate::yaml::read("x.yaml", text).unwrap()
    }

    #[test]
    fn changes_with_one_word() {
        let bookworm = definition(TEXT).expand("bookworm", Architecture::Arm64).unwrap();
        assert_eq!(bookworm.packages, ["python3.11-minimal"]);
        assert_eq!(bookworm.slices["libpython3.11"], ["/usr/lib/aarch64-linux-gnu/*"]);
        assert_eq!(bookworm.release, "bookworm");
        assert_eq!(bookworm.tags, ["${major}"]);
    }

    #[test]
    fn names_the_variable_that_has_no_value() {
        let error = definition(TEXT).expand("forky", Architecture::Amd64).unwrap_err();
        assert!(error.to_string().contains("`${python}`, which has no value for release `forky`"), "{error}");
    }

    #[test]
    fn leaves_escaped_dollars_alone() {
        let value = |_: &str| Some("v");
        assert_eq!(fill_template("a${x}b$${HOME}", value).unwrap(), "avb${HOME}");
        assert_eq!(fill_template("${x", value), Err(TemplateError::Unclosed));
    }
}
