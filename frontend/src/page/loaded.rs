//! An answer of the server as a signal: asked for again when the question changes, and from time
//! to time; an answer to a question that is no longer asked is dropped.

use std::future::Future;

use leptos::prelude::*;

use crate::api::ApiError;
use crate::clock;
use crate::screen::screen;

/// How often one question is asked when the server does not answer.
const TRIES: i32 = 3;

/// What has come of a question.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Loaded<T> {
    /// Nothing yet.
    Waiting,
    /// The answer.
    Here(T),
    /// The server knows no such thing.
    Missing,
    /// No usable answer, and why.
    Failed(String),
}

impl<T> Loaded<T> {
    /// The answer, if it is here.
    pub(crate) fn here(&self) -> Option<&T> {
        match self {
            Self::Here(answer) => Some(answer),
            Self::Waiting | Self::Missing | Self::Failed(_) => None,
        }
    }
}

impl<T> From<Result<T, ApiError>> for Loaded<T> {
    fn from(answer: Result<T, ApiError>) -> Self {
        match answer {
            Ok(answer) => Self::Here(answer),
            Err(error) if matches!(error.status(), Some(404 | 410)) => Self::Missing,
            Err(error) => Self::Failed(error.to_string()),
        }
    }
}

/// Asks `fetch` for what `question` says, now and whenever it changes; with `every_ms` also
/// again and again, while what is there stays.
pub(crate) fn ask<Q, T, F>(
    question: impl Fn() -> Q + Send + Sync + 'static,
    every_ms: Option<i64>,
    fetch: impl Fn(Q) -> F + Copy + 'static,
) -> RwSignal<Loaded<T>>
where
    Q: Clone + PartialEq + Send + Sync + 'static,
    T: Clone + Send + Sync + 'static,
    F: Future<Output = Result<T, ApiError>> + 'static,
{
    let now = screen().store.now;
    let beat = Memo::new(move |_| every_ms.map(|ms| now.get().0.div_euclid(ms)));
    let question = Memo::new(move |_| question());
    let answer = RwSignal::new(Loaded::Waiting);
    let serial = StoredValue::new(0_u32);
    let is_asking = StoredValue::new(false);
    Effect::new(move |before: Option<Q>| {
        let question = question.get();
        // A memo that nobody reads notices nothing: tracking alone would not do.
        beat.with(|_| ());
        if before.as_ref() != Some(&question) {
            answer.set(Loaded::Waiting);
        } else if is_asking.get_value() {
            // A server that is slower than the beat would never be heard out.
            return question;
        }
        is_asking.set_value(true);
        let mine = serial.get_value().wrapping_add(1);
        serial.set_value(mine);
        let asked = question.clone();
        leptos::task::spawn_local(async move {
            for again in 1..=TRIES {
                let found: Loaded<T> = fetch(asked.clone()).await.into();
                // The signal ends with the page.
                if serial.try_get_value() != Some(mine) {
                    return;
                }
                let failed = matches!(found, Loaded::Failed(_));
                if !failed || answer.with_untracked(|answer| answer.here().is_none()) {
                    answer.set(found);
                }
                if !failed {
                    break;
                }
                clock::sleep(again * 1_000).await;
            }
            if serial.try_get_value() == Some(mine) {
                is_asking.set_value(false);
            }
        });
        question
    });
    answer
}
