//! What the state in memory and the file owe one another.

use std::net::IpAddr;

use egret_shared::people::{FirstStart, SignIn};
use proptest::prelude::*;

use super::*;
use crate::throttle::SIGN_IN;

const PASSWORD: &str = "correct horse";
const START: TimeMs = TimeMs(1_782_079_500_000);

/// Somebody who tries, from where, at which name, with which cookie, after how long.
#[derive(Clone, Debug)]
struct Attack {
    address: IpAddr,
    name: String,
    cookie: Cookie,
    after_ms: i64,
}

#[derive(Clone, Debug)]
enum Cookie {
    None,
    Nonsense(String),
    /// Their own account's, which is genuine.
    Own,
}

fn attacks() -> impl Strategy<Value = Vec<Attack>> {
    let address = prop_oneof![
        Just("10.0.0.1".parse::<IpAddr>().unwrap()),
        any::<u32>().prop_map(|bits| IpAddr::from(bits.to_be_bytes())),
        any::<u128>().prop_map(|bits| IpAddr::from(bits.to_be_bytes())),
    ];
    let name = prop_oneof![
        4 => Just("lin".to_owned()),
        1 => Just(" LIN ".to_owned()),
        1 => Just("mallory".to_owned()),
        1 => any::<String>(),
    ];
    let cookie = prop_oneof![
        Just(Cookie::None),
        any::<String>().prop_map(Cookie::Nonsense),
        Just(Cookie::Own),
    ];
    let attack = (address, name, cookie, 0..60_000_i64);
    let attack = attack.prop_map(|(address, name, cookie, after_ms)| Attack {
        address,
        name,
        cookie,
        after_ms,
    });
    proptest::collection::vec(attack, 0..80)
}

fn form(name: &str, password: &str) -> SignIn {
    SignIn {
        name: name.to_owned(),
        password: password.to_owned(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn nobody_can_lock_a_known_browser_with_the_right_password(attacks in attacks()) {
        let folder = tempfile::tempdir().unwrap();
        let people =
            People::open_at(folder.path(), Settings::default(), Cost::LEAST, START).unwrap();
        let home = Visit::new("10.0.0.1".parse().unwrap(), "home");
        let start = FirstStart {
            code: people.first_code().unwrap(),
            name: "lin".to_owned(),
            password: PASSWORD.to_owned(),
        };
        let mut known = people.first_start(&home, &start, START).unwrap().known.unwrap();
        let mallory = serde_json::from_str(r#"{"name": "mallory", "password": "mallory's own"}"#);
        people.add_user(&Actor::console(), &mallory.unwrap(), START).unwrap();
        let own = people
            .sign_in(&home, &form("mallory", "mallory's own"), None, START)
            .unwrap();
        let own = own.known.unwrap();
        let mut now = START;
        for (place, attack) in attacks.iter().enumerate() {
            now = now.plus(Span(attack.after_ms));
            let cookie = match &attack.cookie {
                Cookie::None => None,
                Cookie::Nonsense(text) => Some(text.as_str()),
                Cookie::Own => Some(own.as_str()),
            };
            let visit = Visit::new(attack.address, "evil");
            let tried = people.sign_in(&visit, &form(&attack.name, "a wrong one"), cookie, now);
            prop_assert!(tried.is_err());
            if place % 7 == 0 {
                // From the attacker's own address, even.
                let visit = Visit::new(attack.address, "home");
                let opened = people.sign_in(&visit, &form("lin", PASSWORD), Some(&known), now);
                known = opened.unwrap().known.unwrap();
            }
        }
        let opened = people.sign_in(&home, &form("lin", PASSWORD), Some(&known), now);
        prop_assert!(opened.is_ok(), "{opened:?}");
        prop_assert_eq!(people.verify(None).unwrap().fault, None);
    }
}

#[test]
fn a_flood_of_tries_writes_few_lines() {
    let folder = tempfile::tempdir().unwrap();
    let people = People::open_at(folder.path(), Settings::default(), Cost::LEAST, START).unwrap();
    let visit = Visit::new("10.0.0.1".parse().unwrap(), "evil");
    for _ in 0..1_005 {
        let refused = people.sign_in(&visit, &form("nobody\n", "wrong"), None, START);
        refused.unwrap_err();
    }
    let filter = AuditFilter {
        action: Some(SIGN_IN.to_owned()),
        outcome: Some(Outcome::Denied),
        limit: 1_000,
        ..AuditFilter::default()
    };
    let rows = people.audit(&filter).unwrap();
    let details: Vec<&str> = rows.iter().rev().map(|row| row.detail.as_str()).collect();
    assert_eq!(details[..5], ["no such name"; 5]);
    assert_eq!(details[5], "locked");
    assert_eq!(details[6], "locked; 100 times from this address");
    assert_eq!(details.len(), 5 + 1 + 10);
    assert!(
        rows.iter()
            .all(|row| row.name == "nobody" && row.actor.is_empty())
    );
}
