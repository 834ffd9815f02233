//! Sends requests: one connection pool, bounded waits, redirects followed by hand.
//!
//! In: an [`Ask`], and credentials for one host. Out: the [`Answer`] after all redirects. Credentials go to that host, port and scheme
//! and to no other; nothing goes unencrypted but to this machine and to listed hosts.
//! Proxies come from the environment (`HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`); this machine is never reached through one.

use std::pin::pin;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_LENGTH, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Method, RequestBuilder, Response, Url};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::super::{ClientFault, ClientSettings};
use super::address::{base_of, is_loopback, shown};
use super::{Answer, Ask, Content, trust};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// How long this machine may take to say whether it speaks TLS.
const PROBE: Duration = Duration::from_secs(5);
/// More redirects than that are a circle.
const MOST_REDIRECTS: usize = 6;
/// A transfer that is slower than this over its whole length is given up: a byte now and then would hold us for ever.
const SLOWEST_BYTES_PER_SECOND: u64 = 20_000;
/// How fast a registry at least takes in what it has got.
const SLOWEST_DIGESTING: u64 = 20_000_000;

/// Sends requests; knows no credentials.
#[derive(Debug)]
pub(crate) struct Transport {
    outside: reqwest::Client,
    inside: reqwest::Client,
    plain: Vec<(String, Option<u16>)>,
    stall: Duration,
}

impl Transport {
    /// Reads the certificate authorities and the proxies of the environment.
    pub(crate) fn new(settings: &ClientSettings) -> Result<Self, ClientFault> {
        let authorities = trust::read_authorities(&settings.certificate_authorities)?;
        let builder = || {
            reqwest::Client::builder()
                .user_agent(concat!("bedplate/", env!("CARGO_PKG_VERSION")))
                .connect_timeout(CONNECT_TIMEOUT.min(settings.patience.stall))
                .redirect(Policy::none())
        };
        let plain: Result<_, _> = settings.plain_http.iter().map(|host| host_and_port(host)).collect();
        Ok(Self {
            outside: trust::build(builder, &authorities)?,
            inside: trust::build(|| builder().no_proxy(), &authorities)?,
            plain: plain?,
            stall: settings.patience.stall,
        })
    }

    /// Whether the settings say that this address is spoken to without TLS.
    pub(crate) fn is_listed_as_plain(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default();
        self.plain.iter().any(|(name, port)| name == host && *port == url.port_or_known_default())
    }

    /// Refuses what would go over the network unencrypted.
    pub(crate) fn permit(&self, url: &Url) -> Result<(), ClientFault> {
        if url.scheme() == "https" || is_loopback(url) || self.is_listed_as_plain(url) {
            return Ok(());
        }
        Err(ClientFault::PlainHttp { url: shown(url) })
    }

    /// Whether the other end answers in TLS: also by a certificate that is not trusted, which the next request tells with its reason.
    pub(crate) async fn speaks_tls(&self, url: &Url) -> Result<bool, ClientFault> {
        let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
        let connection = TcpStream::connect((host, url.port_or_known_default().unwrap_or_default())).await;
        connection.map_err(|reason| ClientFault::Unreachable { url: shown(url), reason: reason.to_string() })?;
        match timeout(PROBE, self.once(&Ask::new(Method::HEAD, url.clone()), url, None)).await {
            Ok(Ok(_) | Err(ClientFault::Untrusted { .. })) => Ok(true),
            Ok(Err(_)) | Err(_) => Ok(false),
        }
    }

    /// Sends a request, and sends it again where the answer leads. Credentials are shown only to the host, port and scheme of `home`.
    pub(crate) async fn follow(
        &self,
        ask: &Ask<'_>,
        home: &Url,
        credentials: Option<&HeaderValue>,
    ) -> Result<Answer, ClientFault> {
        let mut url = ask.url.clone();
        for _ in 0..=MOST_REDIRECTS {
            let own = url.origin() == home.origin();
            let response = self.once(ask, &url, credentials.filter(|_| own)).await?;
            let answer = Answer::new(ask.method.clone(), url, own, response, self.stall);
            if !is_redirect(&answer) || matches!(ask.content, Content::Secret(_)) {
                return Ok(answer);
            }
            url = answer.location()?;
            answer.finish().await;
        }
        let reason = "it is one redirect of too many: expected a blob or a manifest at last";
        Err(ClientFault::Redirect { from: shown(&ask.url), to: shown(&url), reason })
    }

    /// One request and one answer.
    async fn once(&self, ask: &Ask<'_>, url: &Url, credentials: Option<&HeaderValue>) -> Result<Response, ClientFault> {
        self.permit(url)?;
        let client = if is_loopback(url) { &self.inside } else { &self.outside };
        let mut request = client.request(ask.method.clone(), url.clone()).headers(ask.headers.clone());
        if let Some(credentials) = credentials {
            request = request.header(AUTHORIZATION, credentials);
        }
        let outgoing = ask.content.outgoing();
        if let Some(body) = outgoing.body {
            request = request.header(CONTENT_LENGTH, ask.content.length()).body(body);
        } else if !matches!(ask.method, Method::GET | Method::HEAD) {
            request = request.header(CONTENT_LENGTH, 0);
        }
        let longest = self.stall * 2 + Duration::from_secs(ask.content.length() / SLOWEST_BYTES_PER_SECOND);
        let answer = timeout(longest, self.watched(request, outgoing.seen, &ask.content, url)).await;
        match outgoing.unreadable.take() {
            Some(fault) => Err(fault),
            None => answer.unwrap_or_else(|_| Err(self.silent(url))),
        }
    }

    /// Waits for the answer as long as something moves.
    async fn watched(
        &self,
        request: RequestBuilder,
        mut seen: watch::Receiver<u64>,
        content: &Content<'_>,
        url: &Url,
    ) -> Result<Response, ClientFault> {
        let mut answer = pin!(request.send());
        let digesting = self.stall + Duration::from_secs(content.length() / SLOWEST_DIGESTING);
        let mut sending = true;
        loop {
            tokio::select! {
                response = &mut answer => return response.map_err(|error| trust::fault_of(url, &error)),
                moved = seen.changed(), if sending => match moved {
                    Ok(()) => content.report(*seen.borrow_and_update()),
                    Err(_) => sending = false,
                },
                () = sleep(if sending { self.stall } else { digesting }) => return Err(self.silent(url)),
            }
        }
    }

    fn silent(&self, url: &Url) -> ClientFault {
        ClientFault::Silent { url: shown(url), waited: self.stall }
    }
}

/// Name and port of a host listed in the settings.
fn host_and_port(host: &str) -> Result<(String, Option<u16>), ClientFault> {
    let url = base_of("http", host)?;
    Ok((url.host_str().unwrap_or_default().to_owned(), url.port_or_known_default()))
}

/// Whether the same request is to be sent elsewhere. A 301 to 303 would turn anything but a read into a read: that is left as it is.
fn is_redirect(answer: &Answer) -> bool {
    let read = matches!(*answer.method(), Method::GET | Method::HEAD);
    match answer.status().as_u16() {
        301..=303 => read,
        307 | 308 => true,
        _ => false,
    }
}
