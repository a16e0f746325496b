//! Whoever of a group leaves, comes back and goes for good, and whatever it acknowledged until then:
//! nothing of QoS 1 is lost while one member is left.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

const N_MEMBERS: usize = 3;

#[derive(Clone, Copy, Debug)]
enum Step {
    Publish(usize),
    /// Takes what has come and acknowledges it.
    Listen(usize),
    /// The connection breaks, with whatever is unread; the session lasts.
    Leave(usize),
    Come(usize),
    /// The session ends.
    End(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let member = 0..N_MEMBERS;
    let step = prop_oneof![
        (1..6_usize).prop_map(Step::Publish),
        member.clone().prop_map(Step::Listen),
        member.clone().prop_map(Step::Leave),
        member.clone().prop_map(Step::Come),
        // The first of them stays to the end.
        (1..N_MEMBERS).prop_map(Step::End),
    ];
    prop::collection::vec(step, 1..24)
}

#[derive(Default)]
struct Group {
    members: [Option<Client>; N_MEMBERS],
    n_published: usize,
    acknowledged: BTreeSet<usize>,
}

impl Group {
    async fn step(&mut self, world: &World, step: Step) {
        match step {
            Step::Publish(n_messages) => {
                for number in self.n_published..self.n_published + n_messages {
                    world.shared.hub.route(&Arc::new(Message {
                        topic: "a".into(),
                        payload: number.to_string().into(),
                        qos: 1,
                        ..Message::default()
                    }));
                }
                self.n_published += n_messages;
            }
            Step::Listen(member) => self.listen(member).await,
            Step::Leave(member) => {
                self.members[member] = None;
                self.is_noticed(world).await;
            }
            Step::Come(member) if self.members[member].is_none() => {
                let connect = connect_with(&member.to_string(), vec![expiry(600)]);
                let mut client = world.connect(connect).await;
                let entry = SubEntry::new("$share/g/a", SubOpts::new().set_qos(Qos::AtLeastOnce));
                let subscribe = v5_0::Subscribe::builder().packet_id(77);
                let subscribe = subscribe.entries(vec![entry.unwrap()]);
                client.send(subscribe.build().unwrap()).await;
                self.members[member] = Some(client);
                // Its SUBACK is among what comes, which may as well stay unread.
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            Step::Come(_) => {}
            Step::End(member) => {
                Box::pin(self.step(world, Step::Come(member))).await;
                if let Some(client) = &mut self.members[member] {
                    let goodbye = v5_0::Disconnect::builder()
                        .reason_code(DisconnectReasonCode::NormalDisconnection)
                        .props(vec![expiry(0)]);
                    client.send(goodbye.build().unwrap()).await;
                    // A client that closes at once may be lost before its goodbye is heard.
                    while timeout(PATIENCE, client.read()).await.unwrap().is_ok() {}
                }
                self.members[member] = None;
                self.is_noticed(world).await;
            }
        }
    }

    async fn listen(&mut self, member: usize) {
        let Some(client) = &mut self.members[member] else {
            return;
        };
        while let Ok(packet) = timeout(Duration::from_secs(1), client.read()).await {
            let (first, body) = packet.expect("connection closed");
            if first >> 4 != 3 {
                continue;
            }
            let (_, identifier, payload) = read_qos_1(&body);
            let puback = v5_0::Puback::builder().packet_id(identifier);
            client.send(puback.build().unwrap()).await;
            let number = String::from_utf8(payload).unwrap();
            self.acknowledged.insert(number.parse().unwrap());
        }
    }

    async fn is_noticed(&self, world: &World) {
        let n_connected = self.members.iter().flatten().count();
        while world.shared.counters.connections_open.get() != n_connected as u64 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

async fn run_steps(steps: &[Step]) {
    let world = World::new();
    let mut group = Group::default();
    for member in 0..N_MEMBERS {
        group.step(&world, Step::Come(member)).await;
    }
    for step in steps {
        group.step(&world, *step).await;
    }
    for member in 1..N_MEMBERS {
        group.step(&world, Step::End(member)).await;
    }
    group.step(&world, Step::Come(0)).await;
    group.listen(0).await;
    let expected: BTreeSet<_> = (0..group.n_published).collect();
    assert_eq!(group.acknowledged, expected);
    assert_eq!(world.shared.counters.deliveries_dropped.get(), 0);
}

proptest! {
    #[test]
    fn nothing_is_lost_while_one_member_is_left(steps in steps()) {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap()
            .block_on(run_steps(&steps));
    }
}
