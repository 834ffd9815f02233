//! How a client is told to identify itself.
//!
//! In: a request, what it needs, and what was wrong with what it brought. Out: the value of `WWW-Authenticate`. One challenge only: many clients
//! take the first of several, and it is another one in each of them.
//! Specification: <https://distribution.github.io/distribution/spec/auth/token/>.

use axum::http::HeaderValue;
use axum::http::header::HOST;
use axum::http::request::Parts;
use axum::http::uri::Authority;
use url::Url;

use super::scope::Scope;
use super::{AccessError, ChallengeKind, Need, Peer};

/// Where tokens are.
pub(crate) const TOKEN_PATH: &str = "/token";
const FORWARDED_PROTOCOL: &str = "x-forwarded-proto";

/// What was wrong with what a request brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// It brought nothing, or a password.
    Nothing,
    /// It brought a token that is not good.
    Token,
    /// Its token is good, but for less.
    Scope,
}

/// Writes challenges.
#[derive(Debug)]
pub(crate) struct Challenge {
    pub(crate) kind: ChallengeKind,
    external: Option<Url>,
}

impl Challenge {
    /// Checks the URL that the settings give.
    pub(crate) fn new(kind: ChallengeKind, external: Option<&str>) -> Result<Self, AccessError> {
        let external = external.map(address).transpose()?;
        Ok(Self { kind, external })
    }

    /// The challenge for a request.
    pub(crate) fn write(&self, head: &Parts, needs: &[Need], wrong: Wrong) -> HeaderValue {
        match (self.kind, self.base(head)) {
            (ChallengeKind::Bearer, Some(base)) => {
                HeaderValue::try_from(bearer(&base, needs, wrong)).unwrap_or_else(|_| basic())
            }
            _ => basic(),
        }
    }

    /// How this client reaches us. A forged header misleads only the one who sent it: answers of 401 are for nobody else.
    fn base(&self, head: &Parts) -> Option<Url> {
        if let Some(external) = &self.external {
            return Some(external.clone());
        }
        let host = head.headers.get(HOST).and_then(|value| value.to_str().ok()).or(head.uri.host())?;
        let authority: Authority = host.parse().ok().filter(|it: &Authority| !it.as_str().contains('@'))?;
        let encrypted = head.extensions.get::<Peer>().is_some_and(|peer| peer.encrypted);
        let forwarded = head.headers.get(FORWARDED_PROTOCOL).is_some_and(|value| value == "https");
        let scheme = if encrypted || forwarded { "https" } else { "http" };
        Url::parse(&format!("{scheme}://{authority}/")).ok()
    }
}

/// The challenge of the token endpoint itself.
pub(crate) fn basic() -> HeaderValue {
    HeaderValue::from_static("Basic realm=\"bedplate registry\", charset=\"UTF-8\"")
}

fn bearer(base: &Url, needs: &[Need], wrong: Wrong) -> String {
    let path = base.path().trim_end_matches('/');
    let host = &base[url::Position::BeforeHost..url::Position::AfterPort];
    let scopes: Vec<String> = needs.iter().map(|need| Scope::of(need).to_string()).collect();
    let scope = if scopes.is_empty() { String::new() } else { format!(",scope=\"{}\"", scopes.join(" ")) };
    let error = match wrong {
        Wrong::Nothing => "",
        Wrong::Token => ",error=\"invalid_token\"",
        Wrong::Scope => ",error=\"insufficient_scope\"",
    };
    format!("Bearer realm=\"{}://{host}{path}{TOKEN_PATH}\",service=\"{host}\"{scope}{error}", base.scheme())
}

fn address(text: &str) -> Result<Url, AccessError> {
    let wrong = || AccessError::Address(text.to_owned());
    let url = Url::parse(text).map_err(|_| wrong())?;
    let plain =
        url.query().is_none() && url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
    let fits = matches!(url.scheme(), "http" | "https") && url.has_host() && plain;
    if fits { Ok(url) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;
    use crate::server::Action;

    fn head(host: &str, encrypted: bool, forwarded: Option<&str>) -> Parts {
        let mut request = Request::get("/v2/").header(HOST, host);
        if let Some(protocol) = forwarded {
            request = request.header(FORWARDED_PROTOCOL, protocol);
        }
        let peer = Peer { address: "192.0.2.1:1".parse().unwrap(), encrypted };
        request.extension(peer).body(()).unwrap().into_parts().0
    }

    fn write(external: Option<&str>, head: &Parts) -> String {
        let challenge = Challenge::new(ChallengeKind::Bearer, external).unwrap();
        challenge.write(head, &[], Wrong::Nothing).to_str().unwrap().to_owned()
    }

    #[test]
    fn names_the_address_by_which_the_client_came() {
        for (head, expected) in [
            (head("r.example:5000", false, None), "http://r.example:5000/token\",service=\"r.example:5000\""),
            (head("r.example", true, None), "https://r.example/token\",service=\"r.example\""),
            (head("r.example", false, Some("https")), "https://r.example/token\",service=\"r.example\""),
            (head("r.example", true, Some("http")), "https://r.example/token\",service=\"r.example\""),
            (head("[::1]:5000", false, None), "http://[::1]:5000/token\",service=\"[::1]:5000\""),
        ] {
            assert_eq!(write(None, &head), format!("Bearer realm=\"{expected}"));
        }
    }

    #[test]
    fn the_external_address_wins() {
        let expected = "Bearer realm=\"https://images.example/token\",service=\"images.example\"";
        assert_eq!(write(Some("https://images.example"), &head("10.0.0.1:80", false, None)), expected);
        let expected = "Bearer realm=\"https://images.example:8443/a/token\",service=\"images.example:8443\"";
        assert_eq!(write(Some("https://images.example:8443/a/"), &head("x", false, None)), expected);
        for text in ["images.example", "ftp://x", "https://", "https://x/?y", "https://u:p@x"] {
            assert!(Challenge::new(ChallengeKind::Bearer, Some(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn a_host_that_is_none_gets_no_way_into_the_header() {
        for host in ["", "a\"b", "a b", "a\",scope=\"x", "user@host", "http://x/"] {
            let text = write(None, &head(host, false, None));
            assert!(text.starts_with("Basic ") || !text.contains('b'), "{host}: {text}");
        }
    }

    #[test]
    fn says_what_to_ask_for_and_what_was_wrong() {
        let challenge = Challenge::new(ChallengeKind::Bearer, None).unwrap();
        let needs = ["a/b", "c"].map(|name| name.parse().unwrap());
        let [target, source] = needs;
        let needs = [Need::Repository(target, Action::Push), Need::Repository(source, Action::Pull)];
        let text = challenge.write(&head("x", false, None), &needs, Wrong::Scope);
        let expected = "Bearer realm=\"http://x/token\",service=\"x\",scope=\"repository:a/b:pull,push repository:c:pull\",error=\"insufficient_scope\"";
        assert_eq!(text, expected);
        let challenge = Challenge::new(ChallengeKind::Basic, None).unwrap();
        assert_eq!(challenge.write(&head("x", false, None), &needs, Wrong::Token), basic());
    }
}
