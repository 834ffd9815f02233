//! What a registry wants to see, from the `WWW-Authenticate` headers of a 401.
//!
//! In: headers. Out: the strongest [`Challenge`] that can be answered.
//! Specification: <https://www.rfc-editor.org/rfc/rfc9110#name-www-authenticate>.

use http_auth::{ChallengeParser, ChallengeRef};
use reqwest::Url;
use reqwest::header::{HeaderMap, WWW_AUTHENTICATE};

use super::Scopes;

/// What a registry wants to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// User and password.
    Basic,
    /// A token that another server gives.
    Bearer(TokenServer),
}

/// Who gives tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TokenServer {
    /// Its address.
    pub(crate) realm: Url,
    /// What the registry is called there.
    pub(crate) service: Option<String>,
    /// What the refused request would have needed.
    pub(crate) scopes: Scopes,
}

impl Challenge {
    /// A token is asked for rather than a password. Challenges of other kinds, or that cannot be read, are passed over.
    pub(crate) fn choose(headers: &HeaderMap, asked: &Url) -> Option<Self> {
        let texts = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
        let found: Vec<Self> = texts
            .flat_map(|text| ChallengeParser::new(text).map_while(Result::ok))
            .filter_map(|challenge| Self::read(&challenge, asked))
            .collect();
        let bearer = found.iter().find(|challenge| matches!(challenge, Self::Bearer(_)));
        bearer.or(found.first()).cloned()
    }

    fn read(challenge: &ChallengeRef<'_>, asked: &Url) -> Option<Self> {
        if challenge.scheme.eq_ignore_ascii_case("basic") {
            return Some(Self::Basic);
        }
        let value = |name: &str| {
            let found = challenge.params.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.to_unescaped())
        };
        let realm = value("realm").filter(|_| challenge.scheme.eq_ignore_ascii_case("bearer"))?;
        let realm = asked.join(&realm).ok()?;
        let scopes = value("scope").map(|text| Scopes::parse(&text)).unwrap_or_default();
        Some(Self::Bearer(TokenServer { realm, service: value("service"), scopes }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(values: &[&str]) -> Option<Challenge> {
        let values = values.iter().map(|value| (WWW_AUTHENTICATE, value.parse().unwrap()));
        Challenge::choose(&values.collect(), &Url::parse("https://registry.example/v2/").unwrap())
    }

    #[test]
    fn a_token_goes_before_a_password_wherever_it_stands() {
        let bearer =
            r#"bearer Realm="https://auth.example/token?a=b",service="the \"registry\"",scope="repository:a:pull""#;
        let expected = Challenge::Bearer(TokenServer {
            realm: Url::parse("https://auth.example/token?a=b").unwrap(),
            service: Some("the \"registry\"".to_owned()),
            scopes: Scopes::pull(&"a".parse().unwrap()),
        });
        assert_eq!(choose(&["BASIC realm=x", bearer]), Some(expected.clone()));
        assert_eq!(choose(&[&format!("Digest nonce=a, Basic realm=\"x\", {bearer}")]), Some(expected));
        assert_eq!(choose(&["Basic realm=\"x\""]), Some(Challenge::Basic));
    }

    #[test]
    fn what_cannot_be_answered_is_passed_over() {
        for values in [&[][..], &["Negotiate"], &["Bearer"], &["Bearer realm=\"https://[\""], &["=,\"", "é"]] {
            assert_eq!(choose(values), None, "{values:?}");
        }
        assert_eq!(choose(&["Negotiate a2V5==", "Basic realm=\"x\""]), Some(Challenge::Basic));
    }
}
