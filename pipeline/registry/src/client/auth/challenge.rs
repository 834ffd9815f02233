//! What a registry wants to see, from the `WWW-Authenticate` headers of a 401.
//!
//! In: headers. Out: the strongest [`Challenge`] that can be answered.
//! Specification: <https://www.rfc-editor.org/rfc/rfc9110#name-www-authenticate>.

use http_auth::{ChallengeParser, ChallengeRef};
use reqwest::Url;
use reqwest::header::{HeaderMap, WWW_AUTHENTICATE};

use super::Scopes;
use crate::client::ClientFault;
use crate::client::http::{is_loopback, leads_to};

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
    /// A token is asked for rather than a password. Challenges of other kinds, or that cannot be read, are passed over; an error where
    /// the only one leads out of TLS.
    pub(crate) fn choose(headers: &HeaderMap, asked: &Url) -> Result<Option<Self>, ClientFault> {
        let texts = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
        let challenges = texts.flat_map(|text| ChallengeParser::new(text).map_while(Result::ok));
        let (mut basic, mut unusable) = (None, None);
        for challenge in challenges {
            match Self::read(&challenge, asked) {
                Some(Ok(bearer @ Self::Bearer(_))) => return Ok(Some(bearer)),
                Some(Ok(Self::Basic)) => basic = Some(Self::Basic),
                Some(Err(fault)) => unusable = Some(fault),
                None => {}
            }
        }
        match (basic, unusable) {
            (None, Some(fault)) => Err(fault),
            (basic, _) => Ok(basic),
        }
    }

    fn read(challenge: &ChallengeRef<'_>, asked: &Url) -> Option<Result<Self, ClientFault>> {
        if challenge.scheme.eq_ignore_ascii_case("basic") {
            return Some(Ok(Self::Basic));
        }
        let value = |name: &str| {
            let found = challenge.params.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.to_unescaped())
        };
        let realm = value("realm").filter(|_| challenge.scheme.eq_ignore_ascii_case("bearer"))?;
        let scopes = value("scope").map(|text| Scopes::parse(&text)).unwrap_or_default();
        let realm = token_server(asked, &realm);
        Some(realm.map(|realm| Self::Bearer(TokenServer { realm, service: value("service"), scopes })))
    }
}

/// Where tokens are given: behind TLS if the registry is, except from this machine to this machine.
fn token_server(asked: &Url, realm: &str) -> Result<Url, ClientFault> {
    match asked.join(realm) {
        Ok(url) if is_loopback(asked) && is_loopback(&url) => Ok(url),
        _ => leads_to(asked, realm),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(values: &[&str]) -> Option<Challenge> {
        try_choose(values).unwrap()
    }

    fn try_choose(values: &[&str]) -> Result<Option<Challenge>, ClientFault> {
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
        for values in [&[][..], &["Negotiate"], &["Bearer"], &["=,\"", "é"]] {
            assert_eq!(choose(values), None, "{values:?}");
        }
        assert_eq!(choose(&["Bearer realm=\"https://[\"", "Basic realm=x"]), Some(Challenge::Basic));
        assert_eq!(choose(&["Negotiate a2V5==", "Basic realm=\"x\""]), Some(Challenge::Basic));
    }

    #[test]
    fn a_token_server_without_tls_is_not_gone_to_from_a_registry_with_it() {
        for (realm, text) in [("http://127.0.0.1/token", "it would leave TLS"), ("https://[", "it is no address")] {
            let error = try_choose(&[&format!("Bearer realm=\"{realm}\"")]).unwrap_err().to_string();
            assert!(error.contains(text), "{error}");
        }
        let here = |text: &str| Url::parse(text).unwrap();
        assert!(token_server(&here("https://127.0.0.1:1/v2/"), "http://127.0.0.1:2/token").is_ok());
    }
}
