//! How packages need or exclude one another: `Depends`, `Conflicts` and their kin as values.
//!
//! In: parsed relation fields (see `relation_syntax`). Out: whether a version satisfies one; the text again.
//! Format: <https://www.debian.org/doc/debian-policy/ch-relationships.html>.

use std::fmt;

use crate::{Architecture, Version};

/// How a version must stand to the one that is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operator {
    /// `<<`
    StrictlyEarlier,
    /// `<=`
    EarlierOrEqual,
    /// `=`
    Exactly,
    /// `>=`
    LaterOrEqual,
    /// `>>`
    StrictlyLater,
}

impl Operator {
    /// Whether `version` stands so to `bound`.
    pub fn holds(self, version: &Version, bound: &Version) -> bool {
        match self {
            Self::StrictlyEarlier => version < bound,
            Self::EarlierOrEqual => version <= bound,
            Self::Exactly => version == bound,
            Self::LaterOrEqual => version >= bound,
            Self::StrictlyLater => version > bound,
        }
    }

    /// The operator as text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::StrictlyEarlier => "<<",
            Self::EarlierOrEqual => "<=",
            Self::Exactly => "=",
            Self::LaterOrEqual => ">=",
            Self::StrictlyLater => ">>",
        }
    }
}

/// What follows the colon of a package name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ArchQualifier {
    /// `:any`, for packages marked `Multi-Arch: allowed`.
    Any,
    /// `:native`, the architecture that builds.
    Native,
    /// A named architecture.
    Named(Architecture),
    /// A port that is not known here, such as `x32`: no package of an image satisfies it.
    Foreign(String),
}

/// One package that is asked for, such as `libc6 (>= 2.41)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relation {
    /// The name of a package or of something that packages provide.
    pub name: String,
    /// The part after the colon.
    pub qualifier: Option<ArchQualifier>,
    /// The bound on the version.
    pub version: Option<(Operator, Version)>,
    /// The architectures in brackets, each possibly after a `!`; empty means all.
    pub architectures: Vec<String>,
}

/// Packages of which one is enough: `a | b`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alternatives(pub Vec<Relation>);

/// A whole field: all of it must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Relations(pub Vec<Alternatives>);

impl Relation {
    /// Whether this version is within the bound; without a bound every version is.
    pub fn is_satisfied_by_version(&self, version: &Version) -> bool {
        self.version.as_ref().is_none_or(|(operator, bound)| operator.holds(version, bound))
    }

    /// Whether the list in brackets lets this relation stand on `architecture`.
    pub fn applies_to(&self, architecture: Architecture) -> bool {
        let matches = |pattern: &str| {
            let name = architecture.name();
            [name, "any", "linux-any"].contains(&pattern) || pattern.strip_prefix("any-") == Some(name)
        };
        let excluded = |entry: &String| entry.strip_prefix('!').is_some_and(matches);
        match self.architectures.first() {
            None => true,
            Some(first) if first.starts_with('!') => !self.architectures.iter().any(excluded),
            Some(_) => self.architectures.iter().any(|entry| matches(entry)),
        }
    }
}

impl Relations {
    /// All packages that are named, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Alternatives> {
        self.0.iter()
    }

    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for ArchQualifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Any => "any",
            Self::Native => "native",
            Self::Named(architecture) => architecture.name(),
            Self::Foreign(name) => name,
        })
    }
}

impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if let Some(qualifier) = &self.qualifier {
            write!(f, ":{qualifier}")?;
        }
        if let Some((operator, version)) = &self.version {
            write!(f, " ({operator} {version})")?;
        }
        if self.architectures.is_empty() { Ok(()) } else { write!(f, " [{}]", self.architectures.join(" ")) }
    }
}

impl fmt::Display for Alternatives {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_joined(f, &self.0, " | ")
    }
}

impl fmt::Display for Relations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_joined(f, &self.0, ", ")
    }
}

fn write_joined(f: &mut fmt::Formatter<'_>, items: &[impl fmt::Display], separator: &str) -> fmt::Result {
    for (at, item) in items.iter().enumerate() {
        let lead = if at == 0 { "" } else { separator };
        write!(f, "{lead}{item}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relation(text: &str) -> Relation {
        Relations::parse(text).unwrap().0.remove(0).0.remove(0)
    }

    #[test]
    fn compares_with_each_operator() {
        let verdicts = |operator: &str| {
            let relation = relation(&format!("a ({operator} 2)"));
            ["1", "2", "3"].map(|version| relation.is_satisfied_by_version(&version.parse().unwrap()))
        };
        assert_eq!(verdicts("<<"), [true, false, false]);
        assert_eq!(verdicts("<="), [true, true, false]);
        assert_eq!(verdicts("="), [false, true, false]);
        assert_eq!(verdicts(">="), [false, true, true]);
        assert_eq!(verdicts(">>"), [false, false, true]);
        assert!(relation("a").is_satisfied_by_version(&"0".parse().unwrap()));
    }

    #[test]
    fn honours_the_architectures_in_brackets() {
        let applies = |text: &str| relation(text).applies_to(Architecture::Amd64);
        assert!(applies("a") && applies("a [amd64 arm64]") && applies("a [linux-any]") && applies("a [!i386]"));
        assert!(applies("a [any-amd64]") && !applies("a [any-arm64]"));
        assert!(!applies("a [arm64]") && !applies("a [!amd64]") && !applies("a [!i386 !linux-any]"));
    }
}
