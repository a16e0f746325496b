//! A robot of 钉钉: Markdown, signed in the address.
//!
//! # Source
//! DingTalk, 自定义机器人接入: `timestamp` in milliseconds and `sign`, base64 of HMAC-SHA256 with
//! the secret over `timestamp\nsecret`; `at.atMobiles`, of which the text must hold `@` and the
//! number; `errcode` 0 for success.

use serde_json::json;
use url::Url;

use super::http::{Post, json as json_post};
use super::{Letter, Secret, signature};
use crate::message::Message;

pub(super) fn post(url: &Url, secret: Option<&Secret>, letter: &Letter) -> Result<Post, String> {
    let message = Message::of(letter);
    let calls_all = letter.mentions.iter().any(|mention| mention == "all");
    let phones: Vec<&String> = letter.mentions.iter().filter(|one| *one != "all").collect();
    let mut text = message.markdown("\n\n");
    if !phones.is_empty() {
        let at: Vec<String> = phones.iter().map(|phone| format!("@{phone}")).collect();
        text = format!("{text}\n\n{}", at.join(" "));
    }
    let body = json!({
        "msgtype": "markdown",
        "markdown": { "title": message.subject, "text": text },
        "at": { "atMobiles": phones, "isAtAll": calls_all },
    });
    let mut url = url.clone();
    if let Some(secret) = secret {
        let timestamp = letter.now.0.to_string();
        let sign = sign(secret, &timestamp);
        url.query_pairs_mut()
            .append_pair("timestamp", &timestamp)
            .append_pair("sign", &sign);
    }
    json_post(&url, &body)
}

fn sign(secret: &Secret, timestamp: &str) -> String {
    let text = format!("{timestamp}\n{}", secret.text());
    signature(secret.bytes(), text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed by the Python of DingTalk's document.
    #[test]
    fn the_sign_is_that_of_dingtalks_document() {
        let secret = Secret::new(b"this is secret".to_vec());
        assert_eq!(
            sign(&secret, "1577262236757"),
            "hmPWwU+7lVdm3ZZz0r9tSfx0L4Q26jWOZr9+Gs6EZQM="
        );
    }
}
