//! Reads relation fields: commas, bars, versions in parentheses, architectures in brackets.
//!
//! In: the value of `Depends`, `Conflicts` and the like from a binary package. Out: `Relations`, or the clause that is wrong.
//! Format: <https://www.debian.org/doc/debian-policy/ch-relationships.html#syntax-of-relationship-fields>.

use std::str::FromStr;

use crate::{Alternatives, ArchQualifier, Operator, Relation, Relations, VersionError};

/// Why a field is no list of relations.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RelationError {
    /// A clause of the wrong form.
    #[error("`{clause}` is no relation: {problem}")]
    BadClause {
        /// What stands between the commas or bars, cut short.
        clause: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A version that is none.
    #[error("the relation `{clause}` has a bad version")]
    BadVersion {
        /// What stands between the commas or bars, cut short.
        clause: String,
        /// What is wrong with the version.
        #[source]
        source: VersionError,
    },
}

impl Relations {
    /// Reads a field; line breaks count as blanks, empty clauses are left out as dpkg does.
    pub fn parse(text: &str) -> Result<Self, RelationError> {
        let clauses = text.split(',').map(str::trim_ascii).filter(|clause| !clause.is_empty());
        clauses.map(parse_alternatives).collect::<Result<_, _>>().map(Self)
    }
}

impl FromStr for Relations {
    type Err = RelationError;

    fn from_str(text: &str) -> Result<Self, RelationError> {
        Self::parse(text)
    }
}

impl FromStr for Relation {
    type Err = RelationError;

    fn from_str(text: &str) -> Result<Self, RelationError> {
        parse_relation(text)
    }
}

fn parse_alternatives(clause: &str) -> Result<Alternatives, RelationError> {
    clause.split('|').map(parse_relation).collect::<Result<_, _>>().map(Alternatives)
}

fn parse_relation(text: &str) -> Result<Relation, RelationError> {
    let clause = text.trim_ascii();
    let bad = |problem| RelationError::BadClause { clause: cut(clause), problem };
    let end = clause.find(|c: char| c.is_ascii_whitespace() || "([<".contains(c)).unwrap_or(clause.len());
    let (name, qualifier) = parse_name(&clause[..end]).map_err(bad)?;
    let (bound, rest) = bracketed(clause[end..].trim_ascii(), '(', ')').map_err(bad)?;
    let (list, rest) = bracketed(rest, '[', ']').map_err(bad)?;
    if !rest.is_empty() {
        return Err(bad("expected only a version in parentheses and architectures in brackets after the name"));
    }
    let version = bound.map(|bound| parse_bound(clause, bound)).transpose()?;
    let architectures = list.map_or(Ok(Vec::new()), parse_architectures).map_err(bad)?;
    Ok(Relation { name: name.to_owned(), qualifier, version, architectures })
}

fn parse_name(text: &str) -> Result<(&str, Option<ArchQualifier>), &'static str> {
    let (name, qualifier) = text.split_once(':').map_or((text, None), |(name, rest)| (name, Some(rest)));
    if !is_package_name(name) {
        return Err("expected a package name of letters, digits and `.+-_`, starting with a letter or digit");
    }
    Ok((name, qualifier.map(parse_qualifier).transpose()?))
}

fn parse_qualifier(text: &str) -> Result<ArchQualifier, &'static str> {
    match text {
        "any" => Ok(ArchQualifier::Any),
        "native" => Ok(ArchQualifier::Native),
        _ => match text.parse() {
            Ok(architecture) => Ok(ArchQualifier::Named(architecture)),
            Err(_) if is_package_name(text) => Ok(ArchQualifier::Foreign(text.to_owned())),
            Err(_) => Err("expected `any`, `native` or an architecture after the colon"),
        },
    }
}

/// dpkg's own rule; the archive's is narrower.
pub(crate) fn is_package_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".+-_".contains(&byte))
}

/// What stands in a leading pair of brackets, and what follows them.
fn bracketed(text: &str, open: char, close: char) -> Result<(Option<&str>, &str), &'static str> {
    let Some(inner) = text.strip_prefix(open) else { return Ok((None, text)) };
    let (inside, rest) = inner.split_once(close).ok_or("expected a closing bracket")?;
    Ok((Some(inside.trim_ascii()), rest.trim_ascii()))
}

fn parse_bound(clause: &str, text: &str) -> Result<(Operator, crate::Version), RelationError> {
    let end = text.find(|c: char| !"<>=".contains(c)).unwrap_or(text.len());
    let operator = match &text[..end] {
        "<<" => Operator::StrictlyEarlier,
        // The single characters are obsolete; dpkg reads them so.
        "<=" | "<" => Operator::EarlierOrEqual,
        "=" => Operator::Exactly,
        ">=" | ">" => Operator::LaterOrEqual,
        ">>" => Operator::StrictlyLater,
        _ => {
            return Err(RelationError::BadClause {
                clause: cut(clause),
                problem: "expected one of `<< <= = >= >>` before the version",
            });
        }
    };
    let version = text[end..].parse().map_err(|source| RelationError::BadVersion { clause: cut(clause), source })?;
    Ok((operator, version))
}

fn parse_architectures(list: &str) -> Result<Vec<String>, &'static str> {
    let names: Vec<String> = list.split_ascii_whitespace().map(str::to_owned).collect();
    let excluding = names.iter().filter(|name| name.starts_with('!')).count();
    let good = |name: &String| is_package_name(name.strip_prefix('!').unwrap_or(name));
    if names.is_empty() || !names.iter().all(good) {
        return Err("expected architectures in the brackets");
    }
    if excluding == 0 || excluding == names.len() {
        Ok(names)
    } else {
        Err("expected a `!` before every architecture or before none")
    }
}

fn cut(clause: &str) -> String {
    clause.chars().take(120).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Architecture;

    #[test]
    fn reads_a_field_of_a_real_package() {
        let text = "libc6 (>= 2.38),\n python3:any (>= 3.7~) | perl:any,libgcc-s1:arm64(>=4.2) , a [!i386 !s390x],";
        let relations = Relations::parse(text).unwrap();
        let expected = "libc6 (>= 2.38), python3:any (>= 3.7~) | perl:any, libgcc-s1:arm64 (>= 4.2), a [!i386 !s390x]";
        assert_eq!(relations.to_string(), expected);
        assert_eq!(relations.0[2].0[0].qualifier, Some(ArchQualifier::Named(Architecture::Arm64)));
        let foreign = Relations::parse("libc6-i386:x32").unwrap();
        assert_eq!(foreign.0[0].0[0].qualifier, Some(ArchQualifier::Foreign("x32".into())));
        assert_eq!(Relations::parse(" ").unwrap(), Relations::default());
    }

    #[test]
    fn reads_the_obsolete_operators_as_dpkg_does() {
        assert_eq!(Relations::parse("a (< 1), b (> 2)").unwrap().to_string(), "a (<= 1), b (>= 2)");
    }

    #[test]
    fn says_which_clause_is_wrong() {
        let wrong = [
            "a b",
            "a (1)",
            "a (>= 1",
            "a (>=)",
            "a |",
            "| a",
            "a:",
            "a:b:c",
            "-a",
            "a <!nocheck>",
            "a []",
            "a [x !y]",
            "a (=> 1)",
        ];
        for text in wrong {
            assert!(Relations::parse(text).is_err(), "{text}");
        }
        let error = Relations::parse("good, bad (~ 1)").unwrap_err().to_string();
        assert_eq!(error, "`bad (~ 1)` is no relation: expected one of `<< <= = >= >>` before the version");
        let error = Relations::parse("bad (= 1-)").unwrap_err().to_string();
        assert_eq!(error, "the relation `bad (= 1-)` has a bad version");
    }

    proptest! {
        #[test]
        fn round_trips(text in "[a-z][a-z0-9+.-]{1,5}(:any|:i386)?( ?\\((<<|>=|=) ?[0-9]:?[0-9][0-9a]{0,2}\\))?( \\[!?s390x\\])?([|,] ?[a-z]{2}){0,3}") {
            let once = Relations::parse(&text).unwrap();
            prop_assert_eq!(Relations::parse(&once.to_string()).unwrap().to_string(), once.to_string());
            prop_assert_eq!(Relations::parse(&once.to_string()).unwrap(), once);
        }

        #[test]
        fn never_panics(text in "[a-c0-2 |,:()<>=~!\\[\\]\n\t-]{0,40}") {
            let _ = Relations::parse(&text);
        }
    }
}
