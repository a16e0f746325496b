//! E-mail: what arrives, and what the mail server's answers mean.

use egret_notify::DeliveryState;

use crate::mail_server::MailServer;
use crate::world::{World, notice, red, until};

/// Mail by the server at `port` to these recipients.
pub(crate) fn config(port: u16, recipients: &[&str]) -> String {
    format!(
        r#"
        [notify]
        base_url = "https://egret.city.example"
        [[notify.channel]]
        id = "mail"
        kind = "smtp"
        host = "127.0.0.1"
        port = {port}
        tls = "none"
        from = "白鹭 <egret@city.example>"
        per_minute = 6000
        [[notify.route]]
        to = [{{ channel = "mail", recipients = {recipients:?} }}]
        "#
    )
}

fn start(recipients: &[&str]) -> (MailServer, World) {
    let server = MailServer::start();
    let world = World::new(&config(server.port, recipients));
    world.work();
    (server, world)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_recipient_gets_a_message_of_their_own_in_words_and_as_a_page() {
    let (server, world) = start(&["duty@city.example", "lin@city.example"]);
    world.enqueue(&[red(7)]);
    world.settled().await;
    let got = server.got();
    let identities: Vec<_> = got.iter().map(|mail| mail.identity().0).collect();
    assert_eq!(identities, ["duty@city.example", "lin@city.example"]);
    let mail = &got[0];
    assert_eq!(mail.0["from"], "egret@city.example");
    assert_eq!(mail.header("subject"), Some("【红色】新案件：7 号积水"));
    assert_eq!(mail.header("auto-submitted"), Some("auto-generated"));
    assert_eq!(mail.header("date"), Some("Sun, 21 Jun 2026 22:05:00 +0000"));
    assert_ne!(mail.header("message-id"), got[1].header("message-id"));
    assert_eq!(mail.header("references"), got[1].header("references"));
    assert!(!mail.is_marked());
    let plain = mail.0["plain"].as_str().unwrap();
    assert!(plain.contains("水深 30 cm"), "{plain}");
    assert!(
        plain.contains("https://egret.city.example/incident/20260622-0007"),
        "{plain}"
    );
    let html = mail.0["html"].as_str().unwrap();
    assert!(html.contains("href=\"https://egret.city.example/incident/20260622-0007\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recipient_who_does_not_exist_fails_and_one_who_is_full_waits_alone() {
    let (server, world) = start(&["unknown@x.example", "full@x.example", "good@x.example"]);
    world.enqueue(&[notice(1)]);
    server.wait_for(1).await;
    // The wait of the one who is full is over by the clock.
    world.clock.forward(10_000);
    world.settled().await;
    let got = server.got();
    let identities: Vec<_> = got.iter().map(|mail| mail.identity().0).collect();
    assert_eq!(identities, ["good@x.example", "full@x.example"]);
    assert!(got.iter().all(|mail| !mail.is_marked()));
    let failed = world.rows(DeliveryState::Failed);
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].recipient, "unknown@x.example");
    assert!(
        failed[0].error.as_ref().unwrap().contains("no such user"),
        "{failed:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_whose_answer_got_lost_comes_again_with_a_mark() {
    let (server, world) = start(&["lost@x.example"]);
    world.enqueue(&[notice(1)]);
    world.settled().await;
    let got = server.got();
    let marks: Vec<bool> = got
        .iter()
        .map(crate::mail_server::Mail::is_marked)
        .collect();
    assert_eq!(marks, [false, true]);
    assert_eq!(got[0].header("message-id"), got[1].header("message-id"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_wants_tls_and_a_password_gets_both() {
    let folder = tempfile::tempdir().unwrap();
    let signed = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let (certificate, key) = (folder.path().join("c.pem"), folder.path().join("k.pem"));
    std::fs::write(&certificate, signed.cert.pem()).unwrap();
    std::fs::write(&key, signed.signing_key.serialize_pem()).unwrap();
    std::fs::write(folder.path().join("right"), "s3cret\n").unwrap();
    std::fs::write(folder.path().join("wrong"), "guess\n").unwrap();
    let [certificate, key] = [certificate, key].map(|path| path.to_str().unwrap().to_owned());
    let door = [
        certificate.clone(),
        key,
        "egret".to_owned(),
        "s3cret".to_owned(),
    ];
    let server = MailServer::start_with(Some(door));
    let config = |password: &str| {
        let path = folder.path().join(password);
        let tls = format!(
            "tls = \"starttls\"\nca = \"{certificate}\"\nuser = \"egret\"\n\
             password_file = \"{}\"",
            path.display()
        );
        config(server.port, &["duty@city.example"])
            .replace("127.0.0.1", "localhost")
            .replace("tls = \"none\"", &tls)
    };

    let world = World::new(&config("wrong"));
    world.work();
    world.enqueue(&[notice(1)]);
    until("the password is refused", || {
        let status = world.outbox.status().unwrap();
        let error = status.channels[0].last_error.clone();
        let why = error.map(|error| error.why).unwrap_or_default();
        (why.contains("535") && !why.contains("guess"))
            .then_some(())
            .ok_or(why)
    })
    .await;

    let world = world.reopen(Some(&config("right"))).await;
    world.work();
    world.settled().await;
    let got = server.got();
    assert_eq!(got.len(), 1);
    assert_eq!(
        (&got[0].0["tls"], &got[0].0["user"]),
        (&true.into(), &"egret".into())
    );
    assert!(!got[0].is_marked());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_tls_is_told_nothing_where_tls_is_wanted() {
    let server = MailServer::start();
    let world = World::new(&config(server.port, &["a@x.example"]).replace("tls = \"none\"", ""));
    world.work();
    world.enqueue(&[notice(1)]);
    until("it is refused", || {
        let status = world.outbox.status().unwrap();
        let error = status.channels[0].last_error.clone();
        let why = error.map(|error| error.why).unwrap_or_default();
        why.contains("STARTTLS").then_some(()).ok_or(why)
    })
    .await;
    assert!(server.got().is_empty());
    assert!(!world.rows(DeliveryState::Waiting)[0].maybe_repeated);
}
