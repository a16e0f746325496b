//! A robot of 飞书: a card, signed in the body.
//!
//! # Source
//! Feishu, 自定义机器人使用指南: `timestamp` in seconds and `sign`, base64 of HMAC-SHA256 with
//! `timestamp\nsecret` as the key over nothing; `code` 0 for success.

use egret_shared::level::Level;
use serde_json::json;
use url::Url;

use super::http::{Post, json as json_post};
use super::{Letter, Secret, signature};
use crate::limits::ROBOT_BYTES_MAX;
use crate::message::Message;

pub(super) fn post(url: &Url, secret: Option<&Secret>, letter: &Letter) -> Result<Post, String> {
    let message = Message::of(letter);
    let calls: Vec<String> = letter
        .mentions
        .iter()
        .map(|id| format!("<at id={id}></at>"))
        .collect();
    let calls = calls.join(" ");
    let text = message.body_markdown("\n", ROBOT_BYTES_MAX.saturating_sub(calls.len()));
    let text = if calls.is_empty() {
        text
    } else {
        format!("{text}\n{calls}")
    };
    let mut body = json!({
        "msg_type": "interactive",
        "card": {
            "config": { "wide_screen_mode": true },
            "header": {
                "title": { "tag": "plain_text", "content": message.subject },
                "template": colour(message.level),
            },
            "elements": [{ "tag": "div", "text": { "tag": "lark_md", "content": text } }],
        },
    });
    if let (Some(secret), Some(fields)) = (secret, body.as_object_mut()) {
        let timestamp = letter.now.0.div_euclid(1_000).to_string();
        fields.insert("sign".to_owned(), sign(secret, &timestamp).into());
        fields.insert("timestamp".to_owned(), timestamp.into());
    }
    json_post(url, &body)
}

fn sign(secret: &Secret, timestamp: &str) -> String {
    let key = format!("{timestamp}\n{}", secret.text());
    signature(key.as_bytes(), b"")
}

/// The card's head, in Feishu's words.
fn colour(level: Level) -> &'static str {
    match level {
        Level::Normal => "grey",
        Level::Blue => "blue",
        Level::Yellow => "yellow",
        Level::Orange => "orange",
        Level::Red => "red",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed by the Python of Feishu's document.
    #[test]
    fn the_sign_is_that_of_feishus_document() {
        let secret = Secret::new(b"demo".to_vec());
        assert_eq!(
            sign(&secret, "1599360473"),
            "l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8="
        );
    }
}
