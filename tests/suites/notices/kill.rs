//! `kill -9` between what somebody ordered and the notice of it, at random moments.

use egret_tests::desk::Desk;
use egret_tests::dice::Dice;
use egret_tests::receivers::{Kind, Receiver};
use egret_tests::wait;

use crate::{Robot, Settings, arrived_once, comment, settled};

/// How often the server is killed.
const KILLS: usize = 30;

const ROUTES: &str = r#"
[[notify.route]]
to = [{ channel = "one" }, { channel = "two" }, { channel = "mail", recipients = ["duty@x.example"] }]
"#;

#[test]
fn thirty_power_cuts_lose_no_notice_and_repeat_none_without_a_mark() {
    let mut dice = Dice::of_this_run();
    let (web, mail) = (Receiver::start(Kind::Web), Receiver::start(Kind::Mail));
    let settings = Settings::write(&web, &["one", "two"], Some(&mail), ROUTES);
    let mut desk = settings.desk();
    let robot = Robot::of(&mut desk);
    let id = robot.reports("orange");
    for kill in 0..KILLS {
        let version = robot.0.get(&format!("/api/v1/incidents/{id}")).json()["version"].clone();
        let version = version.as_u64().unwrap();
        let before = web.taken().len();
        for n in 0..=dice.below(4) {
            robot.does(&id, version + n, &comment(&format!("round {kill}, {n}")));
        }
        // At once after the answer, or as soon as some of it has arrived.
        let wanted = before + usize::try_from(dice.below(4)).unwrap();
        wait::until("some of it has arrived", || {
            let now = web.taken().len();
            wait::check(now >= wanted || dice.below(3) == 0, now)
        });
        desk = cut(desk);
        if kill % 3 == 2 {
            settled(&mut desk);
        }
    }
    settled(&mut desk);
    let keys = robot.keys(&id);
    assert!(keys.len() > KILLS, "{keys:?}");
    let n_repeated = arrived_once(&web.taken(), &["/one", "/two"], &keys);
    let mails = mail.taken();
    let mut ids: Vec<_> = mails
        .iter()
        .map(egret_tests::receivers::Taken::identity)
        .collect();
    for (n, one) in mails.iter().enumerate() {
        let is_repeated = mails[..n]
            .iter()
            .any(|earlier| earlier.identity() == one.identity());
        assert!(
            !is_repeated || one.is_marked(),
            "a mail came twice without a mark"
        );
    }
    let n_mails = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), keys.len(), "mails of {} notices", keys.len());
    println!(
        "{} notices to 3 recipients over {KILLS} power cuts: {n_repeated} requests and {} mails \
         came again, with a mark",
        keys.len(),
        n_mails - ids.len()
    );
}

#[track_caller]
fn cut(desk: Desk) -> Desk {
    let mut desk = desk.cut();
    wait::until("the session is known again", || {
        let me = desk.admin.get("/api/v1/me").body;
        wait::check(me.contains("signed_in"), me)
    });
    desk
}

#[test]
fn who_had_not_answered_when_the_power_was_cut_is_told_again_with_a_mark() {
    let web = Receiver::start(Kind::Web);
    let route = "[[notify.route]]\nto = [{ channel = \"one\" }]\n";
    let settings = Settings::write(&web, &["one"], None, route);
    let mut desk = settings.desk();
    let robot = Robot::of(&mut desk);
    let id = robot.reports("orange");
    // Nothing waits before it is in the outbox, either.
    web.until("the report has come", |taken| !taken.is_empty());
    settled(&mut desk);
    web.hold(true);
    robot.does(&id, 1, &comment("held"));
    web.until("it has come", |taken| taken.len() == 2);
    desk = cut(desk);
    web.hold(false);
    let taken = web.until("it has come again", |taken| taken.len() == 3);
    settled(&mut desk);
    let marks: Vec<_> = taken
        .iter()
        .map(egret_tests::receivers::Taken::is_marked)
        .collect();
    assert_eq!(marks, [false, false, true]);
    assert_eq!(arrived_once(&web.taken(), &["/one"], &robot.keys(&id)), 1);
    let channel = &crate::channels(&mut desk)[0];
    assert_eq!(
        (&channel["sent"], &channel["maybe_repeated"]),
        (&2.into(), &1.into())
    );
}
