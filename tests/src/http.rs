//! The HTTP client of the suites.

use std::net::SocketAddr;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;
use ureq::Agent;

use crate::wait;

/// Speaks HTTP with one server.
#[derive(Clone, Debug)]
pub struct Http {
    base: String,
    agent: Agent,
    token: Option<String>,
}

/// What a request was answered with.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The content type.
    pub kind: String,
    /// Every header, names in lower case, in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

/// The longest answer that is read: a page of a thousand rows is below a megabyte.
const BODY_BYTES_MAX: u64 = 64 * 1024 * 1024;

impl Http {
    /// Speaks with the server at `address`.
    pub fn new(address: SocketAddr) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .allow_non_standard_methods(true)
            .timeout_global(Some(Duration::from_secs(20)))
            .build();
        Self {
            base: format!("http://{address}"),
            agent: config.into(),
            token: None,
        }
    }

    /// The same, as whoever holds this API token.
    #[must_use]
    pub fn with_token(&self, secret: &str) -> Self {
        Self {
            token: Some(secret.to_owned()),
            ..self.clone()
        }
    }

    /// What a request with these headers and this body is answered with. Redirects are answers.
    #[track_caller]
    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        Answer::of(
            &format!("{method} {path}"),
            self.run(method, path, headers, body),
        )
    }

    /// As [`Self::ask`], over another connection if the server has just ended the one that was
    /// kept: it may at any time, and does after a body that it had no use for.
    #[track_caller]
    pub fn ask_again(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let answer = self.run(method, path, headers, body);
        match answer {
            Err(ureq::Error::Io(_)) => self.ask(method, path, headers, body),
            answer => Answer::of(&format!("{method} {path}"), answer),
        }
    }

    fn run(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<ureq::http::Response<ureq::Body>, ureq::Error> {
        let request = self.request(method, path, headers);
        if body.is_empty() {
            self.agent.run(request.body(()).expect("a request"))
        } else {
            self.agent
                .run(request.body(body.to_owned()).expect("a request"))
        }
    }

    fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> ureq::http::request::Builder {
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        match &self.token {
            Some(token) => request.header("authorization", format!("Bearer {token}")),
            None => request,
        }
    }

    /// As [`Self::ask`], with a body that need not be text.
    #[track_caller]
    pub fn send_bytes(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let request = self.request(method, path, headers).body(body.to_vec());
        let answer = self.agent.run(request.expect("a request"));
        Answer::of(&format!("{method} {path}"), answer)
    }

    /// What `GET path` with these headers is answered with, and its body as it came, which need not
    /// be text.
    #[track_caller]
    pub fn bytes(&self, path: &str, headers: &[(&str, &str)]) -> (Answer, Vec<u8>) {
        let answer = self.run("GET", path, headers, "");
        let mut answer = answer.unwrap_or_else(|error| panic!("GET {path}: {error}"));
        let body = answer
            .body_mut()
            .with_config()
            .limit(BODY_BYTES_MAX)
            .read_to_vec();
        let body = body.unwrap_or_else(|error| panic!("GET {path}: the body: {error}"));
        (Answer::head(&answer), body)
    }

    /// What `GET path` is answered with.
    #[track_caller]
    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], "")
    }

    /// What `POST path` with JSON is answered with.
    #[track_caller]
    pub fn post(&self, path: &str, json: &str) -> Answer {
        self.ask("POST", path, &[("content-type", "application/json")], json)
    }

    /// The status of what `POST path` with JSON is answered with; `None` if the server ended
    /// before it answered.
    pub fn try_post(&self, path: &str, json: &str) -> Option<u16> {
        let request = self.agent.post(format!("{}{path}", self.base));
        let answer = request
            .header("content-type", "application/json")
            .send(json);
        answer.ok().map(|answer| answer.status().as_u16())
    }

    /// As [`Self::post`], but asks first whether the body is welcome: one that is too large is
    /// then answered before it is sent, and not by a broken pipe.
    #[track_caller]
    pub fn offer(&self, path: &str, json: &str) -> Answer {
        let request = self.agent.post(format!("{}{path}", self.base));
        let answer = request.header("expect", "100-continue").send(json);
        Answer::of(&format!("POST {path}"), answer)
    }

    /// Takes events in; fails the test unless all are accepted.
    #[track_caller]
    pub fn send(&self, events: &Value) {
        let answer = self.post("/api/v1/events", &events.to_string());
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(
            answer.json()["rejected"],
            Value::Array(Vec::new()),
            "{}",
            answer.body
        );
    }

    /// All rows of the list at `path`, page by page.
    #[track_caller]
    pub fn list(&self, path: &str) -> Vec<Value> {
        let join = if path.contains('?') { '&' } else { '?' };
        let mut rows = Vec::new();
        let mut cursor = String::new();
        loop {
            let mut page = self.get(&format!("{path}{join}limit=1000{cursor}")).json();
            let Value::Array(items) = page["items"].take() else {
                panic!("{path} is no list: {page}");
            };
            rows.extend(items);
            let Some(next) = page["next"].as_str() else {
                return rows;
            };
            cursor = format!("&cursor={next}");
        }
    }

    /// The asset as it stands, once it is as `fits` says.
    #[track_caller]
    pub fn asset(&self, feed: &str, asset: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let path = format!("/api/v1/assets/{feed}/{asset}");
        wait::until(&format!("{path} as expected"), || {
            let answer = self.get(&path);
            let json = answer.json();
            if answer.status == 200 && fits(&json) {
                Ok(json)
            } else {
                Err(answer.body)
            }
        })
    }

    /// The metric's point that ends now, once it is as `fits` says.
    #[track_caller]
    pub fn metric(&self, metric: &str, area: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let path = format!("/api/v1/metrics/{metric}/now?area={area}");
        wait::until(&format!("{path} as expected"), || {
            let answer = self.get(&path);
            let point = answer.json()["points"][0].clone();
            if fits(&point) {
                Ok(point)
            } else {
                Err(answer.body)
            }
        })
    }

    /// The feed's health, once it is as `fits` says.
    #[track_caller]
    pub fn feed(&self, feed: &str, fits: impl Fn(&Value) -> bool) -> Value {
        wait::until(&format!("feed {feed} as expected"), || {
            let feeds = self.list("/api/v1/feeds");
            let health = feeds.into_iter().find(|health| health["feed"] == feed);
            let health = health.ok_or_else(|| "it is not in the list".to_owned())?;
            if fits(&health) {
                Ok(health)
            } else {
                Err(health.to_string())
            }
        })
    }
}

impl Answer {
    #[track_caller]
    fn of(request: &str, answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Self {
        let mut answer = answer.unwrap_or_else(|error| panic!("{request}: {error}"));
        let body = answer
            .body_mut()
            .with_config()
            .limit(BODY_BYTES_MAX)
            .read_to_string();
        let body = body.unwrap_or_else(|error| panic!("{request}: the body: {error}"));
        Self {
            body,
            ..Self::head(&answer)
        }
    }

    /// The answer without its body.
    fn head<T>(answer: &ureq::http::Response<T>) -> Self {
        let kind = answer.headers().get("content-type");
        let kind = kind
            .and_then(|kind| kind.to_str().ok())
            .unwrap_or_default()
            .to_owned();
        let text = |value: &ureq::http::HeaderValue| {
            String::from_utf8_lossy(value.as_bytes()).into_owned()
        };
        let headers = answer.headers().iter();
        let headers = headers
            .map(|(name, value)| (name.as_str().to_owned(), text(value)))
            .collect();
        Self {
            status: answer.status().as_u16(),
            kind,
            headers,
            body: String::new(),
        }
    }

    /// The first header with this name, in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The name and value of every cookie that is set, without its attributes.
    pub fn cookies(&self) -> Vec<(String, String)> {
        let lines = self.headers.iter().filter(|(name, _)| name == "set-cookie");
        let pairs = lines.filter_map(|(_, line)| line.split(';').next()?.split_once('='));
        pairs
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        self.parsed()
    }

    /// The body as JSON of this type.
    #[track_caller]
    pub fn parsed<T: DeserializeOwned>(&self) -> T {
        serde_json::from_str(&self.body)
            .unwrap_or_else(|error| panic!("{error} in answer {}: {}", self.status, self.body))
    }

    /// Fails unless this is a problem detail of `status` whose sentence contains `words`.
    #[track_caller]
    pub fn is_problem(&self, status: u16, words: &str) {
        assert_eq!(
            (self.status, &*self.kind),
            (status, "application/problem+json"),
            "{self:?}"
        );
        let problem = self.json();
        assert_eq!(problem["status"], status);
        assert!(problem["title"].is_string(), "{problem}");
        let detail = problem["detail"].as_str().unwrap_or_default();
        assert!(
            detail.contains(words),
            "{detail:?} does not contain {words:?}"
        );
    }
}
