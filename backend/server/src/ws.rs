//! `/ws`: one task per client, which pulls what its client lacks whenever the socket takes it.
//!
//! There is no outbox: what a client holds is one seq per channel, and [`ChannelLog::next`] makes
//! the shortest way from there to now. So a slow client costs its own socket buffer and nothing
//! else, and gets the newest state, merged.

mod wall;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use egret_city::entry::Seq;
use egret_shared::channel::Channel;
use egret_shared::codec::{self, Encoding};
use egret_shared::message::{
    ClientMessage, ErrorFrame, Heartbeat, PROTOCOL, Resume, ServerMessage, Welcome,
};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until, timeout};

use crate::api::Context;
use crate::auth::Caller;
use crate::clock;
use crate::limits::{
    CHANNELS_PER_CLIENT, FRAME_EVERY, HEARTBEAT_EVERY, PACE_MAX, PRESENCE_EVERY, SILENCE,
    WS_WRITE_TIMEOUT,
};
use crate::publish::log::ChannelLog;
use crate::walls::Presence;

/// Why a session ends. None of these is a fault of the server.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error("the client went")]
    Gone,
    #[error("the socket failed: {0}")]
    Socket(#[from] axum::Error),
    #[error("the client took nothing for {} s", WS_WRITE_TIMEOUT.as_secs())]
    Slow,
    #[error("the server is shutting down")]
    Stopping,
    #[error("whoever it was has signed out, or may no longer come in")]
    SignedOut,
    #[error("a message could not be encoded: {0}")]
    Encode(#[from] codec::CodecError),
}

struct Subscription {
    log: Arc<ChannelLog>,
    held: Option<Seq>,
}

struct Session {
    socket: WebSocket,
    context: Context,
    caller: Caller,
    encoding: Encoding,
    subscriptions: Vec<Subscription>,
    wake: Arc<Notify>,
    /// Whether this is a wall, which counts as there meanwhile.
    presence: Option<Presence>,
    pace: Duration,
    /// When anything was sent last: the heartbeat fills the pauses.
    sent_at: Instant,
    /// When frames were sent last: the client's pace counts from here.
    framed_at: Instant,
}

/// Serves one client until it goes or the server stops.
pub(crate) async fn serve(socket: WebSocket, context: Context, caller: Caller, encoding: Encoding) {
    let guard = context.telemetry.client();
    let mut session = Session {
        socket,
        context,
        caller,
        encoding,
        subscriptions: Vec::new(),
        wake: Arc::new(Notify::new()),
        presence: None,
        pace: Duration::ZERO,
        sent_at: Instant::now(),
        framed_at: Instant::now(),
    };
    session.arrive();
    if let Err(ended) = session.run().await {
        tracing::debug!(%ended, "a client's session ended");
    }
    drop(guard);
}

impl Session {
    async fn run(&mut self) -> Result<(), Ended> {
        let welcome = self.welcome();
        self.send(&ServerMessage::Welcome(welcome)).await?;
        let shutdown = self.context.shutdown.clone();
        let wake = Arc::clone(&self.wake);
        let mut people = self.context.access.people.changes();
        // What has changed since the request was let in must not be missed.
        people.mark_changed();
        let mut look_at = Instant::now() + PRESENCE_EVERY;
        let mut news_at: Option<Instant> = None;
        loop {
            let beat_at = self.sent_at + HEARTBEAT_EVERY;
            tokio::select! {
                () = shutdown.cancelled() => return Err(Ended::Stopping),
                message = self.socket.recv() => match message {
                    Some(message) => self.hear(message?).await?,
                    None => return Err(Ended::Gone),
                },
                () = wake.notified(), if news_at.is_none() => {
                    news_at = Some(self.framed_at + self.pace);
                }
                () = sleep_until(news_at.unwrap_or(beat_at)), if news_at.is_some() => {
                    news_at = None;
                    self.send_news().await?;
                }
                () = sleep_until(beat_at) => self.beat().await?,
                () = sleep_until(look_at) => {
                    look_at = Instant::now() + PRESENCE_EVERY;
                    self.look_again().await?;
                }
                changed = people.changed() => {
                    // Who decides lives as long as the server.
                    changed.map_err(|_gone| Ended::Stopping)?;
                    self.look_again().await?;
                }
            }
        }
    }

    /// Sees whether this is still somebody, and what they see as of now. If that is another sight,
    /// the client is welcomed anew: nothing that it holds counts any more.
    async fn look_again(&mut self) -> Result<(), Ended> {
        let Some(caller) = self.context.access.present(&self.caller) else {
            self.refuse("signed_out", Ended::SignedOut.to_string())
                .await?;
            return Err(Ended::SignedOut);
        };
        let is_other = caller.sight.id() != self.caller.sight.id();
        self.caller = caller;
        let mut subscriptions = std::mem::take(&mut self.subscriptions);
        subscriptions.retain(|s| self.still_follows(s.log.channel()));
        self.subscriptions = subscriptions;
        if !is_other {
            return Ok(());
        }
        let welcome = self.welcome();
        self.send(&ServerMessage::Welcome(welcome)).await?;
        for subscription in std::mem::take(&mut self.subscriptions) {
            let channel = subscription.log.channel().clone();
            self.subscribe(channel, &[]).await?;
        }
        self.send_news().await
    }

    fn generation(&self) -> u64 {
        self.caller.sight.generation(self.context.generation)
    }

    fn welcome(&self) -> Welcome {
        let city = &self.context.package.city;
        let generation = self.generation();
        Welcome {
            protocol: PROTOCOL,
            schema: codec::schema(),
            server: env!("CARGO_PKG_VERSION").to_owned(),
            generation,
            at: clock::now(),
            silence_ms: u32::try_from(SILENCE.as_millis()).unwrap_or(u32::MAX),
            city: city.id.clone(),
            name: city.name.clone(),
            simulated: city.simulated,
        }
    }

    async fn beat(&mut self) -> Result<(), Ended> {
        let seq = self.context.city.ask(egret_city::City::seq).await;
        let seq = seq.map_err(|_stopped| Ended::Stopping)?;
        self.send(&ServerMessage::Heartbeat(Heartbeat {
            at: clock::now(),
            seq,
        }))
        .await
    }

    async fn hear(&mut self, message: Message) -> Result<(), Ended> {
        match message {
            Message::Text(text) => match codec::decode_client(&text) {
                Ok(message) => self.obey(message).await,
                Err(error) => self.refuse("bad_message", error.to_string()).await,
            },
            Message::Binary(_) => {
                self.refuse(
                    "bad_message",
                    "clients speak JSON in text frames".to_owned(),
                )
                .await
            }
            Message::Ping(_) | Message::Pong(_) => Ok(()),
            Message::Close(_) => Err(Ended::Gone),
        }
    }

    async fn obey(&mut self, message: ClientMessage) -> Result<(), Ended> {
        match message {
            ClientMessage::Subscribe { channels, resume } => {
                for channel in channels {
                    self.subscribe(channel, &resume).await?;
                }
            }
            ClientMessage::Unsubscribe { channels } => {
                self.subscriptions
                    .retain(|s| !channels.contains(s.log.channel()));
            }
            ClientMessage::Resync { channels } => {
                for subscription in &mut self.subscriptions {
                    if channels.contains(subscription.log.channel()) {
                        subscription.held = None;
                    }
                }
            }
            ClientMessage::Pace { every_ms } => {
                let pace = Duration::from_millis(u64::from(every_ms));
                self.pace = if pace <= FRAME_EVERY {
                    Duration::ZERO
                } else {
                    pace.min(PACE_MAX)
                };
            }
            ClientMessage::Shows { wall, showing } => self.shows(wall, showing).await?,
            ClientMessage::Reloads {
                wall,
                cause,
                held,
                budget,
            } => self.reloads(wall, cause, (held, budget)).await?,
        }
        self.send_news().await
    }

    async fn subscribe(&mut self, channel: Channel, resume: &[Resume]) -> Result<(), Ended> {
        if self
            .subscriptions
            .iter()
            .any(|s| *s.log.channel() == channel)
        {
            return Ok(());
        }
        if let Err(seconds) = self.context.access.ask(&self.caller) {
            let wait = format!("{channel}: too many requests, try again in {seconds} s");
            return self.refuse("too_fast", wait).await;
        }
        if self.subscriptions.len() >= CHANNELS_PER_CLIENT {
            let limit = format!("{channel}: a client may have {CHANNELS_PER_CLIENT} channels");
            return self.refuse("too_many_channels", limit).await;
        }
        let generation = self.generation();
        let resumed = resume
            .iter()
            .find(|r| r.channel == channel && r.generation == generation);
        let held = resumed.map(|resume| resume.seq);
        let found = if let Channel::Wall(id) = &channel {
            self.wall_log(id)
        } else {
            let sight = Arc::clone(&self.caller.sight);
            let log = self.context.city.open(channel, sight).await;
            let log = log.map_err(|_stopped| Ended::Stopping)?;
            log.map_err(|full| ("too_many_channels", full.to_string()))
        };
        match found {
            Ok(log) => {
                log.follow(&self.wake);
                self.subscriptions.push(Subscription { log, held });
                Ok(())
            }
            Err((code, why)) => self.refuse(code, why).await,
        }
    }

    async fn send_news(&mut self) -> Result<(), Ended> {
        for index in 0..self.subscriptions.len() {
            let Some(subscription) = self.subscriptions.get_mut(index) else {
                break;
            };
            let Some(next) = subscription.log.next(subscription.held, self.encoding)? else {
                continue;
            };
            subscription.held = Some(next.seq);
            self.context.telemetry.frame_sent(next.merged);
            self.context
                .telemetry
                .fold_to_send(next.pushed_at.elapsed());
            self.write(next.bytes).await?;
        }
        self.framed_at = Instant::now();
        Ok(())
    }

    async fn refuse(&mut self, code: &str, message: String) -> Result<(), Ended> {
        self.send(&ServerMessage::Error(ErrorFrame {
            code: code.to_owned(),
            message,
        }))
        .await
    }

    async fn send(&mut self, message: &ServerMessage) -> Result<(), Ended> {
        let bytes = codec::encode(message, self.encoding)?;
        self.write(bytes.into()).await
    }

    async fn write(&mut self, bytes: bytes::Bytes) -> Result<(), Ended> {
        let message = match self.encoding {
            Encoding::Binary => Message::Binary(bytes),
            Encoding::Json => Message::Text(bytes.try_into().map_err(axum::Error::new)?),
        };
        timeout(WS_WRITE_TIMEOUT, self.socket.send(message))
            .await
            .map_err(|_late| Ended::Slow)??;
        self.sent_at = Instant::now();
        Ok(())
    }
}
