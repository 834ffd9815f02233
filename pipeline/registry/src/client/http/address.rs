//! Addresses: which host a registry is, which are this machine, and how an address is shown.
//!
//! In: a host as people write it. Out: the URL below which the protocol is spoken.

use std::net::IpAddr;

use reqwest::Url;

use super::super::ClientFault;
use super::super::error::one_line;

/// What people call Docker's registry, and where it answers.
const DOCKER_HUB: [&str; 2] = ["docker.io", "index.docker.io"];
const DOCKER_HUB_API: &str = "registry-1.docker.io";

/// Whether a host is one of the names of Docker's registry.
pub(crate) fn is_docker_hub(host: &str) -> bool {
    DOCKER_HUB.contains(&host) || host == DOCKER_HUB_API
}

/// The address below which `/v2/` is, for a host and a scheme.
pub(crate) fn base_of(scheme: &str, host: &str) -> Result<Url, ClientFault> {
    let no_host = || ClientFault::Host { host: host.chars().take(140).collect() };
    let name = if is_docker_hub(host) { DOCKER_HUB_API } else { host };
    let url = Url::parse(&format!("{scheme}://{name}/")).map_err(|_| no_host())?;
    let plain = url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    if plain && url.password().is_none() && url.host_str().is_some() { Ok(url) } else { Err(no_host()) }
}

/// Whether an address is this machine: what goes there goes over no network.
pub(crate) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// An address as it may be shown: without user and password, and without the query, which may be as good as a password.
pub(crate) fn shown(url: &Url) -> String {
    let mut bare = url.clone();
    // An address that cannot have a user has none to hide.
    let _ = bare.set_username("").and_then(|()| bare.set_password(None));
    bare.set_fragment(None);
    bare.set_query(None);
    let query = if url.query().is_some() { "?…" } else { "" };
    format!("{bare}{query}")
}

/// Where a `Location` leads, absolute or relative. What would leave TLS, or leave HTTP, is not followed; a user in it is dropped.
pub(crate) fn leads_to(from: &Url, location: &str) -> Result<Url, ClientFault> {
    let wrong = |to: &str, reason| ClientFault::Redirect { from: shown(from), to: to.to_owned(), reason };
    let cut = |text: &str| one_line(text.split('?').next().unwrap_or_default(), 140);
    let mut url =
        from.join(location).map_err(|_| wrong(&cut(location), "it is no address: expected a URL or a path"))?;
    if url.scheme() == "http" && from.scheme() == "https" {
        let reason = "it would leave TLS: expected `https`; a registry behind a proxy needs to know its outer address \
            (`X-Forwarded-Proto: https`)";
        return Err(wrong(&shown(&url), reason));
    }
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong(&cut(location), "it is not HTTP: expected `https`"));
    }
    // An address of HTTP can have a user.
    let _ = url.set_username("").and_then(|()| url.set_password(None));
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn hosts_become_addresses_and_other_texts_do_not() {
        for (host, expected) in [
            ("registry.example:5000", "https://registry.example:5000/"),
            ("[::1]:5000", "https://[::1]:5000/"),
            ("docker.io", "https://registry-1.docker.io/"),
        ] {
            assert_eq!(base_of("https", host).unwrap().as_str(), expected);
        }
        for host in ["", "a b", "user@host", "user:secret@host", "host/path", "host?x", "host#x", "host:port", "../x"] {
            assert!(base_of("https", host).is_err(), "{host}");
        }
    }

    #[test]
    fn this_machine_is_known_by_all_its_names_and_no_other_machine_is() {
        for host in ["127.0.0.1", "127.9.9.9:5000", "[::1]:5000", "localhost"] {
            assert!(is_loopback(&url(&format!("http://{host}/"))), "{host}");
        }
        for host in ["0.0.0.0", "localhost.example", "127.0.0.1.example", "10.0.0.1", "[::2]"] {
            assert!(!is_loopback(&url(&format!("http://{host}/"))), "{host}");
        }
    }

    #[test]
    fn locations_are_relative_or_absolute_and_never_leave_tls_or_http() {
        let from = url("https://registry.example/v2/a/blobs/uploads/?x=1");
        for (location, expected) in [
            ("/v2/a/blobs/uploads/1?state=a", "https://registry.example/v2/a/blobs/uploads/1?state=a"),
            ("1", "https://registry.example/v2/a/blobs/uploads/1"),
            ("https://user:secret@cdn.example/1", "https://cdn.example/1"),
        ] {
            assert_eq!(leads_to(&from, location).unwrap().as_str(), expected);
        }
        for (location, text) in [
            ("http://registry.example/v2/", "would leave TLS"),
            ("file:///etc/passwd", "it is not HTTP"),
            ("https://[x/", "it is no address"),
        ] {
            let error = leads_to(&from, location).unwrap_err().to_string();
            assert!(error.contains(text), "{error}");
        }
    }

    #[test]
    fn what_is_shown_holds_no_password_and_no_signed_query() {
        let secret = url("https://user:secret@cdn.example/blob?X-Signature=secret#secret");
        assert_eq!(shown(&secret), "https://cdn.example/blob?…");
    }
}
