//! What a token allows: never more than the request at hand needs.
//!
//! In: repositories and actions, or a challenge's text. Out: scopes in one order, as token servers read them.
//! Grammar: <https://distribution.github.io/distribution/spec/auth/scope/>.

use std::collections::{BTreeMap, BTreeSet};

use oci::Repository;

/// More than that a challenge does not ask for in earnest.
const MOST_SCOPES: usize = 16;

/// Resources such as `repository:team/python`, each with its actions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Scopes(BTreeMap<String, BTreeSet<String>>);

impl Scopes {
    /// Read a repository.
    pub(crate) fn pull(repository: &Repository) -> Self {
        Self::of(repository, &["pull"])
    }

    /// Write to a repository, which needs to be read for that.
    pub(crate) fn push(repository: &Repository) -> Self {
        Self::of(repository, &["pull", "push"])
    }

    /// Remove from a repository.
    pub(crate) fn delete(repository: &Repository) -> Self {
        Self::of(repository, &["delete", "pull"])
    }

    fn of(repository: &Repository, actions: &[&str]) -> Self {
        let actions = actions.iter().map(|action| (*action).to_owned()).collect();
        Self(BTreeMap::from([(format!("repository:{repository}"), actions)]))
    }

    /// Reads what a challenge asks for: `type:name:action,action`, separated by spaces. What is none is left out.
    pub(crate) fn parse(text: &str) -> Self {
        let mut scopes = Self::default();
        for scope in text.split(' ').filter(|scope| !scope.is_empty()).take(MOST_SCOPES) {
            if let Some((resource, actions)) = scope.rsplit_once(':').filter(|(resource, _)| resource.contains(':')) {
                let actions = actions.split(',').filter(|action| !action.is_empty()).map(str::to_owned);
                scopes.0.entry(resource.to_owned()).or_default().extend(actions);
            }
        }
        scopes
    }

    /// These and those.
    #[must_use]
    pub(crate) fn and(mut self, other: Self) -> Self {
        for (resource, actions) in other.0 {
            self.0.entry(resource).or_default().extend(actions);
        }
        self
    }

    /// Whether everything in `other` is allowed here too.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        other.0.iter().all(|(resource, actions)| self.0.get(resource).is_some_and(|own| own.is_superset(actions)))
    }

    /// One text for each resource, sorted.
    pub(crate) fn texts(&self) -> Vec<String> {
        let text = |actions: &BTreeSet<String>| actions.iter().map(String::as_str).collect::<Vec<_>>().join(",");
        self.0.iter().map(|(resource, actions)| format!("{resource}:{}", text(actions))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_operation_asks_for_no_more_than_it_needs() {
        let [target, source]: [Repository; 2] = ["team/app", "team/base"].map(|name| name.parse().unwrap());
        assert_eq!(Scopes::pull(&target).texts(), ["repository:team/app:pull"]);
        assert_eq!(Scopes::delete(&target).texts(), ["repository:team/app:delete,pull"]);
        let mount = Scopes::push(&target).and(Scopes::pull(&source));
        assert_eq!(mount.texts(), ["repository:team/app:pull,push", "repository:team/base:pull"]);
        assert!(mount.covers(&Scopes::pull(&target)) && !Scopes::pull(&target).covers(&mount));
    }

    #[test]
    fn reads_challenges_and_leaves_out_what_is_no_scope() {
        let scopes = Scopes::parse("repository:host:5000/a:push,pull  registry:catalog:* nonsense : repository:a");
        assert_eq!(scopes.texts(), ["registry:catalog:*", "repository:host:5000/a:pull,push"]);
        assert_eq!(Scopes::parse(&"a:b:c ".repeat(100)).texts().len(), 1);
        assert_eq!(Scopes::parse(""), Scopes::default());
    }
}
