//! What a token is for, as clients ask for it and as the token says it.
//!
//! In: the text `repository:NAME:pull,push` or `registry:catalog:*`, or what a request needs. Out: [`Scope`].
//! Specification: <https://distribution.github.io/distribution/spec/auth/scope/>.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Action, Need};

const REPOSITORY: &str = "repository";
const REGISTRY: &str = "registry";
const CATALOG: &str = "catalog";
/// Every action.
const ALL: &str = "*";

/// Some actions with one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Scope {
    #[serde(rename = "type")]
    kind: String,
    name: String,
    actions: BTreeSet<String>,
}

impl Scope {
    /// Reads a text; `None` where it is no scope.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once(':')?;
        let (name, actions) = rest.rsplit_once(':')?;
        let actions = actions.split(',').filter(|action| !action.is_empty()).map(str::to_owned).collect();
        Some(Self { kind: kind.to_owned(), name: name.to_owned(), actions })
    }

    /// What a client should ask for: who pushes pulls too.
    pub(crate) fn of(need: &Need) -> Self {
        let (name, actions) = match need {
            Need::Catalog => return Self::new(REGISTRY, CATALOG, &[ALL]),
            Need::Repository(name, Action::Push) => (name, &[Action::Pull, Action::Push][..]),
            Need::Repository(name, action) => (name, std::slice::from_ref(action)),
        };
        let actions: Vec<&str> = actions.iter().map(|action| action.as_str()).collect();
        Self::new(REPOSITORY, name.as_str(), &actions)
    }

    fn new(kind: &str, name: &str, actions: &[&str]) -> Self {
        let actions = actions.iter().map(|&action| action.to_owned()).collect();
        Self { kind: kind.to_owned(), name: name.to_owned(), actions }
    }

    /// Whether this is enough for what a request needs.
    pub(crate) fn covers(&self, need: &Need) -> bool {
        let (kind, name, action) = match need {
            Need::Catalog => (REGISTRY, CATALOG, ALL),
            Need::Repository(name, action) => (REPOSITORY, name.as_str(), action.as_str()),
        };
        self.kind == kind && self.name == name && self.actions.contains(action)
    }

    /// The part of it that is allowed; `None` where that is nothing.
    pub(crate) fn narrow(&self, is_allowed: impl Fn(&Need) -> bool) -> Option<Self> {
        let needs = match (self.kind.as_str(), self.name.as_str()) {
            (REGISTRY, CATALOG) => vec![(ALL, Need::Catalog)],
            (REPOSITORY, name) => {
                let name: oci::Repository = name.parse().ok()?;
                Action::ALL.map(|action| (action.as_str(), Need::Repository(name.clone(), action))).into()
            }
            _ => return None,
        };
        let wanted = |action: &str| self.actions.contains(action) || self.actions.contains(ALL);
        let allowed = needs.iter().filter(|(action, need)| wanted(action) && is_allowed(need));
        let actions: BTreeSet<String> = allowed.map(|(action, _)| (*action).to_owned()).collect();
        (!actions.is_empty()).then(|| Self { actions, ..self.clone() })
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let actions: Vec<&str> = self.actions.iter().map(String::as_str).collect();
        write!(formatter, "{}:{}:{}", self.kind, self.name, actions.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn need(action: Action) -> Need {
        Need::Repository("team/app".parse().unwrap(), action)
    }

    #[test]
    fn is_written_as_it_is_read() {
        for text in ["repository:team/app:pull,push", "registry:catalog:*", "repository:host:5000/app:pull"] {
            assert_eq!(Scope::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Scope::parse("repository:team/app"), None);
        assert_eq!(Scope::parse(""), None);
    }

    #[test]
    fn is_for_one_repository_and_the_named_actions() {
        let scope = Scope::parse("repository:team/app:pull").unwrap();
        assert!(
            scope.covers(&need(Action::Pull)) && !scope.covers(&need(Action::Push)) && !scope.covers(&Need::Catalog)
        );
        assert!(!Scope::parse("repository:team/app2:pull").unwrap().covers(&need(Action::Pull)));
        assert!(Scope::of(&Need::Catalog).covers(&Need::Catalog));
        assert_eq!(Scope::of(&need(Action::Push)).to_string(), "repository:team/app:pull,push");
    }

    #[test]
    fn is_narrowed_to_what_is_allowed() {
        let reads = |need: &Need| matches!(need, Need::Catalog | Need::Repository(_, Action::Pull));
        for (text, expected) in [
            ("repository:team/app:pull,push,delete", Some("repository:team/app:pull")),
            ("repository:team/app:*", Some("repository:team/app:pull")),
            ("repository:team/app:push", None),
            ("repository:team/app:admin", None),
            ("repository:../etc:pull", None),
            ("repository(plugin):team/app:pull", None),
            ("registry:catalog:*", Some("registry:catalog:*")),
            ("registry:other:*", None),
        ] {
            let narrowed = Scope::parse(text).unwrap().narrow(reads).map(|scope| scope.to_string());
            assert_eq!(narrowed.as_deref(), expected, "{text}");
        }
    }
}
