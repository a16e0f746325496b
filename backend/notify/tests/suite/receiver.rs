//! A real HTTP server that keeps what it gets, in the order in which it gets it.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use egret_listen::{Counters, Limits, Tls};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::world::until;

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Got {
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Got {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The key of the notice that it tells, or `digest`.
    pub(crate) fn key(&self) -> String {
        let key = self.json()["data"]["key"].as_str().map(str::to_owned);
        key.unwrap_or_else(|| "digest".to_owned())
    }

    pub(crate) fn is_marked(&self) -> bool {
        let is_marked = self.header("x-egret-maybe-repeated") == Some("1");
        assert_eq!(self.json()["maybe_repeated"], is_marked);
        is_marked
    }
}

/// What it does after it has kept a request.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Say(StatusCode, &'static str),
    /// Sends elsewhere.
    Redirect(String),
    /// Says nothing, until it is told to answer otherwise.
    Hold,
}

pub(crate) const OK: Answer = Answer::Say(StatusCode::OK, "");

#[derive(Clone)]
struct Shared {
    got: Arc<Mutex<Vec<Got>>>,
    /// What is answered first, once each; afterwards `answer`.
    first: Arc<Mutex<VecDeque<Answer>>>,
    answer: watch::Sender<Answer>,
}

/// The server. It ends when it is dropped.
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    shared: Shared,
    shutdown: CancellationToken,
    tasks: TaskTracker,
}

impl Receiver {
    pub(crate) async fn start(answer: Answer) -> Self {
        Self::start_at("127.0.0.1:0".parse().unwrap(), answer, None).await
    }

    /// At this address, with this certificate.
    pub(crate) async fn start_at(address: SocketAddr, answer: Answer, tls: Option<Tls>) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let shared = Shared {
            got: Arc::default(),
            first: Arc::default(),
            answer: watch::Sender::new(answer),
        };
        let receiver = Self {
            address: listener.local_addr().unwrap(),
            shared: shared.clone(),
            shutdown: CancellationToken::new(),
            tasks: TaskTracker::new(),
        };
        let router = Router::new().fallback(take).with_state(shared);
        let limits = Limits {
            drain: std::time::Duration::ZERO,
            ..Limits::default()
        };
        let shutdown = receiver.shutdown.clone();
        receiver.tasks.spawn(async move {
            let counters = Arc::new(Counters::default());
            egret_listen::serve(listener, router, tls, limits, counters, shutdown)
                .await
                .unwrap();
        });
        receiver
    }

    /// Ends it, and waits until its port is free.
    pub(crate) async fn stop(self) -> Vec<Got> {
        self.shutdown.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.got()
    }

    pub(crate) fn answer(&self, answer: Answer) {
        self.shared.answer.send_replace(answer);
    }

    /// What it answers to the next request, before everything else.
    pub(crate) fn answer_first(&self, answer: Answer) {
        self.shared.first.lock().unwrap().push_back(answer);
    }

    pub(crate) fn got(&self) -> Vec<Got> {
        self.shared.got.lock().unwrap().clone()
    }

    /// Waits for so many requests; all that there are.
    pub(crate) async fn wait_for(&self, n: usize) -> Vec<Got> {
        until(&format!("{n} requests"), || {
            let got = self.shared.got.lock().unwrap();
            if got.len() >= n {
                Ok(())
            } else {
                Err(format!("{} requests", got.len()))
            }
        })
        .await;
        self.got()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

async fn take(State(shared): State<Shared>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let got = Got {
        uri,
        headers,
        body: body.to_vec(),
    };
    shared.got.lock().unwrap().push(got);
    let first = shared.first.lock().unwrap().pop_front();
    if let Some(answer) = first
        && let Some(response) = response(&answer)
    {
        return response;
    }
    let mut answers = shared.answer.subscribe();
    loop {
        let answer = answers.borrow_and_update().clone();
        match response(&answer) {
            Some(response) => return response,
            None => answers.changed().await.unwrap(),
        }
    }
}

fn response(answer: &Answer) -> Option<Response> {
    match answer {
        Answer::Say(status, body) => Some((*status, *body).into_response()),
        Answer::Redirect(to) => {
            let headers = [("location", to.clone())];
            Some((StatusCode::TEMPORARY_REDIRECT, headers).into_response())
        }
        Answer::Hold => None,
    }
}
