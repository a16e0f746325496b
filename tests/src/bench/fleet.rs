//! The sensors' messages: 250 bytes of native JSON with an id, a time in microseconds, a position
//! and a value, made by filling in a form, so that the load costs little beside the server.

use std::sync::atomic::{AtomicU64, Ordering};

use egret_shared::time::TimeMs;

use super::city;
use super::load::now_us;

/// Length of a payload.
pub const PAYLOAD_BYTES: usize = 250;

/// Letters stand for what is filled in; spaces after a number are allowed by JSON.
const FORM: &str = concat!(
    r#"{"id":"IIIIIIIIIIIIIIII","at":"TTTTTTTTTTTTTTTTTTTTTTTTTTZ","position":[PPPPPPPPPPPPPPPPPPPPPP],"#,
    r#""values":{"level":{"v":VVVVVVVVVVVVVVVV,"u":"m"}},"fw":"2.4.1","gateway":"gw-900000-1","#,
    r#""model":"bench gauge, level, radar, 80GHz, 4-20 mA","batt_mv":3610}"#,
);

const TOPIC: &str = "egret/v1/bench/";

/// All sensors, and the next message's id.
#[derive(Debug)]
pub struct Fleet {
    positions: Vec<String>,
    next_id: AtomicU64,
    /// Marked values are microseconds since then, so that they only ever rise.
    pub marks_from_us: i64,
}

/// One message to be written.
#[derive(Clone, Copy, Debug)]
pub struct Sent {
    /// The sensor's number.
    pub asset: usize,
    /// When it was measured, microseconds since the epoch.
    pub at_us: i64,
    /// The reading, in thousandths.
    pub milli: u64,
}

/// Writes one thread's messages.
#[derive(Debug)]
pub struct Form<'a> {
    fleet: &'a Fleet,
    topic: Vec<u8>,
    payload: Vec<u8>,
    second: i64,
}

impl Default for Fleet {
    fn default() -> Self {
        Self {
            positions: city::positions(),
            next_id: AtomicU64::new(1),
            marks_from_us: now_us(),
        }
    }
}

impl Fleet {
    /// A form to fill in.
    pub fn form(&self) -> Form<'_> {
        assert_eq!(FORM.len(), PAYLOAD_BYTES, "the form's length");
        Form {
            fleet: self,
            topic: format!("{TOPIC}{}", city::asset_id(0)).into_bytes(),
            payload: FORM.as_bytes().to_vec(),
            second: i64::MIN,
        }
    }
}

impl Form<'_> {
    /// Topic and payload of the message; its id is new.
    pub fn fill(&mut self, sent: Sent) -> (&[u8], &[u8]) {
        let id = self.fleet.next_id.fetch_add(1, Ordering::Relaxed);
        put_digits(&mut self.payload[place("I")], id);
        self.put_time(sent.at_us);
        let position = &self.fleet.positions[sent.asset];
        self.payload[place("P")].copy_from_slice(position.as_bytes());
        self.put_value(sent.milli);
        put_digits(&mut self.topic[TOPIC.len() + 2..], sent.asset as u64);
        (&self.topic, &self.payload)
    }

    fn put_time(&mut self, at_us: i64) {
        let (second, micros) = (at_us.div_euclid(1_000_000), at_us.rem_euclid(1_000_000));
        let place = place("T");
        if second != self.second {
            let json = serde_json::to_string(&TimeMs(second * 1_000)).expect("a time is JSON");
            let date_and_time = json
                .trim_matches('"')
                .get(..19)
                .expect("RFC 3339 begins so");
            self.payload[place.start..place.start + 19].copy_from_slice(date_and_time.as_bytes());
            self.second = second;
        }
        self.payload[place.start + 19] = b'.';
        put_digits(
            &mut self.payload[place.start + 20..place.end],
            micros.unsigned_abs(),
        );
    }

    fn put_value(&mut self, milli: u64) {
        let text = format!("{}.{:03}", milli / 1_000, milli % 1_000);
        let slot = &mut self.payload[place("V")];
        slot.fill(b' ');
        slot[..text.len()].copy_from_slice(text.as_bytes());
    }
}

/// Where the form says `letter`, four times and more in a row.
fn place(letter: &str) -> std::ops::Range<usize> {
    let start = FORM.find(&letter.repeat(4)).expect("the form has it");
    let rest = &FORM[start..];
    let length = rest.len() - rest.trim_start_matches(letter).len();
    start..start + length
}

fn put_digits(slot: &mut [u8], mut number: u64) {
    for digit in slot.iter_mut().rev() {
        *digit = b'0' + u8::try_from(number % 10).unwrap_or_default();
        number /= 10;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn a_filled_form_is_a_native_message_of_250_bytes() {
        let fleet = Fleet::default();
        let mut form = fleet.form();
        let sent = Sent {
            asset: 12_345,
            at_us: 1_782_079_500_123_456,
            milli: 1_420,
        };
        let (topic, payload) = form.fill(sent);
        assert_eq!(topic, b"egret/v1/bench/S-12345");
        assert_eq!(payload.len(), PAYLOAD_BYTES);
        let json: Value = serde_json::from_slice(payload).unwrap();
        assert_eq!(json["at"], "2026-06-21T22:05:00.123456Z");
        assert_eq!(json["values"]["level"]["v"], 1.42);
        assert!(json["position"][1].as_f64().unwrap() > 24.4);
    }
}
