//! Foreign clients at the endpoint.

use egret_mqtt::{Endpoint, Handle};
use rumqttc::v5;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::*;

pub(super) async fn endpoint(taker: &Arc<Keeper>) -> (Handle, CancellationToken) {
    let shutdown = CancellationToken::new();
    let taker = Arc::clone(taker) as Arc<dyn Taker>;
    let handle = Endpoint::new(taker)
        .bind("127.0.0.1:0", shutdown.clone())
        .await
        .unwrap();
    (handle, shutdown)
}

/// Runs a Mosquitto client against the endpoint to its end; its output and exit code.
pub(super) async fn run(
    name: &str,
    handle: &Handle,
    arguments: &[&str],
) -> Option<(String, Option<i32>)> {
    let port = handle.local_addr().port().to_string();
    let child = program(name)?
        .args(["-h", "127.0.0.1", "-p", &port])
        .args(arguments)
        .spawn()
        .unwrap();
    let output = timeout(PATIENCE, child.wait_with_output())
        .await
        .expect("no end")
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    Some((
        String::from_utf8_lossy(&text).into_owned(),
        output.status.code(),
    ))
}

#[tokio::test]
async fn mosquitto_pub_is_acknowledged_in_both_versions_and_every_qos() {
    let taker = keeper();
    let (handle, _shutdown) = endpoint(&taker).await;
    for version in ["311", "5"] {
        for qos in ["0", "1", "2"] {
            let payload = format!("{version}/{qos}");
            let arguments = ["-V", version, "-q", qos, "-t", "a/b", "-m", &payload];
            let Some((output, code)) = run("mosquitto_pub", &handle, &arguments).await else {
                return;
            };
            assert_eq!(code, Some(0), "{payload}: {output}");
        }
    }
    taker
        .until(|taker| taker.kept.lock().unwrap().len() == 6)
        .await;
    assert_eq!(
        taker.payloads(),
        ["311/0", "311/1", "311/2", "5/0", "5/1", "5/2"]
    );
}

#[tokio::test]
async fn mosquitto_pub_is_told_the_reason_code() {
    let taker = keeper();
    let (handle, _shutdown) = endpoint(&taker).await;
    let arguments = ["-V", "5", "-q", "1", "-d", "-t", "a", "-m", "bad"];
    let Some((output, _)) = run("mosquitto_pub", &handle, &arguments).await else {
        return;
    };
    assert!(output.contains("RC:153"), "{output}");
}

#[tokio::test]
async fn ten_megabytes_from_mosquitto_pub_are_refused_without_losing_the_session() {
    let taker = keeper();
    let (handle, _shutdown) = endpoint(&taker).await;
    let file = std::env::temp_dir().join(format!("egret-mqtt-large-{}", std::process::id()));
    std::fs::write(&file, vec![b'x'; 10 * 1024 * 1024]).unwrap();
    let path = file.to_string_lossy().into_owned();
    let v5 = ["-V", "5", "-q", "1", "-d", "-t", "a", "-f", &path];
    let v3 = ["-V", "311", "-q", "1", "-d", "-t", "a", "-f", &path];
    let v5 = run("mosquitto_pub", &handle, &v5).await;
    let v3 = run("mosquitto_pub", &handle, &v3).await;
    std::fs::remove_file(&file).unwrap();
    let (Some((v5, _)), Some((v3, code))) = (v5, v3) else {
        return;
    };
    assert!(v5.contains("RC:151"), "{v5}");
    assert_eq!(code, Some(0), "{v3}");
    assert_eq!(taker.refused.lock().unwrap().len(), 2);
    assert_eq!(handle.counters().protocol_errors.get(), 0);
}

#[tokio::test]
async fn mosquitto_sub_gets_retained_and_live_messages() {
    let taker = keeper();
    let (handle, _shutdown) = endpoint(&taker).await;
    handle.publish("egret/v1/out/alerts/350203", "retained".into(), true, None);
    for version in ["311", "5"] {
        let arguments = [
            "-V",
            version,
            "-q",
            "1",
            "-t",
            "egret/v1/out/#",
            "-C",
            "2",
            "-F",
            "%r %q %t %p",
        ];
        let subscriber = run("mosquitto_sub", &handle, &arguments);
        let before = handle.counters().deliveries_queued.get();
        let publisher = async {
            // The retained message tells that the subscription stands.
            let standing = async {
                while handle.counters().deliveries_queued.get() == before {
                    tokio::task::yield_now().await;
                }
            };
            timeout(PATIENCE, standing).await.expect("no subscription");
            handle.publish("egret/v1/out/incidents/7", "live".into(), false, None);
        };
        let Some(_) = program("mosquitto_sub") else {
            return;
        };
        let (Some((output, code)), ()) = tokio::join!(subscriber, publisher) else {
            return;
        };
        assert_eq!(code, Some(0), "{output}");
        let lines: Vec<_> = output.lines().collect();
        assert_eq!(
            lines,
            [
                "1 1 egret/v1/out/alerts/350203 retained",
                "0 1 egret/v1/out/incidents/7 live"
            ]
        );
    }
}

#[tokio::test]
async fn rumqttc_publishes_pipelined_and_every_message_is_acknowledged_in_order() {
    let taker = keeper();
    let (handle, _shutdown) = endpoint(&taker).await;
    let mut options = rumqttc::MqttOptions::new("v4", "127.0.0.1", handle.local_addr().port());
    options.set_inflight(100);
    let (client, mut driver) = rumqttc::AsyncClient::new(options, 1_000);
    for number in 0..1_000 {
        let payload = number.to_string();
        client
            .try_publish("a/b", rumqttc::QoS::AtLeastOnce, false, payload)
            .unwrap();
    }
    let mut n_acks = 0;
    while n_acks < 1_000 {
        let event = timeout(PATIENCE, driver.poll())
            .await
            .expect("no event")
            .unwrap();
        if matches!(event, rumqttc::Event::Incoming(rumqttc::Packet::PubAck(_))) {
            n_acks += 1;
        }
    }
    let expected: Vec<_> = (0..1_000).map(|number| number.to_string()).collect();
    assert_eq!(taker.payloads(), expected);
}

#[tokio::test]
async fn rumqttc_v5_sees_the_reason_codes() {
    use v5::mqttbytes::v5::{Packet, PubAckReason};
    let taker = keeper();
    let (handle, _shutdown) = endpoint(&taker).await;
    let options = v5::MqttOptions::new("v5", "127.0.0.1", handle.local_addr().port());
    let (client, mut driver) = v5::AsyncClient::new(options, 10);
    for (topic, payload) in [("a", "good"), ("a", "bad"), ("egret/v1/out/x", "forbidden")] {
        client
            .try_publish(topic, v5::mqttbytes::QoS::AtLeastOnce, false, payload)
            .unwrap();
    }
    let mut reasons = Vec::new();
    while reasons.len() < 3 {
        let event = timeout(PATIENCE, driver.poll())
            .await
            .expect("no event")
            .unwrap();
        if let v5::Event::Incoming(Packet::PubAck(puback)) = event {
            reasons.push(puback.reason);
        }
    }
    assert_eq!(
        reasons,
        [
            PubAckReason::Success,
            PubAckReason::PayloadFormatInvalid,
            PubAckReason::NotAuthorized
        ]
    );
}

#[tokio::test]
async fn stopping_ends_every_connection() {
    let taker = keeper();
    let (handle, shutdown) = endpoint(&taker).await;
    let options = rumqttc::MqttOptions::new("v4", "127.0.0.1", handle.local_addr().port());
    let (_client, mut driver) = rumqttc::AsyncClient::new(options, 10);
    timeout(PATIENCE, driver.poll()).await.unwrap().unwrap();
    assert_eq!(handle.counters().connections_open.get(), 1);
    shutdown.cancel();
    let lost = async { while driver.poll().await.is_ok() {} };
    let (lost, stopped) =
        tokio::join!(timeout(PATIENCE, lost), timeout(PATIENCE, handle.stopped()));
    lost.expect("connection not closed");
    stopped.expect("endpoint not stopped");
    assert_eq!(handle.counters().connections_open.get(), 0);
}
