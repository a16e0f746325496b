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
            decoded(value, name)?
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

/// A header's value with what is percent-encoded in it as the characters that it stands for.
///
/// # Source
/// HTTP Protocol Binding for CloudEvents 1.0.2, section 3.1.3.2.
fn decoded<'a>(value: &'a str, name: &str) -> Result<Cow<'a, str>, Rejection> {
    if !value.contains('%') {
        return Ok(Cow::Borrowed(value));
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
    String::from_utf8(bytes).map(Cow::Owned).map_err(|error| {
        let detail = format!("/{name}: {} is no UTF-8 in percent: {error}", shown(value));
        refusal(Reason::BadShape, detail)
    })
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}
