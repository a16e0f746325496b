//! One POST: over TLS, within a time, with an answer of a bounded size, and without following it
//! anywhere else.
//!
//! `reqwest`, as for single sign-on: robots in the cloud may be behind `HTTPS_PROXY`. Connections
//! are not kept: on a fresh one it is certain that nothing went out if connecting failed, and
//! robots take 20 messages a minute.

use std::time::Duration;

use egret_shared::chain::chain;
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Response, StatusCode};
use serde_json::Value;
use url::{Host, Url};

use super::{Failure, Letter, Outcome, Secret, dingtalk, feishu, webhook, wecom};
use crate::error::said;
use crate::limits::{ANSWER_BYTES_MAX, BACKOFF_MAX, CONNECT_TIMEOUT, REQUEST_TIMEOUT};

/// What is spoken at an address.
#[derive(Debug)]
pub(crate) enum Dialect {
    /// Standard Webhooks, with its key.
    Webhook(Secret),
    Dingtalk(Option<Secret>),
    Wecom,
    Feishu(Option<Secret>),
}

/// Sends to one address.
pub(crate) struct HttpSender {
    client: Client,
    url: Url,
    dialect: Dialect,
}

/// A request, ready but for the client.
pub(super) struct Post {
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl HttpSender {
    /// A sender that trusts the system's authorities and those of `ca`, which is PEM.
    ///
    /// # Errors
    /// What is wrong with `ca`, or that there is no TLS.
    pub(crate) fn new(url: Url, dialect: Dialect, ca: Option<&[u8]>) -> Result<Self, String> {
        let mut builder = Client::builder()
            .redirect(Policy::none())
            .timeout(REQUEST_TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_max_idle_per_host(0)
            .user_agent(concat!("egret/", env!("CARGO_PKG_VERSION")));
        let is_here = match url.host() {
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        };
        if is_here {
            // No proxy can reach what is on this machine.
            builder = builder.no_proxy();
        }
        if let Some(pem) = ca {
            let certificates = Certificate::from_pem_bundle(pem);
            let certificates = certificates.map_err(|error| chain(&error))?;
            if certificates.is_empty() {
                return Err("has no certificate: expected PEM, -----BEGIN CERTIFICATE-----".into());
            }
            for certificate in certificates {
                builder = builder.add_root_certificate(certificate);
            }
        }
        let client = builder
            .build()
            .map_err(|error| format!("no TLS: {}", chain(&error)))?;
        Ok(Self {
            client,
            url,
            dialect,
        })
    }

    /// Scheme and host: the rest of a robot's address is its password.
    pub(crate) fn place(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        match self.url.port() {
            Some(port) => format!("{}://{host}:{port}", self.url.scheme()),
            None => format!("{}://{host}", self.url.scheme()),
        }
    }

    pub(crate) async fn send(&self, letter: &Letter) -> Outcome {
        let post = match &self.dialect {
            Dialect::Webhook(key) => webhook::post(&self.url, key, letter),
            Dialect::Dingtalk(secret) => dingtalk::post(&self.url, secret.as_ref(), letter),
            Dialect::Wecom => wecom::post(&self.url, letter),
            Dialect::Feishu(secret) => feishu::post(&self.url, secret.as_ref(), letter),
        };
        let post = match post {
            Ok(post) => post,
            Err(error) => return Outcome::Never(format!("it cannot be written: {error}")),
        };
        let request = self
            .client
            .post(post.url)
            .headers(post.headers)
            .body(post.body);
        match request.send().await {
            Ok(response) => self.judge(response).await,
            Err(error) => self.failed(error),
        }
    }

    fn failed(&self, error: reqwest::Error) -> Outcome {
        let never_left = error.is_connect() || error.is_builder();
        let why = format!("{}: {}", self.place(), chain(&error.without_url()));
        let failure = Failure::channel(said(&why));
        if never_left {
            Outcome::NotTaken(failure)
        } else {
            Outcome::Unknown(failure)
        }
    }

    async fn judge(&self, response: Response) -> Outcome {
        let status = response.status();
        let wait = retry_after(response.headers());
        let is_robot = !matches!(self.dialect, Dialect::Webhook(_));
        if status.is_success() && !is_robot {
            return Outcome::Sent;
        }
        let body = match body(response).await {
            Ok(body) => body,
            Err(error) => return self.failed(error),
        };
        if status.is_success() {
            return self.judge_robot(&body);
        }
        // Some robots say in their own words what the status says, too.
        if is_robot && let Some(Verdict::Code(code, words)) = verdict(&body) {
            return self.judge_code(code, &words, wait);
        }
        let words = said(String::from_utf8_lossy(&body).trim());
        let why = said(&format!("{} answers {status}: {words}", self.place()));
        let failure = Failure {
            wait,
            ..Failure::channel(why)
        };
        match status {
            // A relay on the way does not know whether it was taken.
            StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT | StatusCode::REQUEST_TIMEOUT => {
                Outcome::Unknown(failure)
            }
            // These speak of the message and not of the receiver: another try changes nothing.
            StatusCode::BAD_REQUEST
            | StatusCode::GONE
            | StatusCode::PAYLOAD_TOO_LARGE
            | StatusCode::UNSUPPORTED_MEDIA_TYPE
            | StatusCode::UNPROCESSABLE_ENTITY => Outcome::Never(failure.why),
            _ => Outcome::NotTaken(failure),
        }
    }

    /// Robots answer 200 to everything, and say in the body what they mean.
    fn judge_robot(&self, body: &[u8]) -> Outcome {
        match verdict(body) {
            Some(Verdict::Taken) => Outcome::Sent,
            Some(Verdict::Code(code, words)) => self.judge_code(code, &words, None),
            None => {
                let words = said(String::from_utf8_lossy(body).trim());
                let why = format!("{} answers 200 and not as a robot: {words}", self.place());
                Outcome::NotTaken(Failure::channel(said(&why)))
            }
        }
    }

    fn judge_code(&self, code: i64, words: &str, wait: Option<Duration>) -> Outcome {
        let why = said(&format!("{} answers {code}: {words}", self.place()));
        let is_too_fast = is_too_fast(code, words);
        if is_about_message(code) && !is_too_fast {
            return Outcome::Never(why);
        }
        Outcome::NotTaken(Failure {
            wait: is_too_fast.then_some(TOO_FAST_WAIT).or(wait),
            ..Failure::channel(why)
        })
    }
}

/// What a robot says.
enum Verdict {
    Taken,
    /// Its code, and its words.
    Code(i64, String),
}

/// The verdict in a robot's answer; `None` if it is no robot's.
fn verdict(body: &[u8]) -> Option<Verdict> {
    let answer: Value = serde_json::from_slice(body).ok()?;
    let code = ["errcode", "code", "StatusCode"]
        .into_iter()
        .find_map(|key| answer.get(key)?.as_i64())?;
    if code == 0 {
        return Some(Verdict::Taken);
    }
    let words = ["errmsg", "msg", "StatusMessage"]
        .into_iter()
        .find_map(|key| answer.get(key)?.as_str());
    Some(Verdict::Code(code, words.unwrap_or_default().to_owned()))
}

/// A robot's minute has to pass.
const TOO_FAST_WAIT: Duration = Duration::from_mins(1);

/// Whether the code says that too much was sent.
///
/// # Source
/// DingTalk 130101, WeCom 45009, Feishu 11232, and 9499 with such words.
fn is_too_fast(code: i64, words: &str) -> bool {
    matches!(code, 130_101 | 45_009 | 11_232) || (code == 9_499 && words.contains("too many"))
}

/// Whether the code says that this message is never taken. All others may be the settings' fault,
/// which somebody can mend within days: a wrong secret must not lose what waits.
///
/// # Source
/// DingTalk 430101 to 430104 (links, texts and pictures that it does not like), WeCom 40058, 44004
/// and 45002 (malformed, empty, too long), Feishu 9499 and 19002 (malformed).
fn is_about_message(code: i64) -> bool {
    matches!(
        code,
        430_101..=430_104 | 40_058 | 44_004 | 45_002 | 9_499 | 19_002
    )
}

/// What the receiver says in seconds; a date it may say instead is not read.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers
        .get(RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()?;
    Some(Duration::from_secs(seconds).min(BACKOFF_MAX))
}

/// The beginning of the answer.
async fn body(mut response: Response) -> Result<Vec<u8>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        let room = ANSWER_BYTES_MAX.saturating_sub(body.len());
        body.extend(chunk.iter().take(room));
        if body.len() >= ANSWER_BYTES_MAX {
            break;
        }
    }
    Ok(body)
}

/// A POST with this JSON.
pub(super) fn json(url: &Url, body: &Value) -> Result<Post, String> {
    let mut headers = HeaderMap::new();
    let media = reqwest::header::HeaderValue::from_static("application/json; charset=utf-8");
    headers.insert(CONTENT_TYPE, media);
    let body = serde_json::to_vec(body).map_err(|error| error.to_string())?;
    Ok(Post {
        url: url.clone(),
        headers,
        body,
    })
}
