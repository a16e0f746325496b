//! What was answered to whom, by their keys.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use axum::http::{HeaderValue, StatusCode};
use egret_shared::time::TimeMs;

use crate::limits::{ANSWERS_BYTES, ANSWERS_FOR};

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    /// Of the request.
    pub(super) fingerprint: u128,
    pub(super) status: StatusCode,
    /// The content type.
    pub(super) kind: Option<HeaderValue>,
    pub(super) body: Bytes,
}

/// Every answer that is remembered. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answers(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    by_sender: BTreeMap<String, Sender>,
    bytes: usize,
}

/// What somebody has asked.
#[derive(Debug, Default)]
struct Sender {
    by_key: BTreeMap<String, Slot>,
    /// When each answer was given, the oldest first.
    order: VecDeque<(TimeMs, String)>,
    bytes: usize,
}

#[derive(Debug)]
enum Slot {
    Running,
    Answered(Arc<Answer>),
}

/// What is to be done with a request.
#[derive(Debug)]
pub(super) enum Begun {
    /// It is the first with its key.
    First(Turn),
    /// The first is still being worked on.
    Running,
    /// The first was answered.
    Answered(Arc<Answer>),
}

/// A request that is being worked on. If it comes to no answer, because whoever asked has gone, its
/// key is free again.
#[derive(Debug)]
pub(super) struct Turn {
    answers: Answers,
    who: String,
    key: String,
}

/// What an answer takes beside its body: the key twice, the tables around it.
const AROUND_BYTES: usize = 250;

impl Answers {
    /// Begins a request of `who` by `key`.
    pub(super) fn begin(&self, who: &str, key: &str, now: TimeMs) -> Begun {
        let mut known = self.lock();
        known.forget_old(who, now);
        let sender = known.by_sender.entry(who.to_owned()).or_default();
        match sender.by_key.get(key) {
            Some(Slot::Running) => Begun::Running,
            Some(Slot::Answered(answer)) => Begun::Answered(Arc::clone(answer)),
            None => {
                sender.by_key.insert(key.to_owned(), Slot::Running);
                Begun::First(Turn {
                    answers: self.clone(),
                    who: who.to_owned(),
                    key: key.to_owned(),
                })
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        // Nothing in here can panic half-way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn {
    /// Remembers the answer.
    pub(super) fn finish(self, answer: Answer, now: TimeMs) {
        let mut known = self.answers.lock();
        let bytes = size(&answer, &self.key);
        if let Some(sender) = known.by_sender.get_mut(&self.who) {
            let slot = Slot::Answered(Arc::new(answer));
            sender.by_key.insert(self.key.clone(), slot);
            sender.order.push_back((now, self.key.clone()));
            sender.bytes += bytes;
            known.bytes += bytes;
        }
        while known.bytes > ANSWERS_BYTES && known.forget_one() {}
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut known = self.answers.lock();
        let Some(sender) = known.by_sender.get_mut(&self.who) else {
            return;
        };
        if matches!(sender.by_key.get(&self.key), Some(Slot::Running)) {
            sender.by_key.remove(&self.key);
        }
        if sender.by_key.is_empty() {
            known.by_sender.remove(&self.who);
        }
    }
}

impl Known {
    /// Forgets what was answered to `who` too long ago.
    fn forget_old(&mut self, who: &str, now: TimeMs) {
        let Some(sender) = self.by_sender.get_mut(who) else {
            return;
        };
        let oldest = now.minus(ANSWERS_FOR);
        while sender.order.front().is_some_and(|(at, _)| *at < oldest) {
            self.bytes -= sender.forget_oldest();
        }
    }

    /// Forgets the oldest answer of whoever has most; whether there was any.
    fn forget_one(&mut self) -> bool {
        let senders = self.by_sender.values_mut();
        let most = senders.max_by_key(|sender| sender.bytes);
        let bytes = most.map_or(0, Sender::forget_oldest);
        self.bytes -= bytes;
        bytes > 0
    }
}

impl Sender {
    /// Forgets the oldest answer; how much that was.
    fn forget_oldest(&mut self) -> usize {
        let Some((_, key)) = self.order.pop_front() else {
            return 0;
        };
        let Some(Slot::Answered(answer)) = self.by_key.remove(&key) else {
            return 0;
        };
        let bytes = size(&answer, &key);
        self.bytes -= bytes;
        bytes
    }
}

fn size(answer: &Answer, key: &str) -> usize {
    answer.body.len() + 2 * key.len() + AROUND_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(bytes: usize) -> Answer {
        Answer {
            fingerprint: 7,
            status: StatusCode::OK,
            kind: None,
            body: vec![b'x'; bytes].into(),
        }
    }

    fn first(answers: &Answers, who: &str, key: &str, now: i64) -> Turn {
        match answers.begin(who, key, TimeMs(now)) {
            Begun::First(turn) => turn,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_answer_is_given_again_for_a_day_and_to_nobody_else() {
        let answers = Answers::default();
        let day_ms = ANSWERS_FOR.ms();
        first(&answers, "a", "k", 0).finish(answer(3), TimeMs(0));
        let begun = answers.begin("a", "k", TimeMs(day_ms));
        assert!(matches!(begun, Begun::Answered(known) if known.fingerprint == 7));
        drop(first(&answers, "b", "k", 0));
        drop(first(&answers, "a", "k", day_ms + 1));
    }

    #[test]
    fn while_the_first_is_worked_on_the_key_is_taken_and_free_if_nothing_came_of_it() {
        let answers = Answers::default();
        let turn = first(&answers, "a", "k", 0);
        assert!(matches!(answers.begin("a", "k", TimeMs(1)), Begun::Running));
        drop(turn);
        drop(first(&answers, "a", "k", 2));
        assert!(answers.lock().by_sender.is_empty(), "nothing is left of it");
    }

    #[test]
    fn whoever_has_most_loses_the_oldest_answer_and_the_whole_is_bounded() {
        let answers = Answers::default();
        first(&answers, "quiet", "k", 0).finish(answer(3), TimeMs(0));
        let each = ANSWERS_BYTES / 16;
        for n in 0..40 {
            let key = format!("k{n}");
            first(&answers, "loud", &key, n).finish(answer(each), TimeMs(n));
            assert!(answers.lock().bytes <= ANSWERS_BYTES);
        }
        let kept =
            |who, key: &str| matches!(answers.begin(who, key, TimeMs(40)), Begun::Answered(_));
        assert!(kept("quiet", "k") && kept("loud", "k39") && !kept("loud", "k0"));
    }
}
