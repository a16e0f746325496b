//! Walls: pairing, signing in by a key, and changing the key.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use egret_people::{Opened, Refused};
use egret_shared::access::{Grant, Role, Scope};
use egret_shared::id::SceneId;
use egret_shared::people::{Approve, Ask, DeviceChange, DeviceSignIn, Kind, Pair, PairingState};
use egret_shared::time::TimeMs;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};

use crate::world::{DAY, MINUTE, SECOND, START, World, admin, at, visit, visit_from};

/// A wall's browser.
struct Wall(SigningKey);

impl Wall {
    fn new(number: u8) -> Self {
        Self(SigningKey::from_slice(&[number; 32]).unwrap())
    }

    fn key(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0.verifying_key().to_sec1_point(false).as_bytes())
    }

    fn pair(&self) -> Pair {
        Pair { key: self.key() }
    }

    fn sign(&self, text: &str) -> String {
        let signature: Signature = self.0.sign(text.as_bytes());
        URL_SAFE_NO_PAD.encode(signature.to_bytes())
    }

    fn form(&self, device: &str, nonce: &str, next: Option<&Self>) -> DeviceSignIn {
        let next_key = next.map(Self::key);
        let said = match &next_key {
            Some(next_key) => format!("egret-device-v1:{nonce}:{next_key}"),
            None => format!("egret-device-v1:{nonce}"),
        };
        DeviceSignIn {
            device: device.to_owned(),
            nonce: nonce.to_owned(),
            signature: self.sign(&said),
            next_key,
        }
    }
}

fn approve() -> Approve {
    Approve {
        name: "Hall".to_owned(),
        grants: vec![Grant::whole(Role::Viewer)],
        scenes: Scope::Only(vec![SceneId::new("overview")]),
    }
}

/// Pairs a wall; its id.
fn paired(world: &World, wall: &Wall) -> String {
    let pairing = world
        .people
        .ask_pairing(&visit(), &wall.pair(), START)
        .unwrap();
    let row = world
        .people
        .approve(&admin(), &pairing.code, &approve(), START)
        .unwrap();
    assert_eq!(row.id, pairing.id);
    pairing.id
}

fn nonce(world: &World, device: &str, now: TimeMs) -> String {
    let ask = Ask {
        device: device.to_owned(),
    };
    world.people.challenge(&ask, now).unwrap().nonce
}

fn sign_in(
    world: &World,
    device: &str,
    (wall, next): (&Wall, Option<&Wall>),
    now: TimeMs,
) -> Result<Opened, Refused> {
    let form = wall.form(device, &nonce(world, device, now), next);
    world.people.device_sign_in(&visit(), &form, now)
}

#[test]
fn a_wall_is_paired_by_its_code_however_it_is_typed_and_over_restarts() {
    let (world, _) = World::with_admin();
    let wall = Wall::new(1);
    let asked = world
        .people
        .ask_pairing(&visit(), &wall.pair(), START)
        .unwrap();
    assert_eq!((asked.code.len(), asked.state), (9, PairingState::Waiting));
    let again = world
        .people
        .ask_pairing(&visit(), &wall.pair(), at(SECOND))
        .unwrap();
    assert_eq!(again, asked, "the same wall gets the same code");
    let world = world.restarted();
    let rows = world.people.pairings(START);
    assert_eq!((rows.len(), &rows[0].code), (1, &asked.code));
    assert_eq!(
        (rows[0].address.as_str(), rows[0].agent.as_str()),
        ("10.0.0.1", "Browser/1")
    );
    let typed = asked.code.to_lowercase().replace('-', " ");
    let row = world
        .people
        .approve(&admin(), &typed, &approve(), START)
        .unwrap();
    assert_eq!(
        (row.name.as_str(), row.address.as_str()),
        ("Hall", "10.0.0.1")
    );
    let world = world.restarted();
    let stands = world.people.pairing(&asked.id, START).unwrap();
    assert_eq!(stands.state, PairingState::Approved);
    assert!(world.people.pairings(START).is_empty());
    let opened = sign_in(&world, &asked.id, (&wall, None), START).unwrap();
    let principal = &opened.principal;
    assert_eq!(
        (principal.kind, principal.id.as_str()),
        (Kind::Device, asked.id.as_str())
    );
    assert_eq!(principal.scenes, approve().scenes);
    assert_eq!(opened.known, None);
    let found = world
        .people
        .by_session(opened.secret.as_str(), &visit(), START)
        .unwrap();
    assert_eq!(&found.principal, principal);
    assert_eq!(world.line().kind, Kind::Device);
}

#[test]
fn a_code_ends_after_ten_minutes_or_when_an_admin_refuses_it() {
    let (world, _) = World::with_admin();
    let asked = world
        .people
        .ask_pairing(&visit(), &Wall::new(1).pair(), START)
        .unwrap();
    let approve = |code: &str, now| world.people.approve(&admin(), code, &approve(), now);
    let late = approve(&asked.code, at(10 * MINUTE));
    assert!(matches!(late, Err(Refused::Missing(_))));
    let state = |id: &str, now| world.people.pairing(id, now).map(|pairing| pairing.state);
    assert_eq!(state(&asked.id, at(10 * MINUTE)), Some(PairingState::Ended));
    let other = world
        .people
        .ask_pairing(&visit(), &Wall::new(2).pair(), START)
        .unwrap();
    world
        .people
        .refuse_pairing(&admin(), &other.code, START)
        .unwrap();
    assert_eq!(state(&other.id, START), Some(PairingState::Ended));
    assert!(matches!(
        approve(&other.code, START),
        Err(Refused::Missing(_))
    ));
    assert!(matches!(approve("", START), Err(Refused::Missing(_))));
    world.people.refresh(at(70 * MINUTE)).unwrap();
    assert_eq!(state(&asked.id, at(70 * MINUTE)), None, "it is forgotten");
}

#[test]
fn few_walls_wait_from_one_address_and_not_many_in_all() {
    let (world, _) = World::with_admin();
    let ask = |number: u8, address: &str, now| {
        world
            .people
            .ask_pairing(&visit_from(address), &Wall::new(number).pair(), now)
    };
    for number in 1..=5 {
        ask(number, "2001:db8::1", START).unwrap();
    }
    assert!(matches!(
        ask(6, "2001:db8::2", START),
        Err(Refused::TooMany(_))
    ));
    ask(5, "2001:db8::2", START).unwrap();
    for number in 6..=100 {
        ask(number, &format!("10.0.{number}.1"), START).unwrap();
    }
    assert!(matches!(
        ask(101, "10.1.0.1", START),
        Err(Refused::TooMany(_))
    ));
    ask(101, "10.1.0.1", at(10 * MINUTE)).unwrap();
    for key in ["", "AAAA", &URL_SAFE_NO_PAD.encode([4; 65])] {
        let pair = Pair {
            key: key.to_owned(),
        };
        let refused = world.people.ask_pairing(&visit(), &pair, START);
        assert!(matches!(refused, Err(Refused::Invalid(why)) if why.starts_with("key: ")));
    }
}

#[test]
fn a_challenge_is_good_once_for_a_minute_and_for_its_device() {
    let (world, _) = World::with_admin();
    let (one, other) = (Wall::new(1), Wall::new(2));
    let (id, other_id) = (paired(&world, &one), paired(&world, &other));
    let come = |form: &DeviceSignIn, now| world.people.device_sign_in(&visit(), form, now);
    let form = one.form(&id, &nonce(&world, &id, START), None);
    come(&form, at(59 * SECOND)).unwrap();
    assert!(
        matches!(come(&form, at(59 * SECOND)), Err(Refused::BadSignature)),
        "used"
    );
    let form = one.form(&id, &nonce(&world, &id, START), None);
    assert!(
        matches!(come(&form, at(60 * SECOND)), Err(Refused::BadSignature)),
        "late"
    );
    let form = one.form(&id, &nonce(&world, &other_id, START), None);
    assert!(
        matches!(come(&form, START), Err(Refused::BadSignature)),
        "another's"
    );
    let form = one.form(&id, "made up", None);
    assert!(matches!(come(&form, START), Err(Refused::BadSignature)));
    assert_eq!(world.line().action, "device.sign_in");
    let unknown = one.form("unknown", "made up", None);
    assert!(matches!(come(&unknown, START), Err(Refused::Missing(_))));
}

#[test]
fn only_the_own_key_signs_in_and_only_for_what_was_signed() {
    let (world, _) = World::with_admin();
    let (wall, thief) = (Wall::new(1), Wall::new(2));
    let id = paired(&world, &wall);
    let refused = sign_in(&world, &id, (&thief, None), START);
    assert!(matches!(refused, Err(Refused::BadSignature)));
    let mut form = wall.form(&id, &nonce(&world, &id, START), None);
    form.next_key = Some(thief.key());
    let refused = world.people.device_sign_in(&visit(), &form, START);
    assert!(
        matches!(refused, Err(Refused::BadSignature)),
        "the key was not signed"
    );
    for signature in ["", "AAAA", &URL_SAFE_NO_PAD.encode([0; 64])] {
        let mut form = wall.form(&id, &nonce(&world, &id, START), None);
        form.signature = signature.to_owned();
        let refused = world.people.device_sign_in(&visit(), &form, START);
        assert!(matches!(refused, Err(Refused::BadSignature)));
    }
}

#[test]
fn a_signature_with_a_high_s_is_good_for_browsers_write_such() {
    let (world, _) = World::with_admin();
    let wall = Wall::new(1);
    let id = paired(&world, &wall);
    for is_high in [true, false] {
        let nonce = nonce(&world, &id, START);
        let said = format!("egret-device-v1:{nonce}");
        let signature: Signature = wall.0.sign(said.as_bytes());
        let low = signature.normalize_s();
        let (r, s) = low.split_scalars();
        let high = Signature::from_scalars(r.to_bytes(), (-*s).to_bytes()).unwrap();
        assert_ne!(high, low);
        let written = if is_high { high } else { low };
        let form = DeviceSignIn {
            device: id.clone(),
            nonce,
            signature: URL_SAFE_NO_PAD.encode(written.to_bytes()),
            next_key: None,
        };
        world.people.device_sign_in(&visit(), &form, START).unwrap();
    }
}

#[test]
fn a_key_changes_when_the_new_one_is_first_used_and_none_is_lost_with_an_answer() {
    let (world, _) = World::with_admin();
    let (old, lost, fresh) = (Wall::new(1), Wall::new(2), Wall::new(3));
    let id = paired(&world, &old);
    let ask = Ask { device: id.clone() };
    let is_due = |world: &World, now| world.people.challenge(&ask, now).unwrap().rotate;
    assert!(!is_due(&world, at(30 * DAY - 1)));
    assert!(is_due(&world, at(30 * DAY)));
    let now = at(30 * DAY);
    sign_in(&world, &id, (&old, Some(&lost)), now).unwrap();
    assert!(is_due(&world, now), "nobody has used the new key yet");
    sign_in(&world, &id, (&old, Some(&fresh)), now).unwrap();
    assert!(sign_in(&world, &id, (&lost, None), now).is_err());
    let world = world.restarted();
    sign_in(&world, &id, (&old, None), now).unwrap();
    sign_in(&world, &id, (&fresh, None), now).unwrap();
    assert!(!is_due(&world, now));
    assert_eq!(world.people.devices()[0].key_at, now);
    assert!(
        sign_in(&world, &id, (&old, None), now).is_err(),
        "the old key is gone"
    );
    sign_in(&world, &id, (&fresh, None), now).unwrap();
}

#[test]
fn a_wall_is_changed_while_it_shows_and_a_revoked_one_goes_back_to_pairing() {
    let (world, _) = World::with_admin();
    let wall = Wall::new(1);
    let id = paired(&world, &wall);
    let opened = sign_in(&world, &id, (&wall, None), START).unwrap();
    let change = DeviceChange {
        name: Some("Lobby".to_owned()),
        scenes: Some(Scope::All),
        ..DeviceChange::default()
    };
    let row = world
        .people
        .change_device(&admin(), &id, &change, START)
        .unwrap();
    assert_eq!((row.name.as_str(), row.grants), ("Lobby", approve().grants));
    let now = world.people.still(&opened.principal, START).unwrap();
    assert_eq!((now.name.as_str(), &now.scenes), ("Lobby", &Scope::All));
    let elsewhere = visit_from("10.0.0.7");
    world
        .people
        .by_session(opened.secret.as_str(), &elsewhere, at(MINUTE))
        .unwrap();
    let row = &world.people.devices()[0];
    assert_eq!(
        (row.address.as_str(), row.seen_at),
        ("10.0.0.7", Some(at(MINUTE)))
    );
    let form = wall.form(&id, &nonce(&world, &id, START), None);
    world.people.remove_device(&admin(), &id, START).unwrap();
    assert_eq!(world.people.still(&opened.principal, START), None);
    assert_eq!(
        world.people.challenge(&Ask { device: id.clone() }, START),
        None
    );
    assert_eq!(world.people.pairing(&id, START), None);
    let refused = world.people.device_sign_in(&visit(), &form, START);
    assert!(matches!(refused, Err(Refused::Missing(_))));
}
