//! Many principals and many strangers at the endpoint, over real sockets and with foreign clients.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use egret_mqtt::gate::{Denied, Gate, Label, Pass, Visitor};
use egret_mqtt::{Endpoint, Handle, Limits};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::clients::run;
use super::*;

/// The first bytes of a CONNECT that never comes to its end.
const HALF_CONNECT: &[u8] = b"\x10\x7f\x00\x04MQTT\x05\x02\x00";

/// Somebody who may receive what is labelled with their district, and publish anything.
struct Officer {
    district: String,
    revoked: CancellationToken,
}

impl Pass for Officer {
    fn owner(&self) -> &str {
        &self.district
    }

    fn may_publish(&self, _topic: &str) -> bool {
        !self.revoked.is_cancelled()
    }

    fn may_subscribe(&self, _filter: &str) -> bool {
        !self.revoked.is_cancelled()
    }

    fn may_receive(&self, _topic: &str, label: Option<&Label>) -> bool {
        let district = label.and_then(|label| label.downcast_ref::<String>());
        !self.revoked.is_cancelled() && district == Some(&self.district)
    }

    fn ended(&self) -> BoxFuture<'static, ()> {
        Box::pin(self.revoked.clone().cancelled_owned())
    }
}

/// Lets in whoever says a district as user name.
#[derive(Default)]
struct Office {
    revoked: CancellationToken,
}

impl Gate for Office {
    fn admit(&self, visitor: Visitor) -> BoxFuture<'_, Result<Arc<dyn Pass>, Denied>> {
        Box::pin(async move {
            Ok(Arc::new(Officer {
                district: visitor.user.ok_or(Denied::Credentials)?,
                revoked: self.revoked.clone(),
            }) as Arc<dyn Pass>)
        })
    }

    fn recall(&self, owner: &str) -> Option<Arc<dyn Pass>> {
        Some(Arc::new(Officer {
            district: owner.to_owned(),
            revoked: self.revoked.clone(),
        }))
    }
}

async fn endpoint(office: Office, limits: Limits) -> Handle {
    Endpoint::new(keeper())
        .with_gate(Arc::new(office))
        .with_limits(limits)
        .bind("127.0.0.1:0", CancellationToken::new())
        .await
        .unwrap()
}

/// A connection from another address of this machine, of which Linux has all of 127.0.0.0/8.
async fn dial(handle: &Handle, host: u8) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    let from: IpAddr = Ipv4Addr::new(127, 0, 0, host).into();
    socket.bind(SocketAddr::new(from, 0)).unwrap();
    let dialled = socket.connect(handle.local_addr());
    timeout(PATIENCE, dialled).await.unwrap().unwrap()
}

/// One that says a part of CONNECT, and is let to wait.
async fn dial_slowly(handle: &Handle, host: u8) -> TcpStream {
    let before = handle.counters().connections_total.get();
    let mut stream = dial(handle, host).await;
    stream.write_all(HALF_CONNECT).await.unwrap();
    until(|| handle.counters().connections_total.get() > before).await;
    stream
}

/// Whether the other side closes the connection, orderly or not, without a word.
async fn is_closed(stream: &mut TcpStream) {
    let read = timeout(PATIENCE, stream.read(&mut [0; 16])).await;
    assert!(matches!(read.expect("not closed"), Ok(0) | Err(_)));
}

async fn until(is_wanted: impl Fn() -> bool) {
    let waiting = async {
        while !is_wanted() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, waiting).await.expect("not in time");
}

/// Publishes from an address, and says whether that was acknowledged.
async fn publishes_from(handle: &Handle, host: u8) -> Option<bool> {
    let host = format!("127.0.0.{host}");
    let arguments = ["-A", &host, "-u", "siming", "-q", "1", "-t", "a", "-m", "x"];
    let (_, code) = run("mosquitto_pub", handle, &arguments).await?;
    Some(code == Some(0))
}

#[tokio::test]
async fn mosquitto_subs_with_the_same_client_identifier_each_get_their_own_district() {
    let handle = endpoint(Office::default(), Limits::default()).await;
    let tell = |district: &str, text: &'static str, is_retained| {
        let label: Label = Arc::new(district.to_owned());
        let topic = format!("egret/v1/out/incidents/{text}");
        handle.publish(&topic, text.into(), is_retained, Some(label));
    };
    for (district, text) in [("siming", "1"), ("huli", "2"), ("siming", "3")] {
        tell(district, text, true);
    }
    for version in ["311", "5"] {
        let listen = |district: &str, n_messages: &str| {
            let arguments = [
                "-i", "same", "-u", district, "-V", version, "-q", "1", "-t", "#", "-C",
                n_messages, "-F", "%r %p",
            ]
            .map(str::to_owned);
            let handle = handle.clone();
            async move {
                run(
                    "mosquitto_sub",
                    &handle,
                    &arguments.each_ref().map(|a| &**a),
                )
                .await
            }
        };
        let before = handle.counters().deliveries_queued.get();
        let publisher = async {
            // Three retained ones for each of the two: both subscriptions stand.
            until(|| handle.counters().deliveries_queued.get() >= before + 6).await;
            tell("huli", "4", false);
            tell("siming", "5", false);
        };
        if program("mosquitto_sub").is_none() {
            return;
        }
        let (siming, huli, ()) =
            tokio::join!(listen("siming", "3"), listen("huli", "2"), publisher);
        let (Some((siming, _)), Some((huli, _))) = (siming, huli) else {
            return;
        };
        assert_eq!(siming.lines().collect::<Vec<_>>(), ["1 1", "1 3", "0 5"]);
        assert_eq!(huli.lines().collect::<Vec<_>>(), ["1 2", "0 4"]);
    }
    assert_eq!(handle.counters().takeovers.get(), 0);
}

#[tokio::test]
async fn mosquitto_sub_is_told_that_its_pass_was_revoked() {
    let office = Office::default();
    let revoked = office.revoked.clone();
    let handle = endpoint(office, Limits::default()).await;
    let label: Label = Arc::new("siming".to_owned());
    handle.publish("a", "x".into(), true, Some(label));
    let arguments = ["-V", "5", "-u", "siming", "-t", "#", "-d"];
    let revoking = async {
        until(|| handle.counters().deliveries_queued.get() == 1).await;
        revoked.cancel();
    };
    if program("mosquitto_sub").is_none() {
        return;
    }
    let (told, ()) = tokio::join!(run("mosquitto_sub", &handle, &arguments), revoking);
    let (output, _) = told.unwrap();
    assert!(output.contains("Received DISCONNECT (135)"), "{output}");
    assert_eq!(handle.counters().revocations.get(), 1);
}

#[tokio::test]
async fn connections_that_never_finish_connect_keep_no_other_client_out() {
    let limits = Limits {
        connections_max: 40,
        unadmitted_max: 48,
        unadmitted_per_address_max: 16,
        ..Limits::default()
    };
    let handle = endpoint(Office::default(), limits).await;
    let mut options = rumqttc::MqttOptions::new("before", "127.0.0.1", handle.local_addr().port());
    options.set_credentials("siming", "");
    let (client, mut driver) = rumqttc::AsyncClient::new(options, 10);
    timeout(PATIENCE, driver.poll()).await.unwrap().unwrap();

    let mut crowd = Vec::new();
    for host in [2, 3, 4] {
        for _ in 0..16 {
            crowd.push(dial_slowly(&handle, host).await);
        }
        is_closed(&mut dial(&handle, host).await).await;
    }
    assert_eq!(handle.counters().unadmitted_refused.get(), 3);
    // The lobby is full. A client from elsewhere is served, again and again.
    for host in [5, 6, 5] {
        let Some(is_served) = publishes_from(&handle, host).await else {
            return;
        };
        assert!(is_served);
    }
    // And so is the one that was there before.
    client
        .publish("a", rumqttc::QoS::AtLeastOnce, false, "x")
        .await
        .unwrap();
    let acknowledged = async {
        loop {
            let event = driver.poll().await.unwrap();
            if matches!(event, rumqttc::Event::Incoming(rumqttc::Packet::PubAck(_))) {
                return;
            }
        }
    };
    timeout(PATIENCE, acknowledged).await.expect("not served");
    let n_out = handle.counters().unadmitted_put_out.get();
    assert!((1..=3).contains(&n_out), "one for each who came: {n_out}");
    assert_eq!(handle.counters().connections_refused.get(), 0);
}
