//! The names under which a package can be asked for besides its own.
//!
//! In: the value of `Provides`. Out: names, each with the version it stands for, if any.
//! Format: <https://www.debian.org/doc/debian-policy/ch-relationships.html#virtual-packages-provides>.

use crate::{Alternatives, Operator, Relation, RelationError, Relations, Version};

/// A name that a package provides. Only one with a version satisfies a relation with a bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provided {
    /// The name.
    pub name: String,
    /// The version, from `name (= version)`.
    pub version: Option<Version>,
}

/// Reads the field; alternatives and other operators than `=` have no meaning there and are errors.
pub fn parse_provides(text: &str) -> Result<Vec<Provided>, RelationError> {
    Relations::parse(text)?.0.into_iter().map(one).collect()
}

fn one(alternatives: Alternatives) -> Result<Provided, RelationError> {
    let bad = |clause: String, problem| RelationError::BadClause { clause, problem };
    let clause = alternatives.to_string();
    match <[Relation; 1]>::try_from(alternatives.0) {
        Ok([Relation { name, version: None, .. }]) => Ok(Provided { name, version: None }),
        Ok([Relation { name, version: Some((Operator::Exactly, version)), .. }]) => {
            Ok(Provided { name, version: Some(version) })
        }
        Ok(_) => Err(bad(clause, "expected no version or one after `=` in Provides")),
        Err(_) => Err(bad(clause, "expected no alternatives in Provides")),
    }
}

impl Provided {
    /// Whether this satisfies `relation`: same name, and a version within its bound where it has one.
    pub fn satisfies(&self, relation: &Relation) -> bool {
        let within = |version: &Version| relation.is_satisfied_by_version(version);
        self.name == relation.name && (relation.version.is_none() || self.version.as_ref().is_some_and(within))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_names_and_versions() {
        let provided = parse_provides("mail-transport-agent, libz1 (= 1:1.3)").unwrap();
        assert_eq!(provided[0], Provided { name: "mail-transport-agent".into(), version: None });
        assert_eq!(provided[1].version, Some("1:1.3".parse().unwrap()));
    }

    #[test]
    fn refuses_alternatives_and_bounds() {
        for text in ["a | b", "a (>= 1)"] {
            let error = parse_provides(text).unwrap_err().to_string();
            assert!(error.starts_with(&format!("`{text}` is no relation: expected no ")), "{error}");
        }
    }

    #[test]
    fn only_a_versioned_one_satisfies_a_bound() {
        let provided = parse_provides("a, b (= 2)").unwrap();
        let relation = |text: &str| text.parse::<Relation>().unwrap();
        assert!(provided[0].satisfies(&relation("a")) && !provided[0].satisfies(&relation("a (>= 1)")));
        assert!(provided[1].satisfies(&relation("b (>= 1)")) && !provided[1].satisfies(&relation("b (>> 2)")));
        assert!(!provided[0].satisfies(&relation("b")));
    }
}
