//! An identity token: a JSON web token that says who we are, for as long as it lasts.
//!
//! In: the text. Out: a [`Token`] with the name that Fulcio will ask us to sign. Its signature is Fulcio's to check.
//! Specification: <https://www.rfc-editor.org/rfc/rfc7519>; the name: <https://github.com/sigstore/fulcio/blob/main/docs/oidc.md>.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::Deserialize;
use zeroize::Zeroizing;

/// No token that we send is larger.
pub(super) const LARGEST_TOKEN: usize = 64 * 1024;

/// A token; shows neither itself nor its claims.
pub(super) struct Token {
    text: Zeroizing<String>,
    /// What the proof of possession signs: the address of mail, or else the subject.
    pub(super) name: String,
}

#[derive(Deserialize)]
struct Claims {
    #[serde(default)]
    sub: String,
    #[serde(default)]
    email: Option<String>,
    aud: Audience,
    exp: i64,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Token {
    /// Reads a token that is for `audience` and has not expired; the error says what is wrong without showing it.
    pub(super) fn parse(text: &str, audience: &str, now: Timestamp) -> Result<Self, String> {
        let text = Zeroizing::new(text.trim().to_owned());
        let claims = claims(&text)
            .ok_or("it is no JSON web token with the claims `sub`, `aud` and `exp`: expected three parts with dots between them")?;
        if claims.exp <= now.as_second() {
            let end = Timestamp::from_second(claims.exp).map(|end| end.to_string()).unwrap_or_default();
            return Err(format!("it expired at {end}, and it is {now}: get a fresh one"));
        }
        if !claims.aud.has(audience) {
            return Err(format!("it is not for the audience `{audience}`: ask for a token for that one"));
        }
        let name = claims.email.filter(|email| !email.is_empty()).unwrap_or(claims.sub);
        if name.is_empty() {
            return Err("it names nobody: `email` and `sub` are empty".to_owned());
        }
        Ok(Self { text, name })
    }

    /// The token, to be sent and never to be shown.
    pub(super) fn expose(&self) -> &str {
        &self.text
    }
}

fn claims(text: &str) -> Option<Claims> {
    let mut parts = text.split('.');
    let (_, claims, _, None) = (parts.next()?, parts.next()?, parts.next()?, parts.next()) else { return None };
    let claims = Zeroizing::new(URL_SAFE_NO_PAD.decode(claims).ok()?);
    serde_json::from_slice(&claims).ok()
}

impl Audience {
    fn has(&self, wanted: &str) -> bool {
        match self {
            Self::One(one) => one == wanted,
            Self::Several(several) => several.iter().any(|one| one == wanted),
        }
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_second(1_000).unwrap()
    }

    fn parse(claims: &str) -> Result<Token, String> {
        let text = format!("e30.{}.c2ln\n", URL_SAFE_NO_PAD.encode(claims));
        Token::parse(&text, "sigstore", now())
    }

    #[test]
    fn the_address_of_mail_is_the_name_and_else_the_subject() {
        let name = |claims: &str| parse(claims).unwrap().name;
        assert_eq!(name(r#"{"sub":"a","email":"a@images.example","aud":"sigstore","exp":1001}"#), "a@images.example");
        assert_eq!(name(r#"{"sub":"a","email":"","aud":["x","sigstore"],"exp":1001}"#), "a");
        assert!(parse(r#"{"sub":"","aud":"sigstore","exp":1001}"#).unwrap_err().contains("names nobody"));
    }

    #[test]
    fn an_old_one_and_one_for_others_are_refused_before_anybody_is_asked() {
        let error = parse(r#"{"sub":"secret","aud":"sigstore","exp":1000}"#).unwrap_err();
        assert_eq!(error, "it expired at 1970-01-01T00:16:40Z, and it is 1970-01-01T00:16:40Z: get a fresh one");
        assert!(parse(r#"{"sub":"secret","aud":"other","exp":1001}"#).unwrap_err().contains("audience `sigstore`"));
    }

    #[test]
    fn nonsense_is_refused_and_nothing_is_shown() {
        for text in ["", "secret", "a.b", "secret.secret.secret", "e30.e30.e30", "e30.e30.e30.e30"] {
            let error = Token::parse(text, "sigstore", now()).unwrap_err();
            assert!(error.contains("no JSON web token") && !error.contains("secret"), "{error}");
        }
        let token = parse(r#"{"sub":"secret","aud":"sigstore","exp":1001}"#).unwrap();
        assert_eq!(format!("{token:?}"), "Token");
    }
}
