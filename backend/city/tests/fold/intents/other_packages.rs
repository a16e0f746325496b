//! What rules order while another package comes in force, and when it is folded under that.

use super::*;

#[test]
fn what_was_given_stays_given_when_it_is_folded_under_another_package() {
    let mut story = Story::ruled();
    story.flood("G-1");
    let intent = story.intents().remove(0);
    let given = Outcome::Actuated(intent.id.clone());
    // Also when its alert is kept quiet afterwards, and it is told again.
    assert_eq!(story.give(&intent), given);
    story.silence();
    assert_eq!(story.give_as("again", &intent), given);
    assert_eq!(story.city.actuations().count(), 1);
    // The alert fires there, too; or it had ended before, as it may by another rule of that name.
    let later = tiny_with("rules.toml", &composed());
    for is_over in [false, true] {
        let mut story = Story::of(Arc::clone(&later));
        story.tell(&Entry::Package(tiny().digest));
        story.flood("G-1");
        if is_over {
            story.dry("G-1");
            assert_eq!(states(&story, "ponding"), [AlertState::Resolved]);
        }
        assert!(story.ordering().is_empty());
        assert_eq!(story.give(&intent), given);
    }
    // Kept quiet it was not given, whatever the package.
    let mut story = Story::of(later);
    story.tell(&Entry::Package(tiny().digest));
    story.flood("G-1");
    story.silence();
    let over = Outcome::NotActuated(ActuationRefusal::Over);
    assert_eq!(story.give(&intent), over);
}

#[test]
fn an_order_on_its_way_while_another_package_is_named_is_the_same_by_both() {
    let before = tiny_with("rules.toml", &composed());
    let after = tiny_with("rules.toml", &format!("{}{SILENT}", composed()));
    let mut come_to = Vec::new();
    for package in [&before, &after] {
        let mut story = Story::of(Arc::clone(package));
        story.tell(&Entry::Package(before.digest));
        story.read("road", "G-1", "ponding_depth", 10.0);
        come_to.extend(story.intents());
        story.tell(&Entry::Package(after.digest));
        story.wait("1s");
        story.read("road", "G-1", "ponding_depth", 0.0);
        story.wait("1s");
        assert_eq!(states(&story, "some-wet"), [AlertState::Resolved]);
        assert!(story.ordering().is_empty());
        assert_eq!(come_to.len(), 1);
        let intent = &come_to[0];
        assert_eq!(story.give(intent), Outcome::Actuated(intent.id.clone()));
        assert_eq!(story.city.actuations().count(), 1);
    }
}

#[test]
fn what_was_refused_is_not_given_under_another_package_either_and_lets_no_rule_rest() {
    let first = tiny_with("rules.toml", &composed());
    let second = tiny_with("rules.toml", &format!("{}{SILENT}", composed()));
    let (mut come_to, mut outcomes) = (Vec::new(), Vec::new());
    for package in [&first, &second] {
        let mut story = Story::of(Arc::clone(package));
        story.tell(&Entry::Package(first.digest));
        story.read("road", "G-1", "ponding_depth", 10.0);
        come_to.extend(story.intents());
        story.wait("1s");
        story.read("road", "G-1", "ponding_depth", 0.0);
        story.wait("1s");
        let intent: &Intent = &come_to[0];
        outcomes.push(story.give(intent));
        let withdrawn = actuations::turn(intent.id.as_str(), story.now, Turn::Withdrawn);
        story.tell(&withdrawn);
        assert!(story.city.actuations_open().is_empty());
        // By the one that is in force then it is ordered when it fires again.
        story.tell(&Entry::Package(package.digest));
        story.wait("1s");
        story.read("road", "G-1", "ponding_depth", 10.0);
        assert_eq!(story.ordering(), ["some-wet"]);
    }
    let given = Outcome::Actuated(come_to[0].id.clone());
    let over = Outcome::NotActuated(ActuationRefusal::Over);
    assert_eq!(
        outcomes,
        [over, given],
        "nothing but the journal says that it was refused"
    );
}

#[test]
fn what_was_come_to_before_another_package_and_after_it_is_ordered_once() {
    let mut story = Story::ruled_with(&composed());
    story.read("road", "G-1", "ponding_depth", 10.0);
    let intent = story.intents().remove(0);
    let before = tiny_with("rules.toml", &composed()).digest;
    // The same under the one that comes in force then: it fires in another district, too.
    let after = tiny_with("rules.toml", &format!("{}{SILENT}", composed()));
    let digest = after.digest;
    let mut story = Story::of(after);
    story.tell(&Entry::Package(before));
    story.read("road", "G-1", "ponding_depth", 10.0);
    story.tell(&Entry::Package(digest));
    assert!(story.ordering().is_empty());
    story.read_at(EAST, "road", "G-9", "ponding_depth", 10.0);
    assert_eq!(story.ordering(), ["some-wet"]);
    assert_eq!(story.intents()[0].asset, intent.asset);
    assert_eq!(story.give(&intent), Outcome::Actuated(intent.id.clone()));
    assert!(story.ordering().is_empty());
}
