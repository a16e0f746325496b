//! What the public Paho interoperability suite tries with its own client, tried with others: the
//! whole way of a message through a foreign client's state, both versions.

use rumqttc::v5;

use super::clients::{endpoint, run};
use super::*;

/// Payloads and QoS of the messages that come to a 3.1.1 client, until there are so many.
async fn received_v3(driver: &mut rumqttc::EventLoop, n_messages: usize) -> Vec<(String, u8)> {
    let mut received = Vec::new();
    while received.len() < n_messages {
        let event = tokio::time::timeout(PATIENCE, driver.poll()).await;
        let event = event.expect("no event").unwrap();
        if let rumqttc::Event::Incoming(rumqttc::Packet::Publish(publish)) = event {
            let payload = String::from_utf8(publish.payload.to_vec()).unwrap();
            received.push((payload, publish.qos as u8));
        }
    }
    received
}

/// The same of an MQTT 5 client.
async fn received_v5(driver: &mut v5::EventLoop, n_messages: usize) -> Vec<(String, u8)> {
    use v5::mqttbytes::v5::Packet;
    let mut received = Vec::new();
    while received.len() < n_messages {
        let event = tokio::time::timeout(PATIENCE, driver.poll()).await;
        let event = event.expect("no event").unwrap();
        if let v5::Event::Incoming(Packet::Publish(publish)) = event {
            let payload = String::from_utf8(publish.payload.to_vec()).unwrap();
            received.push((payload, publish.qos as u8));
        }
    }
    received
}

fn numbers(n_messages: usize) -> Vec<(String, u8)> {
    let numbers = (0..n_messages).map(|number| (number.to_string(), 2));
    numbers.collect()
}

#[tokio::test]
async fn rumqttc_hears_itself_with_each_qos_and_many_of_qos_2_once_and_in_order() {
    use rumqttc::QoS;
    let taker = keeper();
    let (handle, _shutdown) = endpoint(&taker).await;
    let mut options = rumqttc::MqttOptions::new("v4", "127.0.0.1", handle.local_addr().port());
    options.set_inflight(50);
    let (client, mut driver) = rumqttc::AsyncClient::new(options, 1_000);
    client.try_subscribe("a/+", QoS::ExactlyOnce).unwrap();
    for qos in [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce] {
        client.try_publish("a/b", qos, false, "x").unwrap();
    }
    let mut received = received_v3(&mut driver, 3).await;
    received.sort_unstable();
    let expected = [0, 1, 2].map(|qos| ("x".to_owned(), qos));
    assert_eq!(received, expected);
    for number in 0..500 {
        let payload = number.to_string();
        client
            .try_publish("a/b", QoS::ExactlyOnce, false, payload)
            .unwrap();
    }
    assert_eq!(received_v3(&mut driver, 500).await, numbers(500));
}

#[tokio::test]
async fn rumqttc_in_mqtt_5_does_the_same_with_topic_aliases() {
    use v5::mqttbytes::QoS;
    let taker = keeper();
    let (handle, _shutdown) = endpoint(&taker).await;
    let mut options = v5::MqttOptions::new("v5", "127.0.0.1", handle.local_addr().port());
    options.set_topic_alias_max(Some(4));
    let (client, mut driver) = v5::AsyncClient::new(options, 1_000);
    client.try_subscribe("a/+", QoS::ExactlyOnce).unwrap();
    for number in 0..500 {
        let payload = number.to_string();
        client
            .try_publish("a/b", QoS::ExactlyOnce, false, payload)
            .unwrap();
    }
    assert_eq!(received_v5(&mut driver, 500).await, numbers(500));
}

#[tokio::test]
async fn mosquitto_sub_gets_what_it_missed_with_qos_1_and_2() {
    let taker = keeper();
    let (handle, _shutdown) = endpoint(&taker).await;
    for version in ["311", "5"] {
        let topic = format!("off/{version}");
        let client = format!("off-{version}");
        let subscriber = ["-V", version, "-q", "2", "-c", "-i", &client, "-t", &topic];
        let lasts: &[&str] = if version == "5" { &["-x", "60"] } else { &[] };
        // Ends once it has subscribed.
        let first = [&subscriber[..], lasts, &["-E"]].concat();
        let Some((output, code)) = run("mosquitto_sub", &handle, &first).await else {
            return;
        };
        assert_eq!(code, Some(0), "{output}");
        for qos in ["0", "1", "2"] {
            let publisher = ["-V", version, "-q", qos, "-t", &topic, "-m", qos];
            run("mosquitto_pub", &handle, &publisher).await;
        }
        let again = [&subscriber[..], lasts, &["-C", "2", "-F", "%q %p"]].concat();
        let (output, _) = run("mosquitto_sub", &handle, &again).await.unwrap();
        assert_eq!(
            output.lines().collect::<Vec<_>>(),
            ["1 1", "2 2"],
            "{version}"
        );
    }
}

#[tokio::test]
async fn two_mosquitto_subs_share_what_comes() {
    let taker = keeper();
    let (handle, _shutdown) = endpoint(&taker).await;
    if program("mosquitto_sub").is_none() {
        return;
    }
    for version in ["311", "5"] {
        // The retained message tells that a member stands: it has a subscription of its own to it.
        handle.publish("here", "here".into(), true, None);
        let before = handle.counters().deliveries_queued.get();
        let member = || {
            let arguments = ["-V", version, "-q", "1", "-t", "$share/g/a", "-t", "here"];
            let arguments = [&arguments[..], &["-C", "3"]].concat();
            let handle = handle.clone();
            async move { run("mosquitto_sub", &handle, &arguments).await }
        };
        let publisher = async {
            let standing = async {
                while handle.counters().deliveries_queued.get() < before + 2 {
                    tokio::task::yield_now().await;
                }
            };
            let standing = tokio::time::timeout(PATIENCE, standing).await;
            standing.expect("no subscriptions");
            for payload in ["1", "2", "3", "4"] {
                handle.publish("a", payload.into(), false, None);
            }
        };
        let (one, two, ()) = tokio::join!(member(), member(), publisher);
        let (one, two) = (one.unwrap().0, two.unwrap().0);
        let lines = |output: &str| output.lines().map(str::to_owned).collect::<Vec<_>>();
        let mut shared = [lines(&one), lines(&two)].concat();
        shared.sort_unstable();
        assert_eq!(shared, ["1", "2", "3", "4", "here", "here"], "{version}");
    }
}

#[tokio::test]
async fn mosquitto_pub_and_sub_carry_properties_to_each_other() {
    let taker = keeper();
    let (handle, _shutdown) = endpoint(&taker).await;
    let publisher = [
        "-V",
        "5",
        "-q",
        "1",
        "-r",
        "-t",
        "a",
        "-m",
        "x", //
        "-D",
        "publish",
        "content-type",
        "text/plain", //
        "-D",
        "publish",
        "response-topic",
        "answers/1", //
        "-D",
        "publish",
        "correlation-data",
        "17", //
        "-D",
        "publish",
        "user-property",
        "name",
        "value", //
        "-D",
        "publish",
        "message-expiry-interval",
        "600",
    ];
    if run("mosquitto_pub", &handle, &publisher).await.is_none() {
        return;
    }
    let subscriber = [
        "-V",
        "5",
        "-q",
        "1",
        "-t",
        "a",
        "-C",
        "1",
        "-F",
        "%C %R %D %P",
    ];
    let (output, _) = run("mosquitto_sub", &handle, &subscriber).await.unwrap();
    assert_eq!(output.trim_end(), "text/plain answers/1 17 name:value");
}
