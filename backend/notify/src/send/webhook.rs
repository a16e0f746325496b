//! The notice itself as JSON, signed by Standard Webhooks.
//!
//! # Source
//! `standard-webhooks/standard-webhooks`, `spec/standard-webhooks.md`: `webhook-id`,
//! `webhook-timestamp` in seconds, `webhook-signature` as `v1,` and base64 of HMAC-SHA256 over
//! `id.timestamp.body`.

use reqwest::header::{HeaderName, HeaderValue};
use serde_json::{Value, json};
use url::Url;

use super::http::{Post, json as json_post};
use super::{Content, Letter, Secret, signature};
use crate::limits::LISTED_WEBHOOK_MAX;
use crate::message::link;

/// What marks a request that repeats one which may have arrived.
const MAYBE_REPEATED: HeaderName = HeaderName::from_static("x-egret-maybe-repeated");

pub(super) fn post(url: &Url, key: &Secret, letter: &Letter) -> Result<Post, String> {
    let mut post = json_post(url, &body(letter)?)?;
    let seconds = letter.now.0.div_euclid(1_000).to_string();
    let mut signed = format!("{}.{seconds}.", letter.id).into_bytes();
    signed.extend_from_slice(&post.body);
    let signature = format!("v1,{}", signature(key.bytes(), &signed));
    let headers = [
        (HeaderName::from_static("webhook-id"), letter.id.as_str()),
        (
            HeaderName::from_static("idempotency-key"),
            letter.id.as_str(),
        ),
        (
            HeaderName::from_static("webhook-timestamp"),
            seconds.as_str(),
        ),
        (
            HeaderName::from_static("webhook-signature"),
            signature.as_str(),
        ),
    ];
    for (name, value) in headers {
        let value = HeaderValue::from_str(value).map_err(|error| error.to_string())?;
        post.headers.insert(name, value);
    }
    if letter.maybe_repeated {
        post.headers
            .insert(MAYBE_REPEATED, HeaderValue::from_static("1"));
    }
    Ok(post)
}

fn body(letter: &Letter) -> Result<Value, String> {
    let (event, at, told) = match &letter.content {
        Content::Notice(notice) => {
            let about = if notice.incident.is_some() {
                "incident"
            } else {
                "city"
            };
            let mut told = serde_json::to_value(notice).map_err(|error| error.to_string())?;
            if let (Some(url), Some(fields)) = (link(letter, &notice.link), told.as_object_mut()) {
                fields.insert("url".to_owned(), url.into());
            }
            (format!("{about}.{}", notice.kind), notice.at, told)
        }
        Content::Digest(digest) => {
            let told = json!({
                "count": digest.count,
                "first_at": digest.first_at,
                "last_at": digest.last_at,
                "levels": digest.levels,
                "kinds": digest.kinds,
                "listed": digest.listed.iter().take(LISTED_WEBHOOK_MAX).collect::<Vec<_>>(),
            });
            ("digest".to_owned(), digest.last_at, told)
        }
    };
    Ok(json!({
        "type": event,
        "timestamp": at,
        "maybe_repeated": letter.maybe_repeated,
        "data": told,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's own libraries.
    #[test]
    fn a_signature_is_the_one_of_the_standard() {
        use base64::Engine as _;
        let key = base64::engine::general_purpose::STANDARD
            .decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
            .unwrap();
        let signed = b"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{\"test\": 2432232314}";
        assert_eq!(
            signature(&key, signed),
            "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
    }
}
