//! Who may do what, as it is set.
//!
//! In: the key `registry.access` of the settings. Out: [`AccessSettings`].

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::Deserialize;

use super::Action;

/// Who may do what. By default anybody pulls, and only clients on this machine push and delete.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct AccessSettings {
    /// `htpasswd`: a file with a line `user:hash` for each user, as `htpasswd -B` writes them; only bcrypt hashes. It is read again when it changes.
    pub htpasswd: Option<PathBuf>,
    /// `anonymous`: whether anybody may pull. Default: true. Otherwise nothing is done without credentials, from this machine neither.
    pub anonymous: bool,
    /// `loopback-writes`: whether clients on this machine push and delete without credentials. Default: true.
    ///
    /// A request that a proxy passed on (one with `Forwarded`, `X-Forwarded-For`, `X-Real-IP` or `Via`) or that a web page made (one with `Origin`)
    /// does not count as one from this machine. Set it to false where a proxy or a port forwarder on this machine adds none of these headers:
    /// all its clients would seem to be local ones.
    pub loopback_writes: bool,
    /// `rules`: what the users of `htpasswd` may do. Without rules they may do everything. Any one rule that allows is enough.
    pub rules: Vec<Rule>,
    /// `challenge`: how clients are told to identify themselves. Default: `bearer`. Basic credentials are accepted in any case.
    pub challenge: ChallengeKind,
    /// `external-url`: how clients reach this registry, such as `https://registry.example.com`, where a proxy stands before it.
    /// Default: what the request's `Host` says.
    pub external_url: Option<String>,
    /// `token-key`: a file of at least 32 random bytes that only its owner can read; processes with the same key accept each other's
    /// tokens. Default: a key of this process alone.
    pub token_key: Option<PathBuf>,
}

/// What some users may do in some repositories.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Rule {
    /// `repository`: a pattern: `*` is any part of one component of the name, `**` is any number of components. `team/*` is `team/app` but
    /// not `team/app/debug`; `team/**` is both; `**` is every repository.
    pub repository: String,
    /// `users`: their names; `*` is every user. Default: every user.
    #[serde(default = "every_user")]
    pub users: Vec<String>,
    /// `actions`: `pull`, `push`, `delete`. Clients that push also pull.
    pub actions: BTreeSet<Action>,
}

/// How clients are told to identify themselves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChallengeKind {
    /// By a token from `/token`. Every client knows it, and it is the one way to have anonymous pulls and pushes by users together:
    /// Docker, podman and skopeo decide by the answer to `/v2/` whether they will ever send credentials.
    #[default]
    Bearer,
    /// By user and password with each request. With anonymous pulls on, clients that ask `/v2/` first do not send their credentials.
    Basic,
}

/// The name that stands for every user.
pub(crate) const EVERY_USER: &str = "*";

fn every_user() -> Vec<String> {
    vec![EVERY_USER.to_owned()]
}

impl Default for AccessSettings {
    fn default() -> Self {
        Self {
            htpasswd: None,
            anonymous: true,
            loopback_writes: true,
            rules: Vec::new(),
            challenge: ChallengeKind::default(),
            external_url: None,
            token_key: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_documentation_says() {
        let text = r#"{"htpasswd": "users", "anonymous": false, "challenge": "basic",
            "rules": [{"repository": "team/*", "users": ["ann"], "actions": ["pull", "push"]}, {"repository": "**", "actions": ["pull"]}]}"#;
        let settings: AccessSettings = serde_json::from_str(text).unwrap();
        assert!(settings.loopback_writes && !settings.anonymous && settings.challenge == ChallengeKind::Basic);
        assert_eq!(settings.rules[0].actions, BTreeSet::from([Action::Pull, Action::Push]));
        assert_eq!(settings.rules[1].users, [EVERY_USER]);
        assert_eq!(serde_json::from_str::<AccessSettings>("{}").unwrap(), AccessSettings::default());
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        for text in [
            r#"{"htpaswd": "x"}"#,
            r#"{"challenge": "digest"}"#,
            r#"{"rules": [{"repository": "x", "actions": ["admin"]}]}"#,
        ] {
            assert!(serde_json::from_str::<AccessSettings>(text).is_err(), "{text}");
        }
    }
}
