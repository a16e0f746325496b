//! A robot of 企业微信: Markdown, at most 4,096 bytes. Its address is its only password.
//!
//! # Source
//! WeCom, 群机器人配置说明: `<@userid>` calls somebody; `errcode` 0 for success.

use serde_json::json;
use url::Url;

use super::Letter;
use super::http::{Post, json as json_post};
use crate::limits::WECOM_BYTES_MAX;
use crate::message::Message;

pub(super) fn post(url: &Url, letter: &Letter) -> Result<Post, String> {
    let message = Message::of(letter);
    let mut calls = String::new();
    for id in &letter.mentions {
        if calls.len() + id.len() < WECOM_BYTES_MAX / 4 {
            calls = format!("{calls}<@{id}>");
        }
    }
    // Not the text's end is cut but its lines: the link comes last.
    let content = message.markdown_within("\n", WECOM_BYTES_MAX - calls.len() - 1);
    let content = if calls.is_empty() {
        content
    } else {
        format!("{content}\n{calls}")
    };
    json_post(
        url,
        &json!({ "msgtype": "markdown", "markdown": { "content": content } }),
    )
}
