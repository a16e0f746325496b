//! Where to publish, and one connection there that survives the broker's restarts.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, bail};
use rumqttc::{AsyncClient, Event, EventLoop, MqttOptions, Packet, Request};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Messages that wait in one connection's queue before `publish` waits too.
const QUEUE: usize = 256;

/// Messages under way to the broker on one connection.
const INFLIGHT: u16 = 100;

/// From one attempt to connect to the next.
const RETRY: Duration = Duration::from_millis(500);

const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// A broker's address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    host: String,
    port: u16,
    login: Option<(String, String)>,
}

impl Address {
    /// Reads `mqtt://[user:password@]host[:port]`.
    ///
    /// # Errors
    /// A sentence that shows the form expected; a password is not repeated in it.
    pub(crate) fn parse(url: &str) -> anyhow::Result<Self> {
        let Some(rest) = url.strip_prefix("mqtt://") else {
            bail!("a broker is written mqtt://host:port (TLS is not needed on the way to a demo)");
        };
        let rest = rest.trim_end_matches('/');
        let (login, place) = match rest.rsplit_once('@') {
            Some((login, place)) => (Some(login.split_once(':').unwrap_or((login, ""))), place),
            None => (None, rest),
        };
        let (host, port) = match place.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => {
                let port = port
                    .parse()
                    .with_context(|| format!("\"{port}\" is no port"))?;
                (host, port)
            }
            _ => (place, 1883),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() {
            bail!("the broker's address has no host: mqtt://host:port");
        }
        Ok(Self {
            host: host.to_owned(),
            port,
            login: login.map(|(user, password)| (user.to_owned(), password.to_owned())),
        })
    }

    /// A connection under `client_id`, not yet open.
    pub(crate) fn client(&self, client_id: String) -> (AsyncClient, EventLoop) {
        let mut options = MqttOptions::new(client_id, &self.host, self.port);
        options.set_keep_alive(KEEP_ALIVE);
        options.set_inflight(INFLIGHT);
        if let Some((user, password)) = &self.login {
            options.set_credentials(user, password);
        }
        AsyncClient::new(options, QUEUE)
    }
}

/// What the connections tell the publisher.
#[derive(Clone, Debug)]
pub(crate) struct News {
    /// PUBACKs that came back.
    pub(crate) acknowledged: Arc<AtomicU64>,
    /// How many connections have been open at least once.
    pub(crate) n_opened: watch::Sender<usize>,
}

/// Keeps one connection going until `stop`.
///
/// rumqttc forgets unacknowledged messages when the broker has no session for it, as any broker
/// after a restart; they are kept here and sent again on the new connection.
pub(crate) async fn keep_going(mut events: EventLoop, news: News, stop: CancellationToken) {
    let mut unsent: VecDeque<Request> = VecDeque::new();
    let mut opened = false;
    let mut is_lost = false;
    loop {
        let event = tokio::select! {
            () = stop.cancelled() => return,
            event = events.poll() => event,
        };
        match event {
            Ok(Event::Incoming(Packet::PubAck(_))) => {
                news.acknowledged.fetch_add(1, Ordering::Relaxed);
            }
            Ok(Event::Incoming(Packet::ConnAck(_))) => {
                events.pending.extend(unsent.drain(..));
                is_lost = false;
                if !std::mem::replace(&mut opened, true) {
                    news.n_opened.send_modify(|n_opened| *n_opened += 1);
                }
            }
            // The good-bye has left: that the broker hangs up then is no loss.
            Ok(Event::Outgoing(rumqttc::Outgoing::Disconnect)) => return,
            Ok(_) => {}
            Err(error) => {
                // Once: how long it is away shows in what is acknowledged.
                if !std::mem::replace(&mut is_lost, true) {
                    tracing::warn!(%error, "the simulator's connection is lost, trying again");
                }
                unsent.extend(events.pending.drain(..).filter_map(anew));
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(RETRY) => {}
                }
            }
        }
    }
}

/// A request as it is made on a new connection: publishes without their old packet number.
fn anew(request: Request) -> Option<Request> {
    match request {
        Request::Publish(mut publish) => {
            publish.pkid = 0;
            Some(Request::Publish(publish))
        }
        Request::Disconnect(_) => Some(request),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(host: &str, port: u16, login: Option<(&str, &str)>) -> Address {
        Address {
            host: host.to_owned(),
            port,
            login: login.map(|(user, password)| (user.to_owned(), password.to_owned())),
        }
    }

    #[test]
    fn addresses_are_read_with_and_without_port_and_login() {
        for (url, expected) in [
            ("mqtt://localhost", address("localhost", 1883, None)),
            ("mqtt://127.0.0.1:1884/", address("127.0.0.1", 1884, None)),
            ("mqtt://[::1]:7", address("::1", 7, None)),
            ("mqtt://[::1]", address("::1", 1883, None)),
            ("mqtt://sim:a:b@h:9", address("h", 9, Some(("sim", "a:b")))),
        ] {
            assert_eq!(Address::parse(url).unwrap(), expected, "{url}");
        }
        for url in ["localhost:1883", "mqtt://", "mqtt://h:port", "http://h"] {
            assert!(Address::parse(url).is_err(), "{url}");
        }
    }
}
