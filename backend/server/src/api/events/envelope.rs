//! CloudEvents in binary mode: the attributes are headers, the body is the data. Put together as the
//! structured event that they mean, and read as that.
//!
//! # Source
//! HTTP Protocol Binding for CloudEvents 1.0.2, section 3.1.

use axum::http::{HeaderMap, header};
use egret_shared::rejection::{Reason, Rejection, Stage};
use serde_json::value::RawValue;

use super::{content_type, wrong_kind};
use crate::api::problem::Problem;

/// The header that makes a request a CloudEvent in binary mode.
pub(super) const VERSION: &str = "ce-specversion";

/// What the names of headers with attributes begin with.
const PREFIX: &str = "ce-";

/// The structured event of which `headers` are the attributes and `body` the data; or why the data is
/// no JSON, as which alone it can be read.
///
/// # Errors
/// 415 for data of another kind, 400 for a header that is no attribute.
pub(super) fn around(
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Result<Vec<u8>, Rejection>, Problem> {
    let kind = content_type(headers);
    let is_json = kind.is_empty() || kind.ends_with("/json") || kind.ends_with("+json");
    if !is_json {
        let detail = format!("the data of a CloudEvent must be JSON, {kind} is none");
        return Err(wrong_kind(detail));
    }
    let data: &RawValue = match serde_json::from_slice(body) {
        Ok(data) => data,
        Err(error) => {
            let detail = error.to_string();
            return Ok(Err(Rejection::new(Stage::Decode, Reason::BadJson, detail)));
        }
    };
    let mut event = String::from("{");
    for (name, value) in headers {
        let Some(attribute) = name.as_str().strip_prefix(PREFIX) else {
            continue;
        };
        let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        if attribute.is_empty() || attribute.starts_with("data") || !attribute.chars().all(is_name)
        {
            let detail = format!("the header {name} is no attribute of a CloudEvent");
            return Err(Problem::bad(detail));
        }
        if headers.get_all(name).iter().count() > 1 {
            return Err(Problem::bad(format!("the header {name} stands twice")));
        }
        let text = std::str::from_utf8(value.as_bytes())
            .ok()
            .and_then(decoded)
            .ok_or_else(|| Problem::bad(format!("the header {name} is not UTF-8")))?;
        put(&mut event, attribute, &quoted(&text));
    }
    if headers.contains_key(header::CONTENT_TYPE) {
        put(&mut event, "datacontenttype", &quoted(&kind));
    }
    put(&mut event, "data", data.get());
    event.push('}');
    Ok(Ok(event.into_bytes()))
}

/// Adds a member to an object that is being written; `json` is its value.
fn put(object: &mut String, name: &str, json: &str) {
    if object.len() > 1 {
        object.push(',');
    }
    object.push('"');
    object.push_str(name);
    object.push_str("\":");
    object.push_str(json);
}

/// A text as JSON.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// What a header's value says: quotes around it are none of it, and bytes may be written as `%E5`.
/// `None` if that is no text.
fn decoded(value: &str) -> Option<String> {
    let inner = value.strip_prefix('"').and_then(|v| v.strip_suffix('"'));
    let unescaped;
    let value = match inner {
        Some(inner) => {
            unescaped = inner.replace("\\\"", "\"").replace("\\\\", "\\");
            &unescaped
        }
        None => value,
    };
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let code = behind.get(..2).filter(|_| *first == b'%');
        let code = code.and_then(|code| std::str::from_utf8(code).ok());
        let code = code.and_then(|code| u8::from_str_radix(code, 16).ok());
        if let (Some(byte), Some(after)) = (code, behind.get(2..)) {
            bytes.push(byte);
            rest = after;
        } else {
            bytes.push(*first);
            rest = behind;
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (
                    axum::http::HeaderName::from_static(name),
                    axum::http::HeaderValue::from_static(value),
                )
            })
            .collect()
    }

    #[test]
    fn headers_and_body_become_the_event_that_they_mean() {
        let headers = headers(&[
            ("ce-specversion", "1.0"),
            ("ce-subject", "%E7%AA%A8%E4%BA%95%201"),
            ("ce-source", "\"/a b\""),
            ("content-type", "application/json; charset=utf-8"),
            ("accept", "*/*"),
        ]);
        let event = around(&headers, b"{\"values\": {\"x\": 1.50}}")
            .unwrap()
            .unwrap();
        let event = String::from_utf8(event).unwrap();
        assert!(event.contains("1.50"), "the data is as it was: {event}");
        let event: serde_json::Value = serde_json::from_str(&event).unwrap();
        let expected = serde_json::json!({
            "specversion": "1.0", "subject": "窨井 1", "source": "/a b",
            "datacontenttype": "application/json", "data": { "values": { "x": 1.5 } },
        });
        assert_eq!(event, expected);
    }

    #[test]
    fn what_is_no_attribute_is_refused_by_its_name() {
        for (name, value) in [
            ("ce-data", "{}"),
            ("ce-data_base64", "AA=="),
            ("ce-some-thing", "x"),
            ("ce-", "x"),
            ("ce-subject", "%FF"),
        ] {
            let headers = headers(&[(name, value)]);
            let problem = around(&headers, b"{}").unwrap_err();
            assert!(problem.detail().contains(name), "{problem:?}");
        }
    }

    #[test]
    fn a_percent_sign_that_begins_no_byte_is_itself() {
        assert_eq!(decoded("100%").as_deref(), Some("100%"));
        assert_eq!(decoded("%zz%41").as_deref(), Some("%zzA"));
        assert_eq!(decoded("%4").as_deref(), Some("%4"));
    }
}
