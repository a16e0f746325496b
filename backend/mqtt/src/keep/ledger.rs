//! What has changed and is not durable yet, and the task that makes it so.
//!
//! Everything here is noted as it stands now, not as it came about: a message that is put and settled
//! before the next commit leaves nothing behind, and a topic that is retained a thousand times is
//! written once. So the ledger is never larger than what the hub holds anyway, but for what is gone.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use mqtt_protocol_core::mqtt::packet::Property;
use smol_str::SmolStr;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{
    Changes, DeliveryChange, DeliveryRow, Keep, Kept, MessageRow, SessionRow, StageRow,
    SubscriptionRow, Terms, WillRow,
};
use crate::hub::session::Delivery;
use crate::hub::{Message, lock};
use crate::limits::{KEEP_ENTRIES_MAX, KEEP_LAZY};
use crate::protocol::words::Will;

/// What has to be durable before a packet that promises it may leave: the number of a commit, zero
/// for nothing.
pub(crate) type Ticket = u64;

/// The last commit that is durable; `None` once one has failed, after which none will be.
pub(crate) type Durable = Option<Ticket>;

/// The changes that wait for the next commit.
pub(crate) struct Ledger {
    terms: Arc<dyn Terms>,
    open: Mutex<Open>,
    n_entries: AtomicUsize,
    next_message: AtomicU64,
    next_will: AtomicU64,
    /// Wills of those who are connected.
    wills: Mutex<BTreeMap<u64, WillRow>>,
    wake: Notify,
    durable: watch::Sender<Durable>,
    failure: OnceLock<String>,
}

struct Open {
    /// The commit that this will be.
    ticket: Ticket,
    /// Whether somebody waits for it.
    is_wanted: bool,
    /// Nothing is noted any more.
    is_closed: bool,
    sessions: BTreeMap<u64, Option<SessionRow>>,
    subscriptions: BTreeMap<(u64, SmolStr), Option<SubscriptionRow>>,
    deliveries: BTreeMap<(u64, u64), Step>,
    handled: BTreeMap<(u64, u16), bool>,
    retained: BTreeMap<SmolStr, Option<Arc<Message>>>,
    told: BTreeMap<SmolStr, Option<u64>>,
    wills: BTreeMap<u64, Option<WillRow>>,
    /// Whether the time alone is to be written.
    is_alive: bool,
}

/// [`DeliveryChange`] before anything of it is copied.
enum Step {
    Put(Delivery, StageRow),
    Moved(StageRow),
    Gone,
}

impl Ledger {
    /// Goes on after what is kept.
    pub(crate) fn new(terms: Arc<dyn Terms>, kept: &Kept) -> Self {
        let last_will = kept.wills.keys().next_back().copied().unwrap_or(0);
        let last_message = kept.messages.keys().next_back().copied().unwrap_or(0);
        Self {
            terms,
            open: Mutex::new(Open::new(1)),
            n_entries: AtomicUsize::new(0),
            next_message: AtomicU64::new(last_message + 1),
            next_will: AtomicU64::new(last_will + 1),
            wills: Mutex::default(),
            wake: Notify::new(),
            durable: watch::Sender::new(Some(0)),
            failure: OnceLock::new(),
        }
    }

    /// What is durable, as it goes on.
    pub(crate) fn durable(&self) -> watch::Receiver<Durable> {
        self.durable.subscribe()
    }

    /// Waits until what has this ticket is durable; false if it will never be.
    pub(crate) async fn is_kept(&self, ticket: Ticket) -> bool {
        let mut durable = self.durable();
        let is_settled = |durable: &Durable| durable.is_none_or(|last| last >= ticket);
        let settled = durable.wait_for(is_settled).await;
        settled.is_ok_and(|durable| durable.is_some())
    }

    /// Why a commit failed, if one did.
    pub(crate) fn failure(&self) -> Option<&str> {
        self.failure.get().map(String::as_str)
    }

    /// Whether so much waits that nothing more is to be taken in.
    pub(crate) fn is_behind(&self) -> bool {
        self.n_entries.load(Ordering::Relaxed) > KEEP_ENTRIES_MAX
    }

    /// The moment by the wall.
    pub(crate) fn wall_ms(&self, at: Instant) -> i64 {
        let left = at.saturating_duration_since(Instant::now());
        self.terms.now_ms().saturating_add(ms(left))
    }

    /// Whether a message may be written down. What the server itself says may.
    pub(crate) fn may_keep(&self, message: &Message) -> bool {
        message.label.is_some() || self.may_keep_topic(&message.topic)
    }

    /// Whether what clients publish there may be written down.
    pub(crate) fn may_keep_topic(&self, topic: &str) -> bool {
        self.terms.may_keep(topic)
    }

    /// A session is so now.
    pub(crate) fn session(&self, number: u64, row: SessionRow) -> Ticket {
        self.note(true, |open| {
            open.sessions.insert(number, Some(row));
        })
    }

    /// A session is over, with all that is its own.
    pub(crate) fn forget(&self, number: u64) -> Ticket {
        self.note(true, |open| {
            open.forget(number);
            open.sessions.insert(number, None);
        })
    }

    /// A subscription is so now, or is none any more.
    pub(crate) fn subscription(
        &self,
        session: u64,
        filter: &SmolStr,
        row: Option<SubscriptionRow>,
    ) -> Ticket {
        self.note(true, |open| {
            open.subscriptions.insert((session, filter.clone()), row);
        })
    }

    /// A message waits for a session.
    pub(crate) fn put(&self, session: u64, delivery: &Delivery) -> Ticket {
        let key = (session, delivery.place);
        self.note(true, |open| {
            let step = Step::Put(delivery.clone(), StageRow::Waiting);
            open.deliveries.insert(key, step);
        })
    }

    /// The identifier of a message that is not kept is under way to a session: to be released, should
    /// nothing else become known of it.
    pub(crate) fn put_released(&self, session: u64, delivery: Delivery, at: StageRow) -> Ticket {
        let key = (session, delivery.place);
        let (StageRow::Published(at) | StageRow::Released(at)) = at else {
            return 0;
        };
        self.note(true, |open| {
            let step = Step::Put(delivery, StageRow::Released(at));
            open.deliveries.insert(key, step);
        })
    }

    /// A delivery is this far. Nobody waits for that with QoS 1: what is sent again is sent twice at
    /// worst.
    pub(crate) fn moved(&self, key: (u64, u64), stage: StageRow, is_wanted: bool) -> Ticket {
        self.note(is_wanted, |open| match open.deliveries.get_mut(&key) {
            Some(Step::Put(_, at) | Step::Moved(at)) => *at = stage,
            Some(Step::Gone) => {}
            None => drop(open.deliveries.insert(key, Step::Moved(stage))),
        })
    }

    /// A delivery is over.
    pub(crate) fn gone(&self, key: (u64, u64)) {
        self.note(false, |open| {
            // What was put since the last commit was never written.
            if !matches!(open.deliveries.remove(&key), Some(Step::Put(..))) {
                open.deliveries.insert(key, Step::Gone);
            }
        });
    }

    /// A QoS 2 identifier of a publishing session is taken, or free again.
    pub(crate) fn handled(&self, session: u64, identifier: u16, is_handled: bool) -> Ticket {
        self.note(true, |open| {
            open.handled.insert((session, identifier), is_handled);
        })
    }

    /// A topic retains this message of a client, or nothing.
    pub(crate) fn retained(&self, topic: &SmolStr, message: Option<&Arc<Message>>) {
        self.note(false, |open| {
            open.retained.insert(topic.clone(), message.cloned());
        });
    }

    /// A notice of the server's own has been told, or is of no use any more.
    pub(crate) fn told(&self, key: &SmolStr, digest: Option<u64>) {
        self.note(false, |open| {
            open.told.insert(key.clone(), digest);
        });
    }

    /// Has the will of somebody who is connected kept, of whom `complete` tells: its number.
    pub(crate) fn new_will(
        &self,
        will: &Will,
        complete: impl FnOnce(WillRow) -> WillRow,
    ) -> (u64, Ticket) {
        let number = self.next_will.fetch_add(1, Ordering::Relaxed);
        let row = complete(WillRow {
            owner: SmolStr::default(),
            client: SmolStr::default(),
            is_assigned: false,
            topic: will.topic.clone(),
            payload: will.payload.clone(),
            qos: will.qos,
            is_retained: will.is_retained,
            properties: bytes_of(&will.properties),
            expiry_ms: will.expiry.map(|expiry| ms(expiry).unsigned_abs()),
            delay_ms: ms(will.delay),
            due_at_ms: None,
        });
        lock(&self.wills).insert(number, row.clone());
        (number, self.will(number, Some(row)))
    }

    /// The connection of a will is gone, and the will is due at `due_at_ms`.
    pub(crate) fn will_is_due(&self, number: u64, due_at_ms: i64) {
        let row = lock(&self.wills).remove(&number);
        if let Some(row) = row {
            let due_at_ms = Some(due_at_ms);
            self.will(number, Some(WillRow { due_at_ms, ..row }));
        }
    }

    /// A will is so now, or is of no use any more.
    pub(crate) fn will(&self, number: u64, row: Option<WillRow>) -> Ticket {
        if row.is_none() {
            lock(&self.wills).remove(&number);
        }
        self.note(true, |open| {
            open.wills.insert(number, row);
        })
    }

    /// Whether anybody who is connected has a will.
    pub(crate) fn has_wills(&self) -> bool {
        !lock(&self.wills).is_empty()
    }

    /// The endpoint lives, and sessions that have connections are not parked.
    pub(crate) fn alive(&self) {
        self.note(false, |open| open.is_alive = true);
    }

    /// No more will be noted: what waits is made durable, then [`write()`] ends.
    pub(crate) fn close(&self) {
        lock(&self.open).is_closed = true;
        self.wake.notify_one();
    }

    fn note(&self, is_wanted: bool, change: impl FnOnce(&mut Open)) -> Ticket {
        let mut open = lock(&self.open);
        if open.is_closed {
            return if is_wanted { Ticket::MAX } else { 0 };
        }
        let was_idle = open.is_idle();
        change(&mut open);
        let is_newly_wanted = is_wanted && !open.is_wanted;
        open.is_wanted |= is_wanted;
        self.n_entries.store(open.n_entries(), Ordering::Relaxed);
        if was_idle || is_newly_wanted {
            self.wake.notify_one();
        }
        if is_wanted { open.ticket } else { 0 }
    }

    /// Waits until something is to be made durable.
    async fn has_work(&self) {
        loop {
            let is_idle = {
                let open = lock(&self.open);
                if open.is_wanted || open.is_closed {
                    return;
                }
                open.is_idle()
            };
            if is_idle {
                self.wake.notified().await;
                continue;
            }
            // Since the first of what waits, for only that and being wanted wakes.
            tokio::select! {
                () = self.wake.notified() => {}
                () = tokio::time::sleep(KEEP_LAZY) => return,
            }
        }
    }

    /// Takes what waits for the next commit, and begins the one after it.
    fn take(&self) -> Open {
        let mut open = lock(&self.open);
        let mut next = Open::new(open.ticket + 1);
        next.is_closed = open.is_closed;
        self.n_entries.store(0, Ordering::Relaxed);
        std::mem::replace(&mut open, next)
    }

    fn changes(&self, open: Open) -> Changes {
        let mut changes = Changes {
            at_ms: self.terms.now_ms(),
            sessions: open.sessions,
            subscriptions: open.subscriptions,
            handled: open.handled,
            told: open.told,
            wills: open.wills,
            ..Changes::default()
        };
        for (key, step) in open.deliveries {
            let change = match step {
                Step::Put(delivery, stage) => {
                    let is_needed = !matches!(stage, StageRow::Released(_));
                    let message = is_needed.then(|| self.message(&delivery.message, &mut changes));
                    DeliveryChange::Put(DeliveryRow {
                        message,
                        qos: delivery.qos,
                        is_retained: delivery.is_retained,
                        identifiers: delivery.identifiers,
                        share: delivery.share,
                        stage,
                    })
                }
                Step::Moved(stage) => DeliveryChange::Moved(stage),
                Step::Gone => DeliveryChange::Gone,
            };
            changes.deliveries.insert(key, change);
        }
        for (topic, message) in open.retained {
            let row = message.map(|message| self.row(&message));
            changes.retained.insert(topic, row);
        }
        changes
    }

    /// The number of a message that a delivery is of.
    fn message(&self, message: &Arc<Message>, changes: &mut Changes) -> u64 {
        let next = || self.next_message.fetch_add(1, Ordering::Relaxed);
        let number = *message.number.get_or_init(next);
        let rows = changes.messages.entry(number);
        rows.or_insert_with(|| self.row(message));
        number
    }

    fn row(&self, message: &Message) -> MessageRow {
        MessageRow {
            topic: message.topic.clone(),
            payload: message.payload.clone(),
            qos: message.qos,
            is_retained: message.is_retained,
            properties: bytes_of(&message.properties),
            expires_at_ms: message.expires_at.map(|at| self.wall_ms(at)),
            label: message.label.clone(),
        }
    }
}

impl Open {
    fn new(ticket: Ticket) -> Self {
        Self {
            ticket,
            is_wanted: false,
            is_closed: false,
            sessions: BTreeMap::new(),
            subscriptions: BTreeMap::new(),
            deliveries: BTreeMap::new(),
            handled: BTreeMap::new(),
            retained: BTreeMap::new(),
            told: BTreeMap::new(),
            wills: BTreeMap::new(),
            is_alive: false,
        }
    }

    fn n_entries(&self) -> usize {
        self.sessions.len()
            + self.subscriptions.len()
            + self.deliveries.len()
            + self.handled.len()
            + self.retained.len()
            + self.told.len()
            + self.wills.len()
    }

    fn is_idle(&self) -> bool {
        self.n_entries() == 0 && !self.is_alive
    }

    fn forget(&mut self, session: u64) {
        fn leave<K: Ord + Clone, V>(map: &mut BTreeMap<K, V>, own: RangeInclusive<K>) {
            let keys: Vec<K> = map.range(own).map(|(key, _)| key.clone()).collect();
            for key in keys {
                map.remove(&key);
            }
        }
        leave(&mut self.deliveries, (session, 0)..=(session, u64::MAX));
        leave(&mut self.handled, (session, 0)..=(session, u16::MAX));
        let from = (session, SmolStr::default());
        let own = self.subscriptions.range(from..);
        let own = own.take_while(|((of, _), _)| *of == session);
        let keys: Vec<_> = own.map(|(key, _)| key.clone()).collect();
        for key in keys {
            self.subscriptions.remove(&key);
        }
    }
}

/// Makes durable what is noted, a commit after the other, until the ledger is closed. A commit that
/// fails is the last, and has `stop` cancelled.
pub(crate) async fn write(ledger: Arc<Ledger>, mut keep: Box<dyn Keep>, stop: CancellationToken) {
    loop {
        ledger.has_work().await;
        let open = ledger.take();
        let (ticket, is_last) = (open.ticket, open.is_closed);
        if !open.is_idle() {
            keep = match commit(&ledger, open, keep).await {
                Ok(keep) => keep,
                Err(error) => {
                    tracing::error!(error, "MQTT sessions cannot be kept");
                    // Nobody else sets it.
                    ledger.failure.set(error).ok();
                    ledger.close();
                    ledger.durable.send_replace(None);
                    return stop.cancel();
                }
            };
        }
        ledger.durable.send_replace(Some(ticket));
        if is_last {
            return;
        }
    }
}

/// Commits on a thread that may block; the keep is back with the answer.
async fn commit(
    ledger: &Arc<Ledger>,
    open: Open,
    mut keep: Box<dyn Keep>,
) -> Result<Box<dyn Keep>, String> {
    let ledger = Arc::clone(ledger);
    let committing = tokio::task::spawn_blocking(move || {
        let committed = keep.commit(&ledger.changes(open));
        committed.map(|()| keep).map_err(|error| error.to_string())
    });
    committing
        .await
        .unwrap_or_else(|panicked| Err(panicked.to_string()))
}

/// Properties one after the other, as in a packet.
fn bytes_of(properties: &[Property]) -> Vec<u8> {
    let each = properties.iter();
    each.flat_map(Property::to_continuous_buffer).collect()
}

fn ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
