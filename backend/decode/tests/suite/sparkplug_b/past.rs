//! Messages that came long ago, read once more beside a session that goes on.

use super::*;

const BIRTH: &str = "spBv1.0/g/NBIRTH/n";
const DATA: &str = "spBv1.0/g/NDATA/n";

/// A message that came at `at_s`.
struct Sent {
    topic: &'static str,
    payload: Vec<u8>,
    at: TimeMs,
}

fn sent(topic: &'static str, seq: u64, at_s: i64, metrics: Vec<Metric>) -> Sent {
    Sent {
        topic,
        payload: payload(Some(seq), metrics).encode_to_vec(),
        at: TimeMs(NOW.0 + at_s * 1_000),
    }
}

/// A birth in which the alias 7 is a metric of this name.
fn birth(at_s: i64, name: &str) -> Sent {
    let metrics = vec![
        bd_seq(0),
        with_alias(7, metric(name, FLOAT, Value::Float(1.0))),
    ];
    sent(BIRTH, 0, at_s, metrics)
}

fn data(seq: u64, at_s: i64, value: f32) -> Sent {
    sent(DATA, seq, at_s, vec![changed(7, Value::Float(value))])
}

fn live(decoder: &Decoder, sent: &Sent) -> Vec<Element> {
    decoder.decode(&Message::new(sent.topic, &sent.payload, sent.at))
}

fn again(past: &egret_decode::Past<'_>, sent: &Sent) -> Vec<Element> {
    let message = Message::new(sent.topic, &sent.payload, sent.at);
    let mut elements = Vec::new();
    past.decode_each(&message, |element| elements.push(element));
    elements
}

fn read(elements: &[Element]) -> (String, f64) {
    let values = values(reading(elements));
    let [(name, value, _)] = values.as_slice() else {
        panic!("{values:?}");
    };
    ((*name).to_owned(), *value)
}

#[test]
fn an_alias_means_what_it_meant_when_its_message_came() {
    let decoder = decoder_of(PLAIN);
    live(&decoder, &birth(100, "new"));
    let past = decoder.past();
    // The birth of its time is among what is read once more …
    again(&past, &birth(10, "old"));
    assert_eq!(read(&again(&past, &data(5, 20, 2.0))), ("old".into(), 2.0));
    // … and later on the one that the live session has.
    assert_eq!(read(&again(&past, &data(9, 110, 3.0))), ("new".into(), 3.0));
}

#[test]
fn an_alias_without_the_birth_of_its_time_is_refused_and_nobody_is_asked_for_it() {
    let decoder = decoder_of(PLAIN);
    live(&decoder, &birth(100, "new"));
    let refused = refusal(again(&decoder.past(), &data(5, 20, 2.0)));
    let said = "/metrics/0: the alias 7: no birth of node \"n\" of group \"g\" from before it came";
    assert!(refused.detail.starts_with(said), "{}", refused.detail);
    assert!(
        refused
            .detail
            .ends_with("without its birth it cannot be read"),
        "{}",
        refused.detail
    );
    assert_eq!(decoder.rebirths(), []);
}

#[test]
fn what_an_older_birth_told_is_void_after_a_newer_one() {
    let decoder = decoder_of(PLAIN);
    live(&decoder, &sent(BIRTH, 0, 50, vec![bd_seq(1)]));
    let past = decoder.past();
    again(&past, &birth(10, "old"));
    refusal(again(&past, &data(1, 60, 2.0)));
    assert_eq!(read(&again(&past, &data(1, 20, 2.0))), ("old".into(), 2.0));
}

#[test]
fn the_live_session_goes_on_as_if_nothing_had_been_read() {
    let decoder = decoder_of(PLAIN);
    live(&decoder, &birth(100, "new"));
    live(&decoder, &data(1, 101, 1.0));
    let past = decoder.past();
    again(&past, &birth(10, "old"));
    for seq in [4, 200, 3] {
        again(&past, &data(seq, 11, 2.0));
    }
    let death = sent("spBv1.0/g/NDEATH/n", 0, 12, vec![bd_seq(0)]);
    assert_eq!(again(&past, &death), []);
    // Neither its numbering nor its aliases nor its life has changed, and nobody is asked.
    let next = live(&decoder, &data(2, 102, 4.0));
    assert_eq!(read(&next), ("new".into(), 4.0));
    assert_eq!(decoder.rebirths(), []);
    // Another who reads the past knows nothing of it either.
    refusal(again(&decoder.past(), &data(5, 20, 2.0)));
}

#[test]
fn a_format_that_remembers_nothing_reads_the_past_like_everything() {
    let decoder = decoder_of("[[feed]]\nid = \"s\"\nformat = \"senml\"\ntopic = \"s/+\"");
    let payload = br#"[{"n":"level","v":1.5}]"#;
    let message = Message::new("s/a", payload, NOW);
    let mut elements = Vec::new();
    decoder
        .past()
        .decode_each(&message, |element| elements.push(element));
    assert_eq!(elements.len(), 1);
    assert_eq!(elements, decoder.decode(&message));
}
