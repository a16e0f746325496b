//! What is wrong with settings is told all at once, with its place, and without secrets.

use egret_notify::{NotifyError, Settings};

use crate::world::{config, settings};

/// All mistakes of this text.
fn mistakes(text: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("short"), "whsec_c2hvcnQ=").unwrap();
    std::fs::write(folder.path().join("robot"), "https://hidden token").unwrap();
    let config = config(folder.path(), text);
    match Settings::new(&config, chrono_tz::Asia::Shanghai) {
        Err(NotifyError::Settings(mistakes)) => mistakes.iter().map(ToString::to_string).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_mistake_is_told_with_its_path() {
    let found = mistakes(
        r#"
        [notify]
        base_url = "egret"
        give_up_after = "1m"
        [[notify.channel]]
        id = "hook"
        kind = "webhook"
        url = "http://receiver.city.example/secret-path"
        secret_file = "DIR/short"
        host = "mail"
        [[notify.channel]]
        id = "hook"
        kind = "smtp"
        host = "mail.city.example"
        tls = "none"
        user = "egret"
        password_file = "DIR/missing"
        from = "nobody"
        per_minute = 0
        [[notify.channel]]
        id = "robot"
        kind = "wecom"
        url_file = "DIR/robot"
        [[notify.route]]
        to = [{ channel = "hok" }]
        kinds = []
        hours = "8-18"
        [[notify.route]]
        to = [{ channel = "hook", recipients = ["a@b.c"], mentions = ["x"] }]
        [[notify.route]]
        to = [{ channel = "robot", mentions = ["a> <@all"] }]
        "#,
    );
    let expected = [
        "notify.base_url: \"egret\"",
        "notify.give_up_after: \"1m\": expected 10m to 30d",
        "notify.channel[0] \"hook\".host: means nothing for kind \"webhook\"",
        "notify.channel[0] \"hook\".url: http://receiver.city.example could be read",
        "notify.channel[1] \"hook\": another channel has this id",
        "notify.channel[1] \"hook\".per_minute: 0: expected 1 to 6000",
        "notify.channel[1] \"hook\".from: is no sender",
        "notify.channel[1] \"hook\".tls: \"none\" would send the password in clear",
        "notify.channel[1] \"hook\".password_file: ",
        "notify.channel[2] \"robot\".url_file: is no address",
        "notify.route[0].kinds: is empty",
        "notify.route[0].to[0].channel: there is no channel \"hok\"",
        "notify.route[0].hours: \"8-18\" are no hours",
        "notify.route[1].to[0].recipients: are for mail servers",
        "notify.route[1].to[0].mentions: are for robots",
        "notify.route[2].to[0].mentions: \"a> <@all\": expected a user id",
    ];
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "{found}\nexpected: {expected}");
    }
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    let all = found.join("\n");
    assert!(
        !all.contains("secret-path") && !all.contains("hidden"),
        "{all}"
    );
}

#[test]
fn a_webhook_needs_a_secret_that_is_long_enough() {
    let channel = |secret: &str| {
        format!(
            "[notify]\n[[notify.channel]]\nid = \"h\"\nkind = \"webhook\"\n\
             url = \"https://receiver.city.example/\"\n{secret}\n"
        )
    };
    let found = mistakes(&channel(""));
    assert!(found[0].contains("a webhook is signed"), "{found:?}");
    let found = mistakes(&channel("secret_file = \"DIR/short\""));
    assert!(found[0].contains("24 to 64 bytes"), "{found:?}");
    assert!(!found[0].contains("c2hvcnQ"), "{found:?}");
}

#[test]
fn an_unknown_key_is_an_error_of_the_file() {
    let error = toml::from_str::<egret_notify::NotifyConfig>("chanel = []").unwrap_err();
    assert!(error.to_string().contains("chanel"), "{error}");
}

#[test]
fn routes_of_areas_and_departments_that_the_city_lacks_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(
        folder.path(),
        r#"
        [notify]
        [[notify.channel]]
        id = "group"
        kind = "wecom"
        url = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=hidden"
        [[notify.route]]
        to = [{ channel = "group" }]
        areas = ["350203", "999999"]
        departments = ["water", "magic"]
        "#,
    );
    let mistakes = settings.foreign(
        |area| area.as_str() == "350203",
        |one| one.as_str() == "water",
    );
    let told: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
    let expected = [
        "notify.route[0].areas: the city has no area \"999999\"",
        "notify.route[0].departments: the city has no department \"magic\"",
    ];
    assert_eq!(told, expected);
    assert!(!format!("{settings:?}").contains("hidden"));
}

#[test]
fn the_example_of_the_documentation_is_good() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/notifications.md");
    let page = std::fs::read_to_string(path).unwrap();
    let (_, example) = page.split_once("```toml\n").unwrap();
    let (example, _) = example.split_once("```").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let address = "https://oapi.dingtalk.com/robot/send?access_token=hidden";
    for (name, text) in [
        ("smtp.password", "secret"),
        ("dingtalk.url", address),
        ("dingtalk.secret", "SECsecret"),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let config = config(folder.path(), &example.replace("/etc/egret", "DIR"));
    let settings = Settings::new(&config, chrono_tz::Asia::Shanghai).unwrap();
    assert!(!settings.is_empty());
    for kind in egret_notify::NoticeKind::ALL {
        let is_told = page.contains(&format!("`{kind}`"));
        assert!(
            is_told || kind == egret_notify::NoticeKind::Test,
            "{kind} is missing"
        );
    }
}
