//! What the tree matches, against the filters one by one.

use proptest::prelude::*;

use super::*;
use crate::gate::Open;
use crate::hub::session::Key;
use crate::topic;

fn subscriber(number: u64, qos: u8) -> Subscriber {
    of_owner("", number, qos)
}

fn of_owner(owner: &str, number: u64, qos: u8) -> Subscriber {
    let key = Key {
        owner: owner.into(),
        client: "c".into(),
    };
    Subscriber {
        session: Arc::new(Session::new(number, key, Arc::new(Open))),
        qos,
        no_local: false,
        retain_as_published: false,
        identifier: None,
    }
}

fn message(topic: &str) -> Message {
    Message {
        topic: topic.into(),
        qos: 1,
        from: 7,
        ..Message::default()
    }
}

fn to(text: &str) -> Subscription<'_> {
    Subscription::parse(text).unwrap()
}

fn numbers(members: &[Subscriber]) -> Vec<u64> {
    members.iter().map(|member| member.session.number).collect()
}

proptest! {
    #[test]
    fn the_tree_matches_exactly_what_the_filters_match(
        filters in prop::collection::vec(
            r"([$]share/[gh]/)?(([ab+]|[$]a)(/[ab+]){0,3}(/#)?|#)", 1..20
        ),
        names in prop::collection::vec("([ab]|[$]a)(/[ab]?){0,4}", 1..20),
    ) {
        let mut tree = Tree::default();
        for (number, filter) in filters.iter().enumerate() {
            tree.insert(to(filter), subscriber(number as u64, 1));
        }
        for name in &names {
            let matching = tree.matching(&message(name));
            let each = matching.each.iter().map(|found| found.subscriber.session.number);
            let shared = matching.turns.iter().flat_map(|turn| numbers(&turn.members));
            let mut found: Vec<_> = each.chain(shared).collect();
            found.sort_unstable();
            let expected: Vec<_> = (0..filters.len() as u64)
                .zip(&filters)
                .filter(|(_, filter)| topic::matches(to(filter).filter, name))
                .map(|(number, _)| number)
                .collect();
            prop_assert_eq!(found, expected, "{} on {:?}", name, filters);
        }
        for (number, filter) in filters.iter().enumerate() {
            tree.remove(to(filter), number as u64);
        }
        prop_assert!(tree.children.is_empty(), "nothing is left behind");
    }
}

#[test]
fn overlapping_subscriptions_deliver_once_with_the_higher_qos_and_all_identifiers() {
    let mut tree = Tree::default();
    for (filter, qos, identifier) in [("a/+", 0, Some(5)), ("a/#", 1, Some(9)), ("a/b", 0, None)] {
        let subscriber = Subscriber {
            identifier,
            ..subscriber(1, qos)
        };
        tree.insert(to(filter), subscriber);
    }
    let found = tree.matching(&message("a/b")).each;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].subscriber.qos, 1);
    let mut identifiers = found[0].identifiers.clone();
    identifiers.sort_unstable();
    assert_eq!(identifiers, [5, 9]);
}

#[test]
fn no_local_keeps_a_clients_own_messages_from_it() {
    let mut tree = Tree::default();
    for number in [7, 8] {
        let subscriber = Subscriber {
            no_local: true,
            ..subscriber(number, 1)
        };
        tree.insert(to("a"), subscriber);
    }
    let found = tree.matching(&message("a")).each;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].subscriber.session.number, 8);
}

#[test]
fn the_members_of_a_group_take_turns() {
    let mut tree = Tree::default();
    for number in 1..=3 {
        tree.insert(to("$share/g/a"), subscriber(number, 1));
    }
    let first = |tree: &Tree| {
        let turns = tree.matching(&message("a")).turns;
        assert_eq!(turns.len(), 1);
        numbers(&turns[0].members)
    };
    assert_eq!(first(&tree), [1, 2, 3]);
    assert_eq!(first(&tree), [2, 3, 1]);
    tree.remove(to("$share/g/a"), 3);
    assert_eq!(first(&tree), [1, 2]);
    assert_eq!(first(&tree), [2, 1]);
}

#[test]
fn groups_differ_by_name_by_filter_and_by_owner() {
    let mut tree = Tree::default();
    tree.insert(to("$share/g/a"), of_owner("ann", 1, 1));
    tree.insert(to("$share/g/a"), of_owner("bob", 2, 1));
    tree.insert(to("$share/h/a"), of_owner("ann", 3, 1));
    tree.insert(to("$share/g/+"), of_owner("ann", 4, 1));
    tree.insert(to("a"), of_owner("ann", 1, 1));
    let matching = tree.matching(&message("a"));
    let turns: Vec<_> = matching
        .turns
        .iter()
        .map(|turn| numbers(&turn.members))
        .collect();
    assert_eq!(turns, [[1], [2], [3], [4]]);
    assert_eq!(matching.each.len(), 1, "beside what is shared");
    let turn = tree.turn(to("$share/g/a"), "bob").unwrap();
    assert_eq!(numbers(&turn.members), [2]);
    assert!(tree.turn(to("$share/h/a"), "bob").is_none());
}
