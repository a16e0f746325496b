//! A sample of a feed that is to be fetched: asked for once, by the poller's own client and so behind
//! its guard over addresses, with its redirects, bounds and secrets.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use egret_poll::{Answer, Ask, Failure, Fetch, Trouble};
use egret_shared::package::addition::{Fetched, SampleOrder};
use egret_shared::people::Outcome;
use serde::de::{Deserialize, Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;
use tokio::sync::Semaphore;
use url::Url;

use super::{Context, JsonBody, Problem, may};
use crate::auth::Caller;
use crate::clock;
use crate::limits::{SAMPLE_BYTES, SAMPLES_AT_ONCE};
use crate::source::polls::accepted;

/// What fetches samples.
#[derive(Clone)]
pub(crate) struct Sampler {
    fetch: Arc<dyn Fetch>,
    places: Arc<Semaphore>,
}

impl Sampler {
    /// One that fetches as pollers do.
    pub(crate) fn new(fetch: Arc<dyn Fetch>) -> Self {
        Self {
            fetch,
            places: Arc::new(Semaphore::new(SAMPLES_AT_ONCE)),
        }
    }
}

/// `POST /api/v1/register/fetch`: what a URL answers now; nothing of it is kept.
pub(in crate::api) async fn fetch(
    State(context): State<Context>,
    caller: Caller,
    JsonBody(order): JsonBody<SampleOrder>,
) -> Result<Json<Fetched>, Problem> {
    may(&caller)?;
    let url = Url::parse(order.url.trim())
        .map_err(|why| Problem::bad(format!("url: {:?}: {why}", order.url)))?;
    let sampler = &context.sampler;
    // Nobody is kept waiting by who asks for slow servers' answers.
    let Ok(_place) = sampler.places.try_acquire() else {
        let detail = format!("{SAMPLES_AT_ONCE} samples are being fetched already");
        let busy = Problem::new(StatusCode::TOO_MANY_REQUESTS, detail);
        return Err(busy.with_code("busy").with_retry_after(5));
    };
    let nothing = BTreeMap::new();
    let ask = Ask {
        url: &url,
        known: None,
        accept: accepted(order.format),
        headers: order.headers.as_ref().unwrap_or(&nothing),
        query: order.query.as_ref().unwrap_or(&nothing),
    };
    let action = ("feed.sample", url.host_str().unwrap_or_default());
    // Before it is asked: whoever hangs up meanwhile has had the server ask all the same.
    let line = caller.line(clock::now(), action, Outcome::Done, "");
    context.note_now(line).await?;
    match sampler.fetch.fetch(ask).await {
        Ok(Answer::New { body, .. }) => {
            // Megabytes are read through: not where others are answered meanwhile.
            let read = tokio::task::spawn_blocking(move || sample(body)).await;
            Ok(Json(read.map_err(|error| Problem::given_up(&error))??))
        }
        Ok(Answer::Unchanged) => Err(unusable("it answers with nothing".to_owned())),
        Err(failure) => {
            let why = failure.why.clone();
            let line = caller.line(clock::now(), action, Outcome::Failed, why);
            context.note_done(line).await;
            Err(failed(failure))
        }
    }
}

fn unusable(detail: String) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail).with_code("sample_unusable")
}

fn failed(failure: Failure) -> Problem {
    let code = match failure.trouble {
        Trouble::Forbidden => "fetch_forbidden",
        Trouble::Unreachable | Trouble::Status(_) => "fetch_failed",
        Trouble::TooLarge { .. } | Trouble::Broken | Trouble::NotKept => "sample_unusable",
        Trouble::Settings => "fetch_settings",
    };
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, failure.why).with_code(code)
}

/// A body as a sample: text, of a list as many elements as there is room for.
fn sample(body: Vec<u8>) -> Result<Fetched, Problem> {
    let bytes = body.len();
    let text = String::from_utf8(body)
        .map_err(|_binary| unusable("the answer is no text, and cannot be shown".to_owned()))?;
    if bytes <= SAMPLE_BYTES {
        return Ok(Fetched {
            payload: text,
            bytes,
            left_out: 0,
        });
    }
    let too_large = || {
        let detail = format!(
            "the answer has {bytes} bytes: of one that is no list at most {SAMPLE_BYTES} can be shown"
        );
        unusable(detail)
    };
    let list: First<'_> = serde_json::from_str(&text).map_err(|_other| too_large())?;
    if list.fit.is_empty() {
        return Err(too_large());
    }
    Ok(Fetched {
        left_out: list.left_out,
        payload: format!("[{}]", list.fit.join(",")),
        bytes,
    })
}

/// The first elements of a list. Of the others, which may be millions, nothing is kept but their
/// number.
struct First<'t> {
    /// Those that fit into a sample.
    fit: Vec<&'t str>,
    left_out: usize,
}

impl<'de> Deserialize<'de> for First<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reading;

        impl<'de> Visitor<'de> for Reading {
            type Value = First<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<First<'de>, A::Error> {
                let (mut fit, mut room) = (Vec::new(), SAMPLE_BYTES);
                let mut left_out = 0;
                while let Some(element) = list.next_element::<&RawValue>()? {
                    let element = element.get();
                    let Some(left) = room.checked_sub(element.len() + 1) else {
                        left_out = 1;
                        break;
                    };
                    room = left;
                    fit.push(element);
                }
                while list.next_element::<IgnoredAny>()?.is_some() {
                    left_out += 1;
                }
                Ok(First { fit, left_out })
            }
        }

        deserializer.deserialize_seq(Reading)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_list_as_much_is_shown_as_there_is_room_for() {
        let one = format!("{{\"id\":\"{}\"}}", "x".repeat(1_000));
        let whole = format!("[{}]", vec![one.as_str(); 200].join(", "));
        let fetched = sample(whole.clone().into_bytes()).unwrap();
        assert_eq!(fetched.bytes, whole.len());
        assert!(fetched.payload.len() <= SAMPLE_BYTES + 2);
        let shown: Vec<serde_json::Value> = serde_json::from_str(&fetched.payload).unwrap();
        assert_eq!(shown.len() + fetched.left_out, 200);
        assert!(shown.len() > 50, "{}", shown.len());
    }

    #[test]
    fn of_millions_of_elements_those_that_are_left_out_are_counted() {
        let n = 2 * 1_024 * 1_024;
        let whole = format!("[{}0]", "0,".repeat(n - 1));
        let fetched = sample(whole.into_bytes()).unwrap();
        let shown: Vec<u8> = serde_json::from_str(&fetched.payload).unwrap();
        assert_eq!(shown.len(), SAMPLE_BYTES / 2);
        assert_eq!(shown.len() + fetched.left_out, n);
        // Also what is left out has to be JSON.
        let broken = format!("[{}!]", "0,".repeat(n));
        let broken = sample(broken.into_bytes()).unwrap_err();
        assert!(broken.detail().contains("no list"), "{broken:?}");
    }

    #[test]
    fn what_is_short_is_shown_as_it_is_and_what_cannot_be_is_refused_in_words() {
        let fetched = sample(b" {\"a\": 1}\n".to_vec()).unwrap();
        assert_eq!((&*fetched.payload, fetched.left_out), (" {\"a\": 1}\n", 0));
        let binary = sample(vec![0xff, 0xfe, 0]).unwrap_err();
        assert!(binary.detail().contains("no text"), "{binary:?}");
        let long = format!("{{\"a\":\"{}\"}}", "x".repeat(SAMPLE_BYTES));
        let long = sample(long.into_bytes()).unwrap_err();
        assert!(long.detail().contains("no list"), "{long:?}");
        let element = format!("[\"{}\"]", "x".repeat(SAMPLE_BYTES));
        assert_eq!(
            sample(element.into_bytes()).unwrap_err().code(),
            Some("sample_unusable")
        );
    }
}
