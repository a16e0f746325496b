//! Binary mode: an event's attributes as they come beside its data.

use std::borrow::Cow;

use egret_shared::rejection::{Reason, Rejection};

use super::Event;
use crate::decoder::Message;
use crate::refuse::{refusal, shown};
use crate::scalar::Scalar;

/// What HTTP puts before an attribute's name.
const PREFIX: &str = "ce-";

/// Whether the attributes came beside the payload.
pub(super) fn is_binary(message: &Message<'_>) -> bool {
    let kind = message.content_type.trim_start();
    let own = "application/cloudevents";
    let is_own = kind
        .get(..own.len())
        .is_some_and(|kind| kind.eq_ignore_ascii_case(own));
    let mut names = message.properties.iter().map(|(name, _)| plain(name).0);
    !is_own && names.any(|name| name.eq_ignore_ascii_case("specversion"))
}

/// The envelope that the properties make; extensions are passed over.
///
/// # Errors
/// An attribute that stands twice, or whose text is no text.
pub(super) fn event<'a>(message: &Message<'a>) -> Result<Event<'a>, Rejection> {
    let mut event = Event::default();
    for (name, value) in message.properties {
        let (name, is_header) = plain(name);
        let slot = match name.to_ascii_lowercase().as_str() {
            "specversion" => &mut event.specversion,
            "id" => &mut event.id,
            "source" => &mut event.source,
            "type" => &mut event.kind,
            "subject" => &mut event.subject,
            "time" => &mut event.time,
            _ => continue,
        };
        let text = if is_header {
            header_text(value).ok_or_else(|| {
                let detail = format!("/{name}: {} is no UTF-8 in percent", shown(value));
                refusal(Reason::BadShape, detail)
            })?
        } else {
            Cow::Borrowed(*value)
        };
        if *slot != Scalar::Absent {
            let detail = format!("/{name}: the attribute stands twice");
            return Err(refusal(Reason::BadShape, detail));
        }
        *slot = Scalar::Text(text);
    }
    if !message.content_type.is_empty() {
        event.datacontenttype = Scalar::Text(Cow::Borrowed(message.content_type));
    }
    Ok(event)
}

/// An attribute's own name, and whether it came as a header.
fn plain(name: &str) -> (&str, bool) {
    match name.split_at_checked(PREFIX.len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case(PREFIX) => (rest, true),
        _ => (name, false),
    }
}

/// The text of the attribute `name` among what came beside a payload, properties or headers; `None` if
/// it is not there or no text.
pub fn event_attribute<'a>(properties: &[(&str, &'a str)], name: &str) -> Option<Cow<'a, str>> {
    let mut properties = properties.iter();
    let (found, value) = properties.find(|(of, _)| plain(of).0.eq_ignore_ascii_case(name))?;
    if plain(found).1 {
        header_text(value)
    } else {
        Some(Cow::Borrowed(value))
    }
}

/// What the value of a `ce-` header says: quotes around it are none of it, and bytes may be written as
/// `%E5`. `None` if that is no UTF-8.
///
/// # Source
/// HTTP Protocol Binding for CloudEvents 1.0.2, section 3.1.3.2.
pub fn header_text(value: &str) -> Option<Cow<'_, str>> {
    let inner = value.strip_prefix('"').and_then(|v| v.strip_suffix('"'));
    let value = match inner {
        Some(inner) => Cow::Owned(unescaped(inner)),
        None => Cow::Borrowed(value),
    };
    if !value.contains('%') {
        return Some(value);
    }
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let escaped = match behind {
            [high, low, ..] if *first == b'%' => digit(*high).zip(digit(*low)),
            _ => None,
        };
        // A percent sign that escapes nothing stands for itself.
        if let Some((high, low)) = escaped {
            bytes.push(high * 16 + low);
            rest = behind.get(2..).unwrap_or_default();
        } else {
            bytes.push(*first);
            rest = behind;
        }
    }
    String::from_utf8(bytes).ok().map(Cow::Owned)
}

/// A quoted text without the backslashes that quote its characters.
fn unescaped(quoted: &str) -> String {
    let mut chars = quoted.chars();
    let mut text = String::with_capacity(quoted.len());
    while let Some(c) = chars.next() {
        match c {
            '\\' => text.extend(chars.next()),
            c => text.push(c),
        }
    }
    text
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_says_what_stands_in_quotes_and_percent() {
        for (value, expected) in [
            ("/a/b", Some("/a/b")),
            ("\"/a \\\"b\\\\\"", Some("/a \"b\\")),
            ("%E7%AA%A8%E4%BA%95%201", Some("窨井 1")),
            ("100%", Some("100%")),
            ("%zz%41", Some("%zzA")),
            ("%4", Some("%4")),
            ("%FF", None),
        ] {
            assert_eq!(header_text(value).as_deref(), expected, "{value}");
        }
    }

    #[test]
    fn an_attribute_is_found_as_property_and_as_header() {
        let header = [("ce-feed", "%41ir"), ("CE-Subject", "M-1")];
        assert_eq!(event_attribute(&header, "feed").as_deref(), Some("Air"));
        assert_eq!(event_attribute(&header, "subject").as_deref(), Some("M-1"));
        let property = [("feed", "%41ir")];
        assert_eq!(event_attribute(&property, "feed").as_deref(), Some("%41ir"));
        assert_eq!(event_attribute(&property, "id"), None);
    }
}
