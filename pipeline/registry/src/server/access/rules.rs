//! What known users may do.
//!
//! In: [`Rule`]s, a user, a repository and an action. Out: whether a rule allows it.

use std::collections::BTreeSet;

use globset::{GlobBuilder, GlobMatcher};
use oci::Repository;

use super::settings::EVERY_USER;
use super::{AccessError, Action, Rule};

/// The pattern of every repository.
const EVERY_REPOSITORY: &str = "**";

/// Rules with their patterns compiled.
#[derive(Debug)]
pub(crate) struct Rules(Vec<Compiled>);

#[derive(Debug)]
struct Compiled {
    repositories: GlobMatcher,
    rule: Rule,
}

impl Rules {
    /// Compiles the rules; none means that users may do everything.
    pub(crate) fn new(rules: &[Rule]) -> Result<Self, AccessError> {
        let everything = [Rule {
            repository: EVERY_REPOSITORY.to_owned(),
            users: vec![EVERY_USER.to_owned()],
            actions: BTreeSet::from([Action::Pull, Action::Push, Action::Delete]),
        }];
        let rules = if rules.is_empty() { &everything } else { rules };
        rules.iter().map(compile).collect::<Result<_, _>>().map(Self)
    }

    /// Whether a user may do this.
    pub(crate) fn allow(&self, user: &str, repository: &Repository, action: Action) -> bool {
        self.0.iter().any(|one| one.concerns(user, action) && one.repositories.is_match(repository.as_str()))
    }

    /// Whether a user may pull from every repository.
    pub(crate) fn allow_catalog(&self, user: &str) -> bool {
        self.0.iter().any(|one| one.concerns(user, Action::Pull) && one.rule.repository == EVERY_REPOSITORY)
    }
}

impl Compiled {
    fn concerns(&self, user: &str, action: Action) -> bool {
        let named = self.rule.users.iter().any(|name| name == EVERY_USER || name == user);
        named && self.rule.actions.contains(&action)
    }
}

fn compile(rule: &Rule) -> Result<Compiled, AccessError> {
    let wrong = |reason: String| AccessError::Rule { repository: rule.repository.clone(), reason };
    let glob = GlobBuilder::new(&rule.repository).literal_separator(true).build();
    let glob = glob.map_err(|error| wrong(error.kind().to_string()))?;
    if rule.actions.is_empty() {
        return Err(wrong("it allows nothing".to_owned()));
    }
    if rule.users.is_empty() {
        return Err(wrong("it is for no user".to_owned()));
    }
    Ok(Compiled { repositories: glob.compile_matcher(), rule: rule.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(repository: &str, users: &[&str], actions: &[Action]) -> Rule {
        let users = users.iter().map(|&user| user.to_owned()).collect();
        Rule { repository: repository.to_owned(), users, actions: actions.iter().copied().collect() }
    }

    #[test]
    fn without_rules_every_user_may_do_everything() {
        let rules = Rules::new(&[]).unwrap();
        for action in [Action::Pull, Action::Push, Action::Delete] {
            assert!(rules.allow("ann", &"a/b/c".parse().unwrap(), action));
        }
        assert!(rules.allow_catalog("ann"));
    }

    #[test]
    fn a_star_stays_in_its_component_and_two_do_not() {
        for (pattern, repository, expected) in [
            ("team/*", "team/app", true),
            ("team/*", "team/app/debug", false),
            ("team/*", "team", false),
            ("team/**", "team/app/debug", true),
            ("team/**", "teams/app", false),
            ("*", "app", true),
            ("*", "team/app", false),
            ("**", "team/app", true),
            ("team/app", "team/app", true),
            ("team/app", "team/app2", false),
            ("{a,b}-*", "b-1", true),
        ] {
            let rules = Rules::new(&[rule(pattern, &["*"], &[Action::Pull])]).unwrap();
            assert_eq!(
                rules.allow("ann", &repository.parse().unwrap(), Action::Pull),
                expected,
                "{pattern} {repository}"
            );
        }
    }

    #[test]
    fn a_rule_is_for_its_users_and_actions_only() {
        let rules = [rule("a", &["ann"], &[Action::Push]), rule("**", &["bob", "cyd"], &[Action::Pull])];
        let rules = Rules::new(&rules).unwrap();
        let repository = "a".parse().unwrap();
        for (user, action, expected) in [
            ("ann", Action::Push, true),
            ("ann", Action::Pull, false),
            ("bob", Action::Pull, true),
            ("bob", Action::Push, false),
            ("cyd", Action::Pull, true),
            ("dan", Action::Pull, false),
        ] {
            assert_eq!(rules.allow(user, &repository, action), expected, "{user} {action:?}");
        }
        assert_eq!(["ann", "bob"].map(|user| rules.allow_catalog(user)), [false, true]);
    }

    #[test]
    fn a_rule_that_can_be_no_use_is_refused_with_its_pattern() {
        for (rule, expected) in [
            (rule("team/[", &["*"], &[Action::Pull]), "`team/[`"),
            (rule("x", &["*"], &[]), "allows nothing"),
            (rule("x", &[], &[Action::Pull]), "no user"),
        ] {
            let error = Rules::new(&[rule]).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
