//! One GET: to addresses that were checked, within a time, with a body of a bounded size, following a
//! few redirects to where may be fetched from.
//!
//! `reqwest`, as for notices and single sign-on. It takes no proxy from the environment: a proxy
//! resolves names itself, and nobody would have checked what it connects to. Redirects are followed
//! here and not there, for each is checked as the first URL is.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use egret_shared::chain::chain;
use egret_shared::time::TimeMs;
use futures_util::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, ETAG, HeaderMap, HeaderName, HeaderValue,
    IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, LOCATION, RETRY_AFTER,
};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Response, StatusCode};
use url::Url;

use crate::fetch::{Answer, Ask, Failure, Fetch, Trouble, Validators};
use crate::guard::{Forbidden, Guard};
use crate::gunzip::{Unpacked, gunzip};
use crate::limits::{
    ADDRESSES_MAX, BODY_BYTES_MAX, CONNECT_TIMEOUT, FETCH_TIMEOUT, HEAD_BYTES, IDLE_TIMEOUT,
    REDIRECTS_MAX, RETRY_AFTER_MAX, SAID_CHARS_MAX, VALIDATOR_BYTES_MAX,
};
use crate::settings::{Settings, SettingsError};

/// Fetches by HTTP.
pub struct HttpFetch {
    client: Client,
    settings: Arc<Settings>,
    now: fn() -> TimeMs,
}

/// Resolves a name to the addresses of it that may be connected to.
struct Checked(Arc<Settings>);

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let settings = Arc::clone(&self.0);
        Box::pin(async move {
            let host = name.as_str();
            // The port is put in by whoever connects.
            let found = tokio::net::lookup_host((host, 0)).await?;
            let addresses = allowed(&settings.guard, host, found)?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// Those of a host's addresses that may be connected to, one at least if it has any.
fn allowed(
    guard: &Guard,
    host: &str,
    found: impl Iterator<Item = SocketAddr>,
) -> Result<Vec<SocketAddr>, Forbidden> {
    let mut allowed = Vec::new();
    let mut forbidden = None;
    for address in found.take(ADDRESSES_MAX) {
        match guard.check(host, address.ip()) {
            Ok(()) => allowed.push(address),
            Err(why) => forbidden = forbidden.or(Some(why)),
        }
    }
    match forbidden {
        Some(why) if allowed.is_empty() => Err(why),
        _ => Ok(allowed),
    }
}

impl HttpFetch {
    /// A client that trusts the system's authorities and those of the settings. `now` is asked where a
    /// server names a time to come back at.
    ///
    /// # Errors
    /// The settings' authorities cannot be used, or there is no TLS.
    pub fn new(settings: Arc<Settings>, now: fn() -> TimeMs) -> Result<Self, SettingsError> {
        let mut builder = Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .timeout(FETCH_TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(1)
            .dns_resolver(Arc::new(Checked(Arc::clone(&settings))))
            .user_agent(concat!("egret/", env!("CARGO_PKG_VERSION")));
        for certificate in authorities(&settings.authorities)? {
            builder = builder.add_root_certificate(certificate);
        }
        let client = builder.build();
        let client = client.map_err(|error| SettingsError(format!("no TLS: {}", chain(&error))))?;
        Ok(Self {
            client,
            settings,
            now,
        })
    }

    async fn follow(&self, ask: Ask<'_>) -> Result<Answer, Failure> {
        let mut url = ask.url.clone();
        for _ in 0..=REDIRECTS_MAX {
            self.settings
                .guard
                .check_url(&url)
                .map_err(|why| forbidden(&why))?;
            let response = self.get(&url, ask).await?;
            let Some(next) = redirect(&url, &response)? else {
                return self.judge(url, ask, response).await;
            };
            url = next;
        }
        let why = format!("it redirects more than {REDIRECTS_MAX} times");
        Err(Failure::new(Trouble::Broken, why))
    }

    /// One request, with those of the secrets that are for its host.
    async fn get(&self, url: &Url, ask: Ask<'_>) -> Result<Response, Failure> {
        let mut asked = url.clone();
        for (key, secret) in ask.query {
            let is_there = asked.query_pairs().any(|(found, _)| found == key.as_str());
            if let Some(secret) = self.secret(secret, url)?
                && !is_there
            {
                asked.query_pairs_mut().append_pair(key, secret.text());
            }
        }
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(ask.accept));
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        if let Some(known) = ask.known {
            for (name, value) in [
                (IF_NONE_MATCH, &known.etag),
                (IF_MODIFIED_SINCE, &known.last_modified),
            ] {
                let value = value.as_deref().map(HeaderValue::from_bytes);
                if let Some(Ok(value)) = value {
                    headers.insert(name, value);
                }
            }
        }
        for (name, secret) in ask.headers {
            if let Some(value) = self.secret(secret, url)? {
                let (name, value) = header(name, secret, value.text())?;
                headers.insert(name, value);
            }
        }
        let sent = self.client.get(asked).headers(headers).send().await;
        sent.map_err(|error| unreachable(url, error))
    }

    fn secret(&self, name: &str, url: &Url) -> Result<Option<crate::Secret>, Failure> {
        let secret = self.settings.secret(name, url);
        secret.map_err(|why| Failure::new(Trouble::Settings, why))
    }

    async fn judge(&self, url: Url, ask: Ask<'_>, response: Response) -> Result<Answer, Failure> {
        let status = response.status();
        let is_known = ask.known.is_some_and(|known| !known.is_empty());
        match status {
            StatusCode::NOT_MODIFIED if is_known => return Ok(Answer::Unchanged),
            StatusCode::NO_CONTENT => return Ok(Answer::Unchanged),
            StatusCode::OK | StatusCode::NON_AUTHORITATIVE_INFORMATION => {}
            status => {
                return Err(Failure {
                    trouble: Trouble::Status(status.as_u16()),
                    why: format!("{} answers {status}", host(&url)),
                    wait: retry_after(response.headers(), (self.now)()),
                });
            }
        }
        let validators = Validators {
            etag: remembered(response.headers(), &ETAG),
            last_modified: remembered(response.headers(), &LAST_MODIFIED),
        };
        let encoding = response.headers().get(CONTENT_ENCODING).cloned();
        let packed = body(&url, response).await?;
        let body = unpacked(packed, encoding.as_ref()).await?;
        Ok(Answer::New {
            body,
            validators,
            url,
        })
    }
}

impl Fetch for HttpFetch {
    fn fetch<'a>(&'a self, ask: Ask<'a>) -> BoxFuture<'a, Result<Answer, Failure>> {
        Box::pin(async move {
            let answered = tokio::time::timeout(FETCH_TIMEOUT, self.follow(ask)).await;
            answered.unwrap_or_else(|_elapsed| {
                let seconds = FETCH_TIMEOUT.as_secs();
                let why = format!("{} took more than {seconds} s", host(ask.url));
                Err(Failure::new(Trouble::Unreachable, why))
            })
        })
    }
}

/// Where a redirect leads; `None` if it is none.
fn redirect(url: &Url, response: &Response) -> Result<Option<Url>, Failure> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let location = response.headers().get(LOCATION);
    let location = location.and_then(|location| location.to_str().ok());
    let next = location.and_then(|location| url.join(location).ok());
    let Some(next) = next else {
        let why = format!("{} redirects and does not say where", host(url));
        return Err(Failure::new(Trouble::Broken, why));
    };
    if url.scheme() == "https" && next.scheme() == "http" {
        return Err(forbidden(&Forbidden::Downgrade(host(&next))));
    }
    Ok(Some(next))
}

/// A header with a secret, which no log shows.
fn header(name: &str, secret: &str, text: &str) -> Result<(HeaderName, HeaderValue), Failure> {
    let wrong = |what: &str| Failure::new(Trouble::Settings, what.to_owned());
    let name = HeaderName::from_bytes(name.as_bytes())
        .map_err(|_invalid| wrong(&format!("\"{name}\" is no header")))?;
    let mut value = HeaderValue::from_str(text)
        .map_err(|_invalid| wrong(&format!("secret \"{secret}\" has what no header can have")))?;
    value.set_sensitive(true);
    Ok((name, value))
}

/// A validator, if it is short enough to be remembered.
fn remembered(headers: &HeaderMap, name: &HeaderName) -> Option<Vec<u8>> {
    let value = headers.get(name)?.as_bytes();
    (!value.is_empty() && value.len() <= VALIDATOR_BYTES_MAX).then(|| value.to_vec())
}

/// The body as it came, if it is not too large.
async fn body(url: &Url, mut response: Response) -> Result<Vec<u8>, Failure> {
    let told = response.content_length().unwrap_or(0);
    let mut body = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| unreachable(url, error))?
    {
        body.extend_from_slice(&chunk);
        let is_enough = body.len() >= HEAD_BYTES && told > BODY_BYTES_MAX as u64;
        if body.len() > BODY_BYTES_MAX || is_enough {
            let bytes = body.len().max(usize::try_from(told).unwrap_or(usize::MAX));
            let why = format!("the body has more than {BODY_BYTES_MAX} bytes");
            return Err(too_large(body, bytes, why));
        }
    }
    Ok(body)
}

/// The body as it was before it was packed.
async fn unpacked(packed: Vec<u8>, encoding: Option<&HeaderValue>) -> Result<Vec<u8>, Failure> {
    let encoding = encoding.map(|encoding| encoding.as_bytes().to_ascii_lowercase());
    match encoding.as_deref() {
        None | Some(b"" | b"identity") => return Ok(packed),
        Some(b"gzip" | b"x-gzip") => {}
        Some(other) => {
            let other = said(&String::from_utf8_lossy(other));
            let why = format!("the body is packed by {other}, and only gzip was asked for");
            return Err(Failure::new(Trouble::Broken, why));
        }
    }
    // Some milliseconds, which others on this thread need not wait for.
    let unpacked = tokio::task::spawn_blocking(move || gunzip(&packed, BODY_BYTES_MAX)).await;
    match unpacked {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(Unpacked::TooLarge(head))) => {
            let bytes = head.len();
            let why = format!("the body unpacks to more than {BODY_BYTES_MAX} bytes");
            Err(too_large(head, bytes, why))
        }
        Ok(Err(Unpacked::Broken(why))) => {
            let why = format!("the body is no gzip: {}", said(&why));
            Err(Failure::new(Trouble::Broken, why))
        }
        Err(stopped) => Err(Failure::new(Trouble::NotKept, stopped.to_string())),
    }
}

fn too_large(mut head: Vec<u8>, bytes: usize, why: String) -> Failure {
    head.truncate(HEAD_BYTES);
    head.shrink_to_fit();
    Failure::new(Trouble::TooLarge { head, bytes }, why)
}

fn forbidden(why: &Forbidden) -> Failure {
    Failure::new(Trouble::Forbidden, why.to_string())
}

/// Why there is no answer: because the address may not be asked, or nobody is there.
fn unreachable(url: &Url, error: reqwest::Error) -> Failure {
    let error = error.without_url();
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(error) = source {
        if let Some(why) = error.downcast_ref::<Forbidden>() {
            return forbidden(why);
        }
        source = error.source();
    }
    let why = if error.is_timeout() {
        format!("{} does not answer in time", host(url))
    } else {
        said(&format!("{}: {}", host(url), chain(&error)))
    };
    Failure::new(Trouble::Unreachable, why)
}

/// How long the server wants not to be asked, within [`RETRY_AFTER_MAX`].
fn retry_after(headers: &HeaderMap, now: TimeMs) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = if let Ok(seconds) = text.parse() {
        Duration::from_secs(seconds)
    } else {
        let at = httpdate::parse_http_date(text).ok()?;
        let at = at.duration_since(std::time::UNIX_EPOCH).ok()?;
        let now = Duration::from_millis(u64::try_from(now.0).ok()?);
        at.saturating_sub(now)
    };
    Some(wait.min(RETRY_AFTER_MAX))
}

/// The host, with its port if that is not the usual one.
pub(crate) fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

fn authorities(pem: &[u8]) -> Result<Vec<Certificate>, SettingsError> {
    if pem.is_empty() {
        return Ok(Vec::new());
    }
    let certificates = Certificate::from_pem_bundle(pem)
        .map_err(|error| SettingsError(format!("ca: {}", chain(&error))))?;
    if certificates.is_empty() {
        let why = "ca: no certificate: expected PEM, -----BEGIN CERTIFICATE-----";
        return Err(SettingsError(why.to_owned()));
    }
    Ok(certificates)
}

/// A text from elsewhere, short and without what could break a line of a log.
pub(crate) fn said(text: &str) -> String {
    let clean = |char: char| if char.is_control() { ' ' } else { char };
    text.chars().take(SAID_CHARS_MAX).map(clean).collect()
}

#[cfg(test)]
mod tests;
