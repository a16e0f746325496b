//! What HTTP says of a message beside its body: the content type, and of a CloudEvent in binary mode the
//! attributes, which are headers.
//!
//! # Source
//! HTTP Protocol Binding for CloudEvents 1.0.2, section 3.1.

use axum::http::HeaderMap;
use egret_mqtt::taker::Beside;

use super::{content_type, wrong_kind};
use crate::api::problem::Problem;

/// The header that makes a request a CloudEvent in binary mode.
pub(super) const VERSION: &str = "ce-specversion";

/// What the names of headers with attributes begin with.
const PREFIX: &str = "ce-";

/// What `headers` say of a message that is no CloudEvent in binary mode; nothing if they say nothing.
pub(super) fn plain(headers: &HeaderMap) -> Option<Beside> {
    let content_type = content_type(headers);
    (!content_type.is_empty()).then(|| Beside {
        content_type,
        ..Beside::default()
    })
}

/// What `headers` say of the data of a CloudEvent, attributes with their full names.
///
/// # Errors
/// 415 for data of another kind than JSON, as which alone it can be read; 400 for a header that is no
/// attribute.
pub(super) fn of_data(headers: &HeaderMap) -> Result<Beside, Problem> {
    let content_type = content_type(headers);
    let is_json = content_type.is_empty()
        || content_type.ends_with("/json")
        || content_type.ends_with("+json");
    if !is_json {
        let detail = format!("the data of a CloudEvent must be JSON, {content_type} is none");
        return Err(wrong_kind(detail));
    }
    let mut properties = Vec::new();
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
        let value = std::str::from_utf8(value.as_bytes());
        let value = value
            .map_err(|error| Problem::bad(format!("the header {name} is not UTF-8: {error}")))?;
        properties.push((name.to_string(), value.to_owned()));
    }
    Ok(Beside {
        content_type,
        properties,
        ..Beside::default()
    })
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
    fn attributes_are_what_their_headers_say_and_other_headers_are_none() {
        let headers = headers(&[
            ("ce-specversion", "1.0"),
            ("ce-subject", "%E7%AA%A8%E4%BA%95%201"),
            ("content-type", "application/JSON; charset=utf-8"),
            ("accept", "*/*"),
        ]);
        let mut beside = of_data(&headers).unwrap();
        beside.properties.sort();
        let own = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let expected = Beside {
            content_type: "application/json".to_owned(),
            properties: vec![
                own("ce-specversion", "1.0"),
                own("ce-subject", "%E7%AA%A8%E4%BA%95%201"),
            ],
            ..Beside::default()
        };
        assert_eq!(beside, expected);
        assert_eq!(plain(&headers).unwrap().properties, []);
        assert_eq!(plain(&HeaderMap::new()), None);
    }

    #[test]
    fn what_is_no_attribute_is_refused_by_its_name() {
        for (name, value) in [
            ("ce-data", "{}"),
            ("ce-data_base64", "AA=="),
            ("ce-some-thing", "x"),
            ("ce-", "x"),
        ] {
            let problem = of_data(&headers(&[(name, value)])).unwrap_err();
            assert!(problem.detail().contains(name), "{problem:?}");
        }
    }
}
