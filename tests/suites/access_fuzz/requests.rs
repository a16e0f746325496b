//! Requests that make little sense, byte by byte as no client library would send them.

use std::fmt::Write as _;

use egret_tests::dice::Dice;
use egret_tests::matrix::beyond;
use egret_tests::matrix::cell::Cell;
use egret_tests::matrix::city;
use egret_tests::matrix::label::{Place, markers};
use egret_tests::matrix::truth::Truth;
use egret_tests::routes;
use egret_tests::wire::Wire;

use crate::{Count, chance, one};

/// Names of what a request may say after its `?`.
const NAMES: [&str; 22] = [
    "area", "feed", "limit", "cursor", "from", "to", "step", "as_of", "at", "hours", "rule",
    "level", "state", "status", "reason", "q", "actor", "action", "outcome", "topic", "encoding",
    "nothing",
];

/// Values that are none of the city's ids.
const ODD: [&str; 34] = [
    "",
    "0",
    "1",
    "2",
    "7",
    "200",
    "1000",
    "-1",
    "18446744073709551616",
    "1e9",
    "NaN",
    "2020-01-01T00:00:00Z",
    "2026-11-29T00:00:00Z",
    "2100-01-01T00:00:00+08:00",
    "0000-00-00",
    "1m",
    "1h",
    "1d",
    "90s",
    "firing",
    "reported",
    "orange",
    "out_of_range",
    "null",
    "*",
    "%00",
    "%ff%fe",
    "..%2f..%2f",
    "%2e%2e/",
    "'%20OR%201=1--",
    "\u{5e02}",
    "%E5%B8%82",
    "a%0d%0aX:%20y",
    "{}",
];

pub(crate) fn ask(
    cell: Cell<'_>,
    truth: &Truth,
    dice: &mut Dice,
    n_requests: usize,
    count: &mut Count,
) {
    let routes = routes::all();
    let mut wire = Wire::to(cell.stage.server.http);
    for _ in 0..n_requests {
        let route = one(dice, &routes);
        // What changes the server is tried elsewhere: an admin would succeed.
        let method = if chance(dice, 12) { "HEAD" } else { "GET" };
        let path = path(dice, truth, &route.path);
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n{}\r\n",
            cell.stage.server.http,
            cell.holder.secret,
            headers(dice)
        );
        let heard = if wire.say(&request) {
            if method == "HEAD" {
                wire.hear_head()
            } else {
                wire.hear()
            }
        } else {
            None
        };
        count.requests += 1;
        let Some(answer) = heard else {
            // It was no request that could be answered.
            wire = Wire::to(cell.stage.server.http);
            continue;
        };
        count.answered += usize::from(answer.status == 200);
        count.markers += markers(&answer.body).len();
        let cell = if path.contains("catalog") {
            cell.allowing(in_catalog)
        } else {
            cell
        };
        cell.search(&decoded(&path), &answer.body);
        cell.search(&path, &format!("{:?}", answer.headers));
        if answer.status >= 500 && answer.status != 503 {
            cell.missing(format_args!("{path}: {} {}", answer.status, answer.body));
        }
        if answer.status == 101 || answer.header("connection") == Some("close") {
            wire = Wire::to(cell.stage.server.http);
        }
    }
}

fn in_catalog(
    reader: &egret_tests::matrix::reader::Reader,
    marker: &egret_tests::matrix::label::Marker,
) -> bool {
    beyond::is_in_catalog(reader, marker) || beyond::is_somewhere(reader, marker)
}

/// What was asked for, also where it was written in another way.
fn decoded(path: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = path.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        let byte = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        let escaped = byte.filter(|_| first == b'%');
        bytes.push(escaped.unwrap_or(first));
        rest = if escaped.is_some() {
            &after[2..]
        } else {
            after
        };
    }
    format!("{path} {}", String::from_utf8_lossy(&bytes))
}

fn headers(dice: &mut Dice) -> String {
    let some = [
        "",
        "",
        "",
        "Accept: text/html\r\n",
        "X-Egret: 1\r\n",
        "Range: bytes=0-10\r\n",
        "If-None-Match: *\r\n",
        "Accept-Language: zh\r\n",
        "X-Original-URL: /api/v1/catalog\r\n",
        "X-HTTP-Method-Override: GET\r\n",
    ];
    (*one(dice, &some)).to_owned()
}

/// An id of something that there is, or something else.
pub(crate) fn value(dice: &mut Dice, truth: &Truth) -> String {
    match dice.below(9) {
        0 => one(dice, &city::assets()).id.clone(),
        1 => one(dice, &city::feeds()).clone(),
        2 => one(dice, &truth.metrics).id.clone(),
        3 => one(dice, &Place::AREAS).code(),
        4 => one(dice, &truth.incidents).id.clone(),
        5 => one(dice, &truth.rules).id.clone(),
        6 => dice.below(900).to_string(),
        7 => {
            let long = usize::try_from(dice.below(3_000)).unwrap_or(0);
            "x".repeat(long)
        }
        _ => (*one(dice, &ODD)).to_owned(),
    }
}

fn path(dice: &mut Dice, truth: &Truth, route: &str) -> String {
    let mut path = String::new();
    for part in route.split('/').skip(1) {
        let part = match part {
            "{feed}" if !chance(dice, 5) => one(dice, &city::feeds()).clone(),
            "{asset}" if !chance(dice, 5) => one(dice, &city::assets()).id.clone(),
            "{report}" if !chance(dice, 5) => one(dice, &city::assets()).id.replace("fix", "rep"),
            "{seq}" if !chance(dice, 5) => dice.below(900).to_string(),
            "{*file}" if !chance(dice, 3) => "land.geojson".to_owned(),
            "{id}" if route.contains("metrics") && !chance(dice, 5) => {
                one(dice, &truth.metrics).id.clone()
            }
            "{id}" if !chance(dice, 5) => one(dice, &truth.incidents).id.clone(),
            part if part.starts_with('{') => value(dice, truth),
            part => part.to_owned(),
        };
        let join = if chance(dice, 60) { "//" } else { "/" };
        path.push_str(join);
        path.push_str(&bent(dice, &part));
    }
    for n in 0..dice.below(4) {
        path.push(if n == 0 { '?' } else { '&' });
        let name = one(dice, &NAMES);
        let own = match *name {
            "area" if !chance(dice, 4) => one(dice, &Place::AREAS).code(),
            "feed" if !chance(dice, 4) => one(dice, &city::feeds()).clone(),
            "rule" if !chance(dice, 4) => one(dice, &truth.rules).id.clone(),
            _ => value(dice, truth),
        };
        let own = bent(dice, &own);
        write!(path, "{name}={own}").expect("a text takes everything");
    }
    path.replace(['\r', '\n', ' '], "%20")
}

/// The same in another way of writing, or nearly the same, now and then.
fn bent(dice: &mut Dice, part: &str) -> String {
    match dice.below(40) {
        0 => part.bytes().fold(String::new(), |mut text, byte| {
            write!(text, "%{byte:02x}").expect("a text takes everything");
            text
        }),
        1 => format!("./{part}"),
        2 => format!("x/../{part}"),
        3 => format!("x/%2e%2e/{part}"),
        4 => part.to_uppercase(),
        5 => format!("{part}%00"),
        6 => format!("{part};x=y"),
        7 => format!("{part}/"),
        8 => format!("{part}%2f"),
        9 => format!("\u{ff0e}{part}"),
        _ => part.to_owned(),
    }
}
