//! The framing, under every split of the stream.

use proptest::prelude::*;

use super::*;

const PAYLOAD_MAX: usize = 100;

fn publish(topic: &str, identifier: Option<u16>, properties: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut variable = u16::try_from(topic.len()).unwrap().to_be_bytes().to_vec();
    variable.extend_from_slice(topic.as_bytes());
    variable.extend(identifier.map(u16::to_be_bytes).into_iter().flatten());
    push_variable_integer(&mut variable, properties.len());
    variable.extend_from_slice(properties);
    let mut packet = vec![if identifier.is_some() { 0x32 } else { 0x30 }];
    push_variable_integer(&mut packet, variable.len() + payload.len());
    packet.extend(variable);
    packet.extend_from_slice(payload);
    packet
}

fn connect() -> Vec<u8> {
    b"\x10\x0e\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x01a".to_vec()
}

fn framer() -> Framer {
    let mut framer = Framer::new(PAYLOAD_MAX);
    framer.set_has_properties(true);
    framer
}

/// Feeds the stream in pieces, and gives every frame with the packet the core would see.
fn frames(stream: &[u8], piece_bytes: &[usize]) -> Result<Vec<(Frame, Vec<u8>)>, FrameError> {
    let mut framer = framer();
    let mut input = BytesMut::new();
    let mut out = Vec::new();
    let mut rest = stream;
    let mut pieces = piece_bytes.iter().cycle();
    while !rest.is_empty() {
        let (piece, later) = rest.split_at(rest.len().min(*pieces.next().unwrap()));
        input.extend_from_slice(piece);
        rest = later;
        while let Some(frame) = framer.next(&mut input)? {
            out.push((frame, framer.packet().to_vec()));
        }
    }
    assert!(input.is_empty(), "complete packets leave nothing behind");
    Ok(out)
}

proptest! {
    #[test]
    fn any_split_of_the_stream_gives_the_same_packets(
        messages in prop::collection::vec(
            ("[a-z/]{1,40}", prop::option::of(1..=u16::MAX), 0..3usize, 0..400usize), 1..20),
        piece_bytes in prop::collection::vec(1..200usize, 1..20),
    ) {
        let mut stream = connect();
        for (topic, identifier, n_properties, payload_bytes) in &messages {
            let properties = [0x01, 0x00].repeat(*n_properties);
            stream.extend(publish(topic, *identifier, &properties, &vec![7; *payload_bytes]));
            stream.extend([0xc0, 0x00]);
        }
        let whole = frames(&stream, &[stream.len()]).unwrap();
        prop_assert_eq!(whole.len(), 1 + 2 * messages.len());
        prop_assert_eq!(&frames(&stream, &piece_bytes).unwrap(), &whole);
        for ((.., payload_bytes), pair) in messages.iter().zip(whole[1..].chunks(2)) {
            let Frame::Publish(body) = &pair[0].0 else { panic!("not a publish: {pair:?}") };
            prop_assert_eq!(body.payload_bytes, *payload_bytes);
            prop_assert_eq!(&pair[1].1, &vec![0xc0, 0x00]);
        }
    }

    #[test]
    fn no_stream_of_bytes_breaks_the_framer(
        garbage in prop::collection::vec(any::<u8>(), 0..600),
        piece in 1..50usize,
    ) {
        let mut framer = framer();
        let mut input = BytesMut::from(connect().as_slice());
        for chunk in garbage.chunks(piece) {
            input.extend_from_slice(chunk);
            loop {
                match framer.next(&mut input) {
                    Ok(Some(_)) => {}
                    Ok(None) => break,
                    Err(_) => return Ok(()),
                }
            }
        }
    }
}

#[test]
fn an_oversized_payload_is_cut_to_its_head_and_the_next_packet_is_found() {
    let payload = vec![b'x'; 10 * 1024 * 1024];
    let mut stream = connect();
    stream.extend(publish("a/b", Some(9), &[], &payload));
    stream.extend([0xc0, 0x00]);
    let frames = frames(&stream, &[50_000]).unwrap();
    let Frame::Publish(body) = &frames[1].0 else {
        panic!("{frames:?}")
    };
    assert_eq!(body.payload.len(), PAYLOAD_HEAD_BYTES);
    assert_eq!(body.payload_bytes, payload.len());
    assert_eq!(frames[1].1, publish("a/b", Some(9), &[], &[]));
    assert_eq!(frames[2].0, Frame::Control);
}

#[test]
fn an_oversized_payload_is_not_buffered() {
    let mut framer = framer();
    let mut input = BytesMut::from(connect().as_slice());
    framer.next(&mut input).unwrap();
    let packet = publish("a/b", Some(9), &[], &vec![b'x'; 1024 * 1024]);
    for piece in packet.chunks(1_000) {
        input.extend_from_slice(piece);
        let frame = framer.next(&mut input).unwrap();
        assert!(
            input.len() <= PAYLOAD_HEAD_BYTES + 1_000 || frame.is_some(),
            "{}",
            input.len()
        );
    }
}

#[test]
fn what_is_too_large_or_malformed_ends_the_stream() {
    let subscribe = [0x82, 0xff, 0xff, 0x7f];
    let five_byte_length = [0x30, 0xff, 0xff, 0xff, 0xff, 0x01];
    let identifier_zero = publish("a", Some(0), &[], b"");
    let topic_beyond_the_packet = [0x30, 0x03, 0x00, 0x09, b'a'];
    for (bytes, expected) in [
        (subscribe.as_slice(), FrameError::TooLarge),
        (five_byte_length.as_slice(), FrameError::Malformed),
        (identifier_zero.as_slice(), FrameError::Malformed),
        (topic_beyond_the_packet.as_slice(), FrameError::Malformed),
    ] {
        let stream = [connect().as_slice(), bytes].concat();
        assert_eq!(frames(&stream, &[1_000]), Err(expected), "{bytes:?}");
    }
}

#[test]
fn the_first_packet_must_be_connect() {
    assert_eq!(frames(&[0xc0, 0x00], &[10]), Err(FrameError::NotConnect));
}
