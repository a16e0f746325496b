//! Killed between the event and the notification: each recipient has each notice exactly once in
//! the receiver's own log, or again with a visible mark.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::net::TcpListener;

use crate::child::{Job, Said};
use crate::mail_server::{Mail, MailServer};
use crate::receiver::{Answer, OK, Receiver};
use crate::world::{notice, until};

const RECIPIENTS: [&str; 2] = ["duty@city.example", "lin@city.example"];

/// A webhook and a mail server for everything, nothing merged.
fn config(http: &str, smtp_port: u16) -> String {
    let mail = crate::mail::config(smtp_port, &RECIPIENTS);
    // There is one `[notify]`, and its own keys come first.
    let (_, mail) = mail.split_once(".example\"\n").unwrap();
    let hook = crate::webhook::config(http);
    format!("{hook}{mail}").replace("per_minute = 6000", "per_minute = 6000\nmerge_over = 0")
}

/// Who got what: recipient and key with, for each arrival, whether it was marked.
type Log = BTreeMap<(String, String), Vec<bool>>;

fn log(receiver: &Receiver, mails: &[Mail]) -> Log {
    let mut log = Log::new();
    for got in receiver.got() {
        log.entry(("hook".to_owned(), got.key()))
            .or_default()
            .push(got.is_marked());
    }
    for mail in mails {
        log.entry(mail.identity())
            .or_default()
            .push(mail.is_marked());
    }
    log
}

/// Everybody has everything, and whatever came again is marked; how many did.
#[track_caller]
fn check(log: &Log, n_notices: u64) -> usize {
    let recipients: Vec<&str> = RECIPIENTS.into_iter().chain(["hook"]).collect();
    let mut n_repeated = 0;
    for seq in 1..=n_notices {
        for recipient in &recipients {
            let identity = ((*recipient).to_owned(), notice(seq).key);
            let arrivals = log
                .get(&identity)
                .unwrap_or_else(|| panic!("{identity:?} is missing"));
            let n_unmarked = arrivals.iter().filter(|is_marked| !**is_marked).count();
            let repeated = arrivals.iter().skip(1);
            assert!(n_unmarked <= 1, "{identity:?}: {arrivals:?}");
            assert!(
                repeated.clone().all(|is_marked| *is_marked),
                "{identity:?}: {arrivals:?}"
            );
            n_repeated += repeated.count();
        }
    }
    let n_expected = recipients.len() * usize::try_from(n_notices).unwrap();
    assert_eq!(log.len(), n_expected, "{log:?}");
    n_repeated
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_step_everything_arrives_once_or_again_with_a_mark() {
    let mail = MailServer::start();
    let (mut n_steps, mut n_repeated, mut n_mails) = (0, 0, 0);
    for stop_at in 1.. {
        let receiver = Receiver::start(OK).await;
        let folder = tempfile::tempdir().unwrap();
        let job = Job {
            folder: folder.path(),
            config: &config(&format!("http://{}/", receiver.address), mail.port),
            n_notices: 2,
            stop_at: Some(stop_at),
        };
        let said = tokio::task::block_in_place(|| job.run());
        let rest = Job {
            stop_at: None,
            ..job
        };
        assert_eq!(tokio::task::block_in_place(|| rest.run()), Said::Done);
        let mails = mail.got();
        n_repeated += check(&log(&receiver, &mails[n_mails..]), 2);
        n_mails = mails.len();
        if said == Said::Done {
            break;
        }
        n_steps += 1;
    }
    // 6 deliveries, each with a look before it is marked and one before its end is written.
    assert!(n_steps >= 2 + 2 * 6, "{n_steps}");
    assert!(
        n_repeated > 0,
        "no kill came between an answer and its being written"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_before_the_answer_the_notice_comes_again_with_a_mark() {
    let receiver = Receiver::start(Answer::Hold).await;
    let mail = MailServer::start();
    mail.hold(true);
    let folder = tempfile::tempdir().unwrap();
    let job = Job {
        folder: folder.path(),
        config: &config(&format!("http://{}/", receiver.address), mail.port),
        n_notices: 1,
        stop_at: None,
    };
    let running = job.start();
    receiver.wait_for(1).await;
    mail.wait_for(1).await;
    running.kill();
    receiver.answer(OK);
    mail.hold(false);
    assert_eq!(tokio::task::block_in_place(|| job.run()), Said::Done);
    assert_eq!(check(&log(&receiver, &mail.got()), 1), 2);
    let got = receiver.got();
    assert_eq!(got[0].header("webhook-id"), got[1].header("webhook-id"));
    let mails = mail.got();
    let first = mails[0].identity();
    let same = mails.iter().filter(|mail| mail.identity() == first);
    let ids: Vec<_> = same.map(|mail| mail.header("message-id")).collect();
    assert_eq!(ids, [ids[0]; 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_before_the_receiver_has_read_anything_the_notice_is_marked_all_the_same() {
    let mail = MailServer::start();
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = silent.local_addr().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let job = Job {
        folder: folder.path(),
        config: &config(&format!("http://{address}/"), mail.port),
        n_notices: 1,
        stop_at: None,
    };
    let running = job.start();
    let accepted = tokio::time::timeout(Duration::from_secs(30), silent.accept()).await;
    let connection = accepted.unwrap().unwrap();
    mail.wait_for(2).await;
    running.kill();
    drop((connection, silent));
    let receiver = Receiver::start_at(address, OK, None).await;
    assert_eq!(tokio::task::block_in_place(|| job.run()), Said::Done);
    let log = log(&receiver, &mail.got());
    check(&log, 1);
    assert_eq!(log[&("hook".to_owned(), notice(1).key)], [true]);
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_again_and_again_nothing_is_lost_or_repeated_without_a_mark() {
    const NOTICES: u64 = 60;
    let receiver = Receiver::start(OK).await;
    let mail = MailServer::start();
    let folder = tempfile::tempdir().unwrap();
    let job = Job {
        folder: folder.path(),
        config: &config(&format!("http://{}/", receiver.address), mail.port),
        n_notices: NOTICES,
        stop_at: None,
    };
    // Each is killed as soon as so much more has arrived than when it started.
    for n_more in [1, 3, 0, 7, 2, 5, 1, 4] {
        let n_before = receiver.got().len();
        let running = job.start();
        until("some more has arrived", || {
            let n = receiver.got().len();
            (n >= n_before + n_more)
                .then_some(())
                .ok_or_else(|| n.to_string())
        })
        .await;
        running.kill();
    }
    assert_eq!(tokio::task::block_in_place(|| job.run()), Said::Done);
    let n_repeated = check(&log(&receiver, &mail.got()), NOTICES);
    // Of each channel, one delivery can be on its way when it is killed.
    assert!(n_repeated <= 2 * 8, "{n_repeated}");
}
