//! Credentials as a request carries them.
//!
//! In: headers. Out: [`Credentials`]; they are never printed.
//! Specifications: <https://www.rfc-editor.org/rfc/rfc7617> (Basic), <https://www.rfc-editor.org/rfc/rfc6750> (Bearer).

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What a request says about who sent it.
#[derive(PartialEq, Eq)]
pub(crate) enum Credentials {
    /// Nothing.
    None,
    /// User and password.
    Basic(Login),
    /// A token.
    Bearer(String),
    /// Something else, or several at once.
    Unreadable,
}

/// User and password.
#[derive(PartialEq, Eq)]
pub(crate) struct Login {
    pub(crate) user: String,
    pub(crate) password: String,
}

impl Credentials {
    /// Reads the header `Authorization`.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let (value, more) = (values.next(), values.next());
        let Some(value) = value else { return Self::None };
        if more.is_some() {
            return Self::Unreadable;
        }
        value.to_str().ok().and_then(read).unwrap_or(Self::Unreadable)
    }
}

fn read(text: &str) -> Option<Credentials> {
    let (scheme, rest) = text.trim().split_once(' ')?;
    let rest = rest.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(Credentials::Bearer(rest.to_owned()));
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = String::from_utf8(STANDARD.decode(rest).ok()?).ok()?;
    let (user, password) = pair.split_once(':')?;
    Some(Credentials::Basic(Login { user: user.to_owned(), password: password.to_owned() }))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn of(values: &[&str]) -> Credentials {
        let headers = values.iter().map(|value| (AUTHORIZATION, HeaderValue::try_from(*value).unwrap()));
        let mut map = HeaderMap::new();
        headers.for_each(|(name, value)| _ = map.append(name, value));
        Credentials::of(&map)
    }

    #[test]
    fn reads_both_schemes_however_they_are_written() {
        let login = Login { user: "ann".to_owned(), password: "a:b ".to_owned() };
        assert!(of(&["Basic YW5uOmE6YiA="]) == Credentials::Basic(login));
        let login = Login { user: "ann".to_owned(), password: String::new() };
        assert!(of(&["bASIC   YW5uOg=="]) == Credentials::Basic(login));
        assert!(of(&["bearer x.y.z"]) == Credentials::Bearer("x.y.z".to_owned()));
        assert!(of(&[]) == Credentials::None);
    }

    #[test]
    fn what_is_neither_is_not_taken_for_nothing() {
        for values in
            [&["Negotiate x"][..], &["Basic ???"], &["Basic YW5u"], &["Basic"], &[""], &["Bearer x", "Bearer x"]]
        {
            assert!(of(values) == Credentials::Unreadable, "{values:?}");
        }
    }
}
