//! `hj212`: packets as stations send them, and packets that lie.
//!
//! The checksums of the packets that stand here in full were computed by another program than the
//! one that is tested; it gives 1C80 for the example of HJ 212-2017, appendix A, as it should.

use crate::feeds::{decode_by, decoder_of, message, reading, refusal, values};
use egret_decode::reading::{Decoded, Reading};
use egret_decode::{Element, limits};
use egret_shared::flags::Flags;
use egret_shared::rejection::Reason;
use proptest::prelude::*;

const PLAIN: &str = "[[feed]]\nid = \"h\"\nformat = \"hj212\"";

const NAMES: &str = r#"
a34004 = { property = "pm2_5", unit = "ug/m3" }
a34002 = { property = "pm10", unit = "ug/m3" }
w01018 = { property = "cod", unit = "mg/L" }
"w01018-Max" = { property = "cod_max", unit = "mg/L" }
"#;

/// An air station, every five minutes.
const AIR: &str = "##0198QN=20260622060500000;ST=22;CN=2011;PW=123456;MN=010000A8900016F000169DC0;\
                   Flag=5;CP=&&DataTime=20260622060500;a34004-Rtd=35.5,a34004-Flag=N;a34002-Rtd=71,\
                   a34002-Flag=D;a01001-Rtd=26.1,a01001-Flag=T&&7700\r\n";

/// A sewage works, every ten minutes.
const MINUTES: &str = "##0156ST=32;CN=2051;PW=123456;MN=88888811111006;Flag=4;CP=&&DataTime=\
                       20260622060000;w01018-Min=16.0,w01018-Avg=17.2,w01018-Max=19.9,\
                       w01018-Cou=0.4,w01018-Flag=N&&A141\r\n";

/// The same, an analyser of which took its sample an hour before.
const SAMPLED: &str = "##0199QN=20260622060500000;ST=32;CN=2011;PW=123456;MN=81733553213013;Flag=4;\
                       CP=&&DataTime=20260622060500;w00000-Rtd=181.682,w00000-Flag=N;\
                       w01018-SampleTime=20260622050400,w01018-Rtd=194.200,w01018-Flag=N&&2940\r\n";

/// The first of two segments, which has its own time.
const FIRST: &str = "##0121ST=31;CN=2051;PW=123456;MN=756877X7916010;Flag=7;PNUM=2;PNO=1;\
                     CP=&&DataTime=20260622060000;a01011-Avg=3.1,a01011-Flag=N&&C741\r\n";

/// The second, which has not.
const SECOND: &str = "##0098ST=31;CN=2051;PW=123456;MN=756877X7916010;Flag=7;PNUM=2;PNO=2;\
                      CP=&&a01012-Avg=99.1,a01012-Flag=N&&1C80\r\n";

/// HJ 212-2017, appendix A: the answer to a command, with the standard's own checksum.
const STANDARD: &str = "##0101QN=20160801085857223;ST=32;CN=1062;PW=100000;\
                        MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&1C80\r\n";

/// 2026-06-22T06:05:00+08:00.
const AT_US: i64 = 1_782_079_500_000_000;

fn plain(payload: &str) -> Vec<Element> {
    decode_by(PLAIN, "", payload)
}

fn listed(payload: &str) -> Vec<Element> {
    decode_by(&format!("{PLAIN}\n[feed.names]{NAMES}"), "", payload)
}

fn readings(elements: Vec<Element>) -> Vec<Reading> {
    let reading = |element: Element| match element {
        Ok(Decoded::Reading(reading)) => reading,
        other => panic!("{other:?} is no reading"),
    };
    elements.into_iter().map(reading).collect()
}

/// A packet of any data segment, with the length and checksum that it should have.
fn packet(segment: &str) -> String {
    let checksum = segment.bytes().fold(0xffff_u16, |register, byte| {
        let mut register = (register >> 8) ^ u16::from(byte);
        for _ in 0..8 {
            let carry = register & 1 == 1;
            register >>= 1;
            if carry {
                register ^= 0xa001;
            }
        }
        register
    });
    format!("##{:04}{segment}{checksum:04X}\r\n", segment.len())
}

#[test]
fn an_air_stations_packet_is_a_reading_with_the_instruments_own_doubts() {
    let reading = reading(plain(AIR));
    assert_eq!(reading.asset.as_str(), "010000A8900016F000169DC0");
    assert_eq!(reading.at.unwrap().us, AT_US);
    assert_eq!((reading.message, reading.position), (None, None));
    let read: Vec<_> = reading
        .values
        .iter()
        .map(|value| (value.property.as_str(), value.v, value.flags))
        .collect();
    let expected = [
        ("a34004", 35.5, Flags::NONE),
        ("a34002", 71.0, Flags::DOUBTED),
        ("a01001", 26.1, Flags::RANGE),
    ];
    assert_eq!(read, expected);
}

#[test]
fn listed_codes_are_taken_in_their_unit_and_others_passed_over() {
    let taken = reading(listed(AIR));
    let expected = [
        ("pm2_5", 35.5, Some("ug/m3")),
        ("pm10", 71.0, Some("ug/m3")),
    ];
    assert_eq!(values(&taken), expected);
    let minutes = reading(listed(MINUTES));
    let expected = [("cod", 17.2, Some("mg/L")), ("cod_max", 19.9, Some("mg/L"))];
    assert_eq!(values(&minutes), expected);
    let by_code = reading(plain(MINUTES));
    assert_eq!(values(&by_code), [("w01018", 17.2, None)]);
}

#[test]
fn a_factor_with_a_sample_time_of_its_own_is_a_reading_of_its_own() {
    let read: Vec<_> = readings(plain(SAMPLED))
        .iter()
        .map(|reading| (reading.at.unwrap().us - AT_US, reading.values[0].v))
        .collect();
    assert_eq!(read, [(0, 181.682), (-61 * 60_000_000, 194.2)]);
}

#[test]
fn a_segment_stands_alone_if_it_has_its_own_time_and_is_refused_otherwise() {
    let elements = plain(&format!("{FIRST}{SECOND}"));
    let [Ok(Decoded::Reading(first)), Err(second)] = elements.as_slice() else {
        panic!("{elements:?}");
    };
    assert_eq!(values(first), [("a01011", 3.1, None)]);
    assert_eq!(second.reason, Reason::BadTime);
    let expected =
        "byte 133: segment 2 of 2 has no DataTime of its own, and a segment is judged alone";
    assert_eq!(second.detail, expected);
}

#[test]
fn the_standards_example_is_a_good_packet_of_a_command_without_values() {
    let refused = refusal(plain(STANDARD));
    assert_eq!(refused.reason, Reason::NoValue);
    let expected = "byte 0, CN: \"1062\" uploads no values, only 2011, 2031, 2051, 2061 do";
    assert_eq!(refused.detail, expected);
}

#[test]
fn every_mark_of_the_standards_becomes_a_flag() {
    for (mark, flags) in [
        ("N", Flags::NONE),
        ("F", Flags::DOUBTED),
        ("M", Flags::DOUBTED),
        ("S", Flags::DOUBTED),
        ("D", Flags::DOUBTED),
        ("C", Flags::DOUBTED),
        ("T", Flags::RANGE),
        ("B", Flags::DOUBTED),
        ("P", Flags::DOUBTED),
        ("0", Flags::DOUBTED),
        ("1", Flags::NONE),
        ("2", Flags::DOUBTED),
        ("3", Flags::NONE),
        ("", Flags::DOUBTED),
        ("hd", Flags::DOUBTED),
    ] {
        let segment = format!(
            "ST=22;CN=2011;MN=a;CP=&&DataTime=20260622060500;a34004-Flag={mark},a34004-Rtd=1&&"
        );
        assert_eq!(
            reading(plain(&packet(&segment))).values[0].flags,
            flags,
            "{mark}"
        );
    }
}

#[test]
fn a_packet_may_end_with_the_message_and_its_checksum_may_be_small() {
    let small = AIR.trim_end().to_owned();
    assert_eq!(readings(plain(&small)).len(), 1);
    let minutes = MINUTES.trim_end().replace("A141", "a141");
    assert_eq!(readings(plain(&minutes)).len(), 1);
    assert_eq!(
        readings(plain(&format!("{AIR}{MINUTES}{SAMPLED}"))).len(),
        4
    );
    assert_eq!(readings(plain(&format!("{AIR}\r\n{MINUTES} \n"))).len(), 2);
}

#[test]
fn a_packet_that_lies_is_refused_and_the_next_is_read() {
    for (lie, said) in [
        (
            AIR.replace("7700", "7701"),
            "byte 204: the checksum is 7701, and the data's is 7700",
        ),
        (AIR.replace("Flag=D", "Flag=N"), "the checksum is 7700"),
        (AIR.replace("0198", "0197"), "byte 203: no checksum"),
        (
            AIR.replace("0198", "9999"),
            "byte 6: the data segment has 9999 bytes, and ",
        ),
        (
            AIR.replace("0198", "01 8"),
            "byte 2: four digits of the data segment's length",
        ),
        (AIR.replace("##", "#!"), "byte 0: a packet begins with ##"),
        (
            AIR.replace("7700\r\n", "7700;\r\n"),
            "byte 208: a packet ends with CR and LF",
        ),
    ] {
        let elements = plain(&format!("{lie}{MINUTES}"));
        assert_eq!(elements.len(), 2, "{lie} {elements:?}");
        let refused = elements[0].clone().unwrap_err();
        assert_eq!(refused.reason, Reason::BadShape);
        assert!(refused.detail.contains(said), "{}", refused.detail);
        assert!(elements[1].is_ok(), "{lie} {elements:?}");
    }
}

/// Data segments that are refused although length and checksum fit.
const REFUSED: &[(&str, Reason, &str)] = &[
    ("", Reason::BadShape, "byte 6: no CP=&&"),
    ("MN=a;CN=2011", Reason::BadShape, "no CP=&&"),
    (
        "MN=a;CN=2011;CP=&&DataTime=20260622060500",
        Reason::BadShape,
        "CP does not end in &&",
    ),
    (
        "MN=a;CP=&&DataTime=20260622060500;a-Rtd=1&&",
        Reason::BadShape,
        "byte 0: no CN",
    ),
    (
        "CN=2011;MN=;CP=&&DataTime=20260622060500;a-Rtd=1&&",
        Reason::BadShape,
        "byte 0: no MN",
    ),
    (
        "CN=2011;MN=a;CP=&&a-Rtd=1&&",
        Reason::BadTime,
        "byte 0: no DataTime in CP",
    ),
    (
        "CN=2011;MN=a;CP=&&DataTime=2026062206,a-Rtd=1&&",
        Reason::BadTime,
        "byte 24, DataTime: \"2026062206\"",
    ),
    (
        "CN=2011;MN=a;CP=&&DataTime=20260231000000,a-Rtd=1&&",
        Reason::BadTime,
        "byte 24, DataTime",
    ),
    (
        "CN=2011;MN=a;CP=&&DataTime=20260622060500;a-SampleTime=x,a-Rtd=1&&",
        Reason::BadTime,
        "a-SampleTime",
    ),
    (
        "CN=2011;MN=a;CP=&&DataTime=20260622060500&&",
        Reason::NoValue,
        "byte 0: no value",
    ),
    (
        "CN=2011;MN=a;CP=&&DataTime=20260622060500;a-Rtd=,a-Flag=D&&",
        Reason::NoValue,
        "no value",
    ),
    (
        "CN=2011;MN=a;CP=&&DataTime=20260622060500;a-Rtd=--&&",
        Reason::BadShape,
        "byte 48, a-Rtd: \"--\", expected a number",
    ),
    (
        "CN=2011;MN=a;CP=&&DataTime=20260622060500;a-Rtd=NaN&&",
        Reason::BadShape,
        "\"NaN\"",
    ),
    (
        "CN=2011;MN=a;CP=&&DataTime=20260622060500;a-Rtd=inf&&",
        Reason::BadShape,
        "\"inf\"",
    ),
    (
        "CN=2011;MN=a;CP=&&DataTime=20260622060500;a-Rtd=1;a-Rtd=2&&",
        Reason::BadShape,
        "\"a-Rtd\" stands twice",
    ),
    (
        "CN=2011;MN=a;CP=&&DataTime=20260622060500;a-Rtd=1,a-Avg=2&&",
        Reason::BadShape,
        "a second value of \"a\"",
    ),
    (
        "CN=2011;MN=a;MN=b;CP=&&DataTime=20260622060500;a-Rtd=1&&",
        Reason::BadShape,
        "byte 19: \"MN\" stands twice",
    ),
    (
        "CN=2011;MN=a;CP=&&DataTime=20260622060500;a-Rtd&&",
        Reason::BadShape,
        "byte 48: \"a-Rtd\" has no =",
    ),
    (
        "CN=2011;MN=a;Flag=7;PNUM=2;PNO=3;CP=&&a-Rtd=1&&",
        Reason::BadShape,
        "PNUM and PNO",
    ),
    (
        "CN=2011;MN=a;Flag=7;CP=&&a-Rtd=1&&",
        Reason::BadShape,
        "PNUM and PNO",
    ),
    (
        "CN=2011;MN=a;PNUM=two;PNO=1;CP=&&a-Rtd=1&&",
        Reason::BadShape,
        "PNUM: \"two\"",
    ),
    (
        "CN=积;MN=a;CP=&&&&",
        Reason::BadShape,
        "byte 9: a byte beyond ASCII",
    ),
];

#[test]
fn what_is_refused_says_why_and_where() {
    for (segment, reason, said) in REFUSED {
        let refused = refusal(plain(&packet(segment)));
        assert_eq!(refused.reason, *reason, "{segment}: {}", refused.detail);
        assert!(
            refused.detail.contains(said),
            "{segment}: {}",
            refused.detail
        );
    }
    assert_eq!(refusal(plain("")).detail, "byte 0: a packet begins with ##");
}

#[test]
fn a_password_is_never_repeated() {
    for segment in [
        "PW=secret;PW=secret;CN=2011;MN=a;CP=&&&&",
        "PW=secret;CN=9;MN=a;CP=&&&&",
        "PW=secret;CN=2011;CP=&&&&",
    ] {
        let refused = refusal(plain(&packet(segment)));
        assert!(!refused.detail.contains("secret"), "{}", refused.detail);
    }
}

#[test]
fn a_message_with_more_packets_than_the_limit_is_refused_whole() {
    let small = packet("CN=2011;MN=a;CP=&&DataTime=20260622060500;a-Rtd=1&&");
    assert_eq!(
        plain(&small.repeat(limits::ELEMENTS_MAX)).len(),
        limits::ELEMENTS_MAX
    );
    let refused = refusal(plain(&small.repeat(limits::ELEMENTS_MAX + 1)));
    assert_eq!(refused.reason, Reason::TooMany);
}

#[test]
fn the_year_9999_and_huge_numbers_are_read_and_left_to_the_validator() {
    let segment = "CN=2011;MN=a;CP=&&DataTime=99991231235959;a-Rtd=1e300&&";
    let reading = reading(plain(&packet(segment)));
    assert!(reading.at.unwrap().us > 253_402_000_000_000_000);
    assert_eq!(values(&reading), [("a", 1e300, None)]);
}

proptest! {
    #[test]
    fn any_data_segment_with_a_good_checksum_is_taken_or_refused(
        segment in "(CN=2011;|CN=2051;|MN=a;|Flag=7;|PNO=1;|PNUM=2;|[ -~]{0,9}){0,6}\
                    CP=&&(DataTime=20260622060500;|a-Rtd=[0-9.]{0,4},|a-Flag=[A-Z];|[ -~]{0,9}){0,6}&&",
    ) {
        let elements = plain(&packet(&segment));
        prop_assert!(!elements.is_empty());
    }

    #[test]
    fn a_packet_with_one_byte_changed_is_refused(at in 0_usize..166, byte in any::<u8>()) {
        let mut payload = MINUTES.as_bytes().to_vec();
        let small = payload[at].eq_ignore_ascii_case(&byte);
        payload[at] = byte;
        let elements = decoder_of(PLAIN).decode(&message("", &payload));
        let is_taken = elements.iter().all(Result::is_ok);
        // The checksum's own letters may be large or small.
        let is_same = payload == MINUTES.as_bytes() || (at >= 162 && small);
        prop_assert_eq!(is_taken, is_same, "{} {:?}", at, elements);
    }
}
