//! Clocks that are set while something waits.

use egret_notify::DeliveryState;

use crate::receiver::{OK, Receiver};
use crate::webhook::config;
use crate::world::{DAY, HOUR, START, World, at, notice, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_put_back_by_a_year_holds_nothing_up() {
    let receiver = Receiver::start(OK).await;
    let held =
        "days = [\"sun\"]\n[[notify.route]]\nto = [{ channel = \"hook\" }]\nkinds = [\"closed\"]";
    let world = World::new(&format!(
        "{}{held}",
        config(&format!("http://{}/", receiver.address))
    ));
    world.enqueue(&[notice(1)]);
    assert_eq!(world.outbox.status().unwrap().channels[0].held, 1);
    world.clock.set(at(-365 * DAY));
    world.work();
    receiver.wait_for(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_goes_when_its_hours_begin() {
    let receiver = Receiver::start(OK).await;
    let hours = "hours = \"08:00-18:00\"";
    let world = World::new(&format!(
        "{}{hours}",
        config(&format!("http://{}/", receiver.address))
    ));
    world.work();
    world.enqueue(&[notice(1)]);
    world.clock.forward(2 * HOUR);
    // Red breaks through and wakes the worker, which looks at the clock.
    world.enqueue(&[crate::world::red(2)]);
    let got = receiver.wait_for(2).await;
    assert_eq!(got[0].key(), notice(1).key);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_put_ahead_by_a_month_gives_nothing_up_that_can_be_sent() {
    let receiver = Receiver::start(OK).await;
    receiver.answer_first(crate::receiver::Answer::Say(
        axum::http::StatusCode::SERVICE_UNAVAILABLE,
        "",
    ));
    let world = World::new(&config(&format!("http://{}/", receiver.address)));
    world.enqueue(&[notice(1), notice(2)]);
    world.clock.set(START);
    world.clock.forward(30 * DAY);
    world.work();
    world.settled().await;
    assert_eq!(receiver.got().len(), 3);
    assert!(world.rows(DeliveryState::Failed).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_put_ahead_while_nobody_answers_gives_nothing_up_at_the_first_try() {
    let receiver = Receiver::start(OK).await;
    let url = format!("http://{}/", receiver.address);
    receiver.stop().await;
    let world = World::new(&config(&url).replace(
        "[[notify.channel]]",
        "give_up_after = \"10m\"\n[[notify.channel]]",
    ));
    world.enqueue(&[notice(1), notice(2)]);
    world.clock.forward(HOUR);
    world.work();
    until("a try has failed and nothing was given up", || {
        let row = world.rows(DeliveryState::Waiting);
        let is_so = row.len() == 2 && row[0].attempts > 0;
        is_so.then_some(()).ok_or_else(|| format!("{row:?}"))
    })
    .await;
}
