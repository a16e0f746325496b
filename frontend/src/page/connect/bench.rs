//! What the parts of the page share: samples, the definition, what the server says of both, and
//! what is under way.

use std::cell::RefCell;
use std::sync::Arc;

use leptos::prelude::*;
use serde_json::Value;

use egret_shared::id::MetricId;
use egret_shared::package::addition::{Addition, SAMPLES_MAX, Sample, Trial, Tried, UnheardTopic};

use crate::api;
use crate::api::register::Which;
use crate::clock;
use crate::i18n::access::failure;
use crate::i18n::connect::Connect as Word;
use crate::i18n::{Phrase, Word as AnyWord};
use crate::screen::{Screen, screen};
use crate::widget::form::Form;

use super::draft::Draft;
use super::faults::{Fault, Spot, spot_of};
use super::guess::{City, filter_of, guess};

/// How long after the last change everything is tried. Milliseconds: a pause in typing.
const TRY_AFTER_MS: i32 = 600;

/// How often topics without a feed are asked for anew. Milliseconds.
const TOPICS_MS: i32 = 10_000;

/// Samples that are taken by themselves: enough to see which levels of the topic differ.
const FIRST_SAMPLES: usize = 4;

thread_local! {
    /// What somebody went away from by the browser's own buttons, which cannot be held up.
    static LEFT: RefCell<Option<(Draft, Vec<Sample>)>> = const { RefCell::new(None) };
}

/// What the server says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Outcome {
    /// There is nothing to be tried.
    Nothing,
    /// The form is not complete.
    Lacking(Vec<Fault>),
    /// The answer, and what was tried.
    Tried(Arc<Tried>, Arc<Addition>),
    /// There was no answer.
    Failed(String),
}

/// A connection that is in force.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Done {
    pub(super) addition: Arc<Addition>,
    pub(super) tile: Option<MetricId>,
}

/// The page's state. A copy is a handle to the same.
#[derive(Clone, Copy)]
pub(super) struct Bench {
    screen: StoredValue<Screen>,
    pub(super) draft: RwSignal<Draft>,
    pub(super) samples: RwSignal<Vec<Sample>>,
    /// Which sample is looked at.
    pub(super) current: RwSignal<usize>,
    pub(super) topics: RwSignal<Vec<UnheardTopic>>,
    /// Whether the definition is somebody's own, and no proposal any more.
    is_own: RwSignal<bool>,
    /// Whether there is something that would be lost.
    pub(super) is_unsaved: RwSignal<bool>,
    pub(super) outcome: RwSignal<Outcome>,
    pub(super) is_trying: RwSignal<bool>,
    /// Whether what is missing is said beside its field, too: once somebody has asked for more.
    pub(super) is_strict: RwSignal<bool>,
    pub(super) form: Form,
    /// While it is being connected: how far.
    pub(super) folding: RwSignal<Option<f64>>,
    pub(super) done: RwSignal<Option<Done>>,
    /// Whether what came by the topic that was taken last is kept sealed.
    pub(super) is_sealed: RwSignal<bool>,
    /// Something to know about the page.
    pub(super) told: RwSignal<Option<Phrase>>,
    /// The feed that is changed, as it was.
    before: RwSignal<Option<Arc<Addition>>>,
    serial: StoredValue<u32>,
}

impl Bench {
    /// A page with samples of `topic`, or with `feed` as it is.
    pub(super) fn start(feed: Option<String>, topic: Option<String>) -> Self {
        let is_change = feed.is_some();
        let bench = Self {
            screen: StoredValue::new(screen()),
            draft: RwSignal::new(Draft::new()),
            samples: RwSignal::new(vec![Sample::default()]),
            current: RwSignal::new(0),
            topics: RwSignal::new(Vec::new()),
            is_own: RwSignal::new(is_change),
            is_unsaved: RwSignal::new(false),
            outcome: RwSignal::new(Outcome::Nothing),
            is_trying: RwSignal::new(false),
            is_strict: RwSignal::new(false),
            form: Form::new(),
            folding: RwSignal::new(None),
            done: RwSignal::new(None),
            is_sealed: RwSignal::new(false),
            told: RwSignal::new(None),
            before: RwSignal::new(None),
            serial: StoredValue::new(0),
        };
        bench.keep_trying();
        match (feed, topic) {
            (Some(feed), _) => leptos::task::spawn_local(bench.load(feed)),
            (None, topic) => {
                if topic.is_none() {
                    bench.restore();
                }
                leptos::task::spawn_local(bench.watch_topics(topic));
            }
        }
        on_cleanup(move || bench.remember());
        bench
    }

    pub(super) fn screen(self) -> Screen {
        self.screen.get_value()
    }

    pub(super) fn word(self, word: impl AnyWord) -> &'static str {
        self.screen().word(word)
    }

    pub(super) fn phrase(self, phrase: Phrase) -> &'static str {
        self.screen().phrase(phrase)
    }

    /// Whether a feed that is there is changed.
    pub(super) fn is_change(self) -> bool {
        self.before.read().is_some()
    }

    /// What the city has; of a feed that is changed, without what was made for it.
    pub(super) fn city(self) -> City {
        let catalog = self.screen().store.catalog.read();
        let before = self.before.read();
        let own = before.iter().flat_map(|before| &before.properties);
        let own: Vec<_> = own.map(|def| &def.id).collect();
        let Some(catalog) = catalog.as_ref() else {
            return City::default();
        };
        let others = catalog
            .properties
            .iter()
            .filter(|def| !own.contains(&&def.id));
        City {
            properties: others.cloned().collect(),
            feeds: catalog.feeds.iter().map(|def| def.id.to_string()).collect(),
        }
    }

    /// Changes the definition by hand.
    pub(super) fn change(self, change: impl FnOnce(&mut Draft)) {
        self.is_own.set(true);
        self.is_unsaved.set(true);
        self.draft.update(change);
    }

    /// Changes where it is fetched from, which no message says: a proposal stays one.
    pub(super) fn change_poll(self, change: impl FnOnce(&mut Draft)) {
        self.is_unsaved.set(true);
        self.draft.update(change);
    }

    /// Changes the samples; while nobody has changed the definition, it follows.
    pub(super) fn change_samples(self, change: impl FnOnce(&mut Vec<Sample>)) {
        self.is_unsaved.set(true);
        self.samples.update(change);
        if !self.is_own.get_untracked() {
            self.propose();
        }
    }

    /// Proposes a definition by the samples.
    fn propose(self) {
        let city = untrack(|| self.city());
        let mut proposed = guess(&self.samples.read_untracked(), &city);
        let old = self.draft.get_untracked();
        // What no message says stays.
        proposed.feed.department = old.feed.department;
        proposed.feed.domain = old.feed.domain;
        proposed.feed.asset_class = old.feed.asset_class;
        proposed.feed.classification = old.feed.classification;
        proposed.feed.poll = old.feed.poll;
        proposed.poll_url = old.poll_url;
        proposed.poll_every = old.poll_every;
        if let Some(before) = self.before.get_untracked() {
            proposed.feed.id = before.feed.id.clone();
            proposed.feed.name = before.feed.name.clone();
        }
        self.draft.set(proposed);
    }

    /// The sample that is looked at.
    pub(super) fn sample(self) -> Sample {
        let samples = self.samples.read();
        samples.get(self.current.get()).cloned().unwrap_or_default()
    }

    /// The same as JSON, where it is JSON.
    pub(super) fn json(self) -> Option<Value> {
        serde_json::from_str(&self.sample().payload).ok()
    }

    /// What is wrong with a field, in words.
    pub(super) fn faults_of(self, spot: Spot) -> Vec<String> {
        match &*self.outcome.read() {
            Outcome::Lacking(faults) if self.is_strict.get() => {
                let its = faults.iter().filter(|fault| fault.spot == spot);
                its.map(|fault| self.phrase(fault.what).to_owned())
                    .collect()
            }
            Outcome::Tried(tried, _) => {
                let draft = self.draft.read();
                let its = tried.mistakes.iter();
                let its = its.filter(|words| spot_of(words, &draft) == Some(spot));
                its.cloned().collect()
            }
            _ => Vec::new(),
        }
    }

    /// Tries everything a moment after the last change; a proposal is made anew once the city is
    /// known.
    fn keep_trying(self) {
        let catalog = self.screen().store.catalog;
        let has_city = Memo::new(move |_| catalog.read().is_some());
        Effect::new(move |_| {
            if has_city.get() && !self.is_own.get_untracked() {
                self.propose();
            }
        });
        Effect::new(move |_| {
            self.draft.with(|_| ());
            self.samples.with(|_| ());
            let serial = self.next();
            leptos::task::spawn_local(async move {
                clock::sleep(TRY_AFTER_MS).await;
                if self.serial.try_get_value() == Some(serial) {
                    self.attempt().await;
                }
            });
        });
    }

    fn next(self) -> u32 {
        let serial = self.serial.get_value().wrapping_add(1);
        self.serial.set_value(serial);
        serial
    }

    /// Tries everything now; of several answers the one to the newest question counts.
    pub(super) async fn attempt(self) {
        let serial = self.next();
        let mut samples = self.samples.get_untracked();
        samples.retain(|sample| !sample.payload.trim().is_empty());
        samples.truncate(SAMPLES_MAX);
        if samples.is_empty() {
            self.outcome.set(Outcome::Nothing);
            return;
        }
        let known = untrack(|| self.city()).properties;
        let addition = match self.draft.read_untracked().written(&known) {
            Ok(addition) => addition,
            Err(faults) => {
                self.outcome.set(Outcome::Lacking(faults));
                return;
            }
        };
        let trial = Trial { addition, samples };
        self.is_trying.set(true);
        let answer = api::register::attempt(&trial).await;
        if self.serial.try_get_value() != Some(serial) {
            return;
        }
        self.is_trying.set(false);
        self.outcome.set(match answer {
            Ok(tried) => Outcome::Tried(Arc::new(tried), Arc::new(trial.addition)),
            Err(error) => {
                let language = self.screen().language.get_untracked();
                Outcome::Failed(failure(&error, language))
            }
        });
    }

    /// Reads a feed that is there, and some of its messages that were refused.
    async fn load(self, feed: String) {
        let found = api::register::register().await;
        let added = match found {
            Ok(register) => {
                let mut rows = register.added.into_iter();
                rows.find(|row| row.feed.as_str() == feed)
            }
            Err(error) => {
                self.form.failed.try_set(Some(Arc::new(error)));
                return;
            }
        };
        let Some(row) = added else {
            self.told.try_set(Some(Word::NoSuchAdded.into()));
            return;
        };
        let which = Which {
            feed: Some(feed),
            ..Which::default()
        };
        // Without the right to see them there are none.
        let limit = u32::try_from(FIRST_SAMPLES).unwrap_or_default();
        let refused = api::register::refused(&which, limit)
            .await
            .unwrap_or_default();
        if self.serial.try_get_value().is_none() {
            return;
        }
        self.draft.set(Draft::of(&row.addition));
        self.before.set(Some(Arc::new(row.addition)));
        let samples = refused.into_iter().filter_map(|message| {
            Some(Sample {
                topic: message.topic,
                payload: message.raw?,
            })
        });
        let samples: Vec<Sample> = samples.collect();
        if !samples.is_empty() {
            self.samples.set(samples);
        }
    }

    /// Follows the topics without a feed; the first time samples are taken of `topic` and of those
    /// that look like it.
    async fn watch_topics(self, topic: Option<String>) {
        let mut wanted = topic;
        loop {
            let found = api::register::topics().await;
            if self.serial.try_get_value().is_none() {
                return;
            }
            // What was there stays while the server does not answer.
            if let Ok(topics) = found
                && *self.topics.read_untracked() != topics
            {
                self.topics.set(topics);
            }
            if let Some(topic) = wanted.take() {
                self.take_topic(&topic);
                // Nobody has done anything yet that could be lost.
                self.is_unsaved.set(false);
            }
            clock::sleep(TOPICS_MS).await;
            if self.serial.try_get_value().is_none() {
                return;
            }
        }
    }

    /// Takes the newest message of a topic as sample, and of some others that differ in one level:
    /// in place of samples that are empty. What is kept sealed is no sample: its topic alone is.
    pub(super) fn take_topic(self, topic: &str) {
        let topics = self.topics.get_untracked();
        let differs_little = |other: &str| {
            let filter = filter_of(&[topic, other], &[String::new()]);
            let any =
                filter.map(|(filter, _)| filter.split('/').filter(|step| *step == "+").count());
            any == Some(1) && other.split('/').count() == topic.split('/').count()
        };
        let is_topic = |heard: &&UnheardTopic| heard.topic == topic;
        self.is_sealed.set(
            topics
                .iter()
                .find(is_topic)
                .is_some_and(|heard| heard.sealed),
        );
        let first = topics.iter().filter(is_topic);
        let alike = topics.iter().filter(|heard| differs_little(&heard.topic));
        let open = first.chain(alike).filter(|heard| !heard.sealed);
        let found = open.take(FIRST_SAMPLES).map(|heard| Sample {
            topic: heard.topic.clone(),
            payload: heard.sample.clone(),
        });
        let mut found: Vec<Sample> = found.collect();
        if found.is_empty() {
            found.push(Sample {
                topic: topic.to_owned(),
                payload: String::new(),
            });
        }
        self.change_samples(|samples| {
            samples.retain(|sample| !sample.payload.trim().is_empty());
            found.retain(|sample| !samples.contains(sample));
            samples.extend(found);
            samples.truncate(SAMPLES_MAX);
        });
        let last = self.samples.read_untracked().len().saturating_sub(1);
        self.current
            .update(|current| *current = (*current).min(last));
    }

    /// Keeps what would be lost, in this page's own memory.
    fn remember(self) {
        let unsaved = self.is_unsaved.try_get_untracked() == Some(true);
        let is_change = self.before.try_with_untracked(Option::is_some) != Some(false);
        if unsaved && !is_change {
            let left = self
                .draft
                .try_get_untracked()
                .zip(self.samples.try_get_untracked());
            LEFT.set(left);
        }
    }

    /// It is in force: whatever follows changes it.
    pub(super) fn connected(self, addition: &Arc<Addition>) {
        self.forget();
        self.folding.set(None);
        self.before.set(Some(Arc::clone(addition)));
        self.done.set(Some(Done {
            addition: Arc::clone(addition),
            tile: addition.tiles.first().cloned(),
        }));
    }

    /// Proposes a definition in place of what somebody has made of it.
    pub(super) fn propose_anew(self) {
        self.is_own.set(false);
        self.is_unsaved.set(true);
        self.propose();
    }

    /// Lets go of what was kept.
    pub(super) fn forget(self) {
        self.is_unsaved.set(false);
        LEFT.set(None);
    }

    fn restore(self) {
        if let Some((draft, samples)) = LEFT.take() {
            self.draft.set(draft);
            self.samples.set(samples);
            self.is_own.set(true);
            self.is_unsaved.set(true);
            self.told.set(Some(Word::Restored.into()));
        }
    }
}
