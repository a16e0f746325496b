//! How existing brokers stand, for whoever asks: kept beside the bridges, which begin anew with every
//! other city package.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use egret_mqtt::bridge::BridgeState;
use egret_shared::broker::{BrokerError, BrokerStatus};
use egret_shared::time::{Span, TimeMs};
use url::Url;

/// How brokers stand, in the settings' order. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct BrokerBook(Arc<[Row]>);

#[derive(Debug)]
struct Row {
    status: Mutex<BrokerStatus>,
    messages: Arc<AtomicU64>,
}

impl BrokerBook {
    /// The brokers at `urls`, to none of which there is a connection at `now`.
    pub(crate) fn of(urls: &[Url], now: TimeMs) -> Self {
        let row = |url: &Url| Row {
            status: Mutex::new(BrokerStatus {
                url: place(url),
                connected: false,
                since: now,
                error: None,
                next_try_at: None,
                messages: 0,
            }),
            messages: Arc::default(),
        };
        Self(urls.iter().map(row).collect())
    }

    /// What counts the messages of the broker with this number.
    pub(crate) fn counter(&self, number: usize) -> Arc<AtomicU64> {
        let row = self.0.get(number);
        row.map_or_else(Arc::default, |row| Arc::clone(&row.messages))
    }

    /// Notes how the connection to the broker with this number stands from `now` on.
    pub(crate) fn note(&self, number: usize, state: &BridgeState, now: TimeMs) {
        let Some(row) = self.0.get(number) else {
            return;
        };
        let mut status = row.status.lock().unwrap_or_else(PoisonError::into_inner);
        let is_connected = *state == BridgeState::Connected;
        if status.connected != is_connected {
            status.connected = is_connected;
            status.since = now;
        }
        status.next_try_at = None;
        if let BridgeState::Lost { reason, pause } = state {
            status.next_try_at =
                Some(now.plus(Span(i64::try_from(pause.as_millis()).unwrap_or(0))));
            status.error = Some(BrokerError {
                at: now,
                text: reason.clone(),
            });
        }
    }

    /// All of them.
    pub(crate) fn all(&self) -> Vec<BrokerStatus> {
        let told = |row: &Row| {
            let status = row.status.lock().unwrap_or_else(PoisonError::into_inner);
            BrokerStatus {
                messages: row.messages.load(Ordering::Relaxed),
                ..status.clone()
            }
        };
        self.0.iter().map(told).collect()
    }
}

/// Where a broker is, without what opens it.
fn place(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{}://{host}:{port}", url.scheme()),
        None => format!("{}://{host}", url.scheme()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(s: i64) -> TimeMs {
        TimeMs(1_782_079_200_000 + s * 1_000)
    }

    fn lost(reason: &str) -> BridgeState {
        BridgeState::Lost {
            reason: reason.to_owned(),
            pause: Duration::from_secs(4),
        }
    }

    fn book() -> BrokerBook {
        let url = "mqtts://egret:hush%3F@broker.example:8884?share=g&key=/own.key";
        BrokerBook::of(&[url.parse().unwrap()], at(0))
    }

    #[test]
    fn what_opens_a_broker_is_not_told() {
        let [status] = <[_; 1]>::try_from(book().all()).unwrap();
        assert_eq!(status.url, "mqtts://broker.example:8884");
        let plain = BrokerBook::of(&["mqtt://a".parse().unwrap()], at(0));
        assert_eq!(plain.all()[0].url, "mqtt://a");
    }

    #[test]
    fn it_is_told_since_when_a_broker_is_there_and_what_went_wrong_last() {
        let book = book();
        let told = |state: &BridgeState, s: i64| {
            book.note(0, state, at(s));
            let [status] = <[_; 1]>::try_from(book.all()).unwrap();
            let error = status.error.map(|error| (error.at, error.text));
            (status.connected, status.since, status.next_try_at, error)
        };
        let refused = || Some((at(1), "refused".to_owned()));
        let (is, gone) = (BridgeState::Connected, lost("the line broke"));
        assert_eq!(
            told(&lost("refused"), 1),
            (false, at(0), Some(at(5)), refused())
        );
        assert_eq!(
            told(&BridgeState::Connecting, 5),
            (false, at(0), None, refused())
        );
        assert_eq!(told(&is, 6), (true, at(6), None, refused()));
        assert_eq!(told(&is, 9), (true, at(6), None, refused()));
        let broke = Some((at(60), "the line broke".to_owned()));
        assert_eq!(told(&gone, 60), (false, at(60), Some(at(64)), broke));
    }
}
