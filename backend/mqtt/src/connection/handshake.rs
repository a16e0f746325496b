//! From the first byte to CONNACK: the version, the client's name, the gate, the session.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::BytesMut;
use mqtt_protocol_core::mqtt::result_code::{ConnectReasonCode, ConnectReturnCode};
use smol_str::{SmolStr, format_smolstr};
use tokio::io::{AsyncRead, AsyncWrite};

use super::holds::Holds;
use super::link::Link;
use super::rate::Rate;
use super::{Shared, Wire, farewell, read};
use crate::frame::{Frame, Framer};
use crate::gate::{Denied, Pass, Visitor};
use crate::keep::WillRow;
use crate::keep::ledger::Ticket;
use crate::limits::Limits;
use crate::lobby::{Place, Waiting};
use crate::pending::Pending;
use crate::protocol::build::{self, Welcome};
use crate::protocol::words::{Connect, Inbound, Will};
use crate::protocol::{Protocol, Wishes, connect, reasons};
use crate::topic;
use crate::transport::From;

/// Why a visitor is turned away: the code of MQTT 5, and what 3.1.1 has for it.
type Refusal = (ConnectReasonCode, ConnectReturnCode);

/// Nobody else can be let in now.
const FULL: Refusal = (
    ConnectReasonCode::ServerBusy,
    ConnectReturnCode::ServerUnavailable,
);

/// Nobody else of the same owner can be let in now.
const OWNER_FULL: Refusal = (
    ConnectReasonCode::QuotaExceeded,
    ConnectReturnCode::ServerUnavailable,
);

/// How much of a client identifier is told in the log of somebody who was not let in.
const TOLD_CHARS_MAX: usize = 64;

/// A connection before it has a session.
struct Visit {
    protocol: Protocol,
    framer: Framer,
    out: BytesMut,
}

/// Admits a client, within the CONNECT timeout. `None` if the connection is over: the client has
/// been told why as far as the standard allows. It keeps its place in the lobby until then, so that
/// those who are being turned away are bounded too.
pub(super) async fn handshake<R, W>(
    wire: &mut Wire<R, W>,
    from: From,
    mut waiting: Waiting,
    shared: &Arc<Shared>,
) -> Option<Link>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let mut visit = Visit {
        protocol: Protocol::new(),
        framer: Framer::new(shared.limits.payload_bytes_max),
        out: BytesMut::new(),
    };
    let admission = tokio::select! {
        admission = tokio::time::timeout(
            shared.limits.connect_timeout,
            admit(wire, &mut visit, &from, shared),
        ) => admission,
        () = shared.shutdown.cancelled() => return None,
        // At once and without a word: the place is needed for somebody from elsewhere.
        () = waiting.put_out() => return None,
    };
    if let Ok(Some((connect, client, pass))) = admission {
        match waiting.admit() {
            Ok(place) => match seat(visit, *connect, client, pass, place, shared) {
                Ok(link) => return Some(link),
                Err(turned_away) => {
                    let (mut visit, place) = *turned_away;
                    visit.turn_away(OWNER_FULL, shared);
                    farewell::flush(wire, &mut visit.out, shared).await;
                    drop(place);
                    return None;
                }
            },
            Err(still_waiting) => waiting = still_waiting,
        }
        visit.turn_away(FULL, shared);
    }
    tracing::debug!(peer = ?from.peer, "not admitted");
    tokio::select! {
        () = farewell::flush(wire, &mut visit.out, shared) => {}
        () = waiting.put_out() => {}
    }
    None
}

/// What the gate is asked with, and its answer.
type Admitted = (Box<Connect>, SmolStr, Arc<dyn Pass>);

async fn admit<R, W>(
    wire: &mut Wire<R, W>,
    visit: &mut Visit,
    from: &From,
    shared: &Shared,
) -> Option<Admitted>
where
    R: AsyncRead + Unpin,
{
    let connect = first_packet(wire, visit, shared).await?;
    let is_v5 = visit.protocol.is_v5();
    visit.framer.set_has_properties(is_v5);
    let refusal = match client_of(&connect, is_v5) {
        Err(refusal) => refusal,
        Ok(client) => match ask(&connect, &client, from, shared).await {
            Ok(pass) => return Some((connect, client, pass)),
            Err(refusal) => refusal,
        },
    };
    visit.turn_away(refusal, shared);
    None
}

impl Visit {
    fn turn_away(&mut self, refusal: Refusal, shared: &Shared) {
        shared.counters.connects_denied.add(1);
        let version = self.protocol.version();
        let (reason, return_code) = refusal;
        let packet = |why| build::turned_away(version, reason, return_code, why);
        let why = reasons::connect(reason);
        self.protocol.send_with_reason(why, packet, &mut self.out);
    }
}

/// Reads the CONNECT packet.
async fn first_packet<R, W>(
    wire: &mut Wire<R, W>,
    visit: &mut Visit,
    shared: &Shared,
) -> Option<Box<Connect>>
where
    R: AsyncRead + Unpin,
{
    loop {
        match visit.framer.next(&mut wire.input) {
            Ok(Some(Frame::Control)) => break,
            Ok(None) => {}
            Ok(Some(Frame::Publish(_))) | Err(_) => {
                shared.counters.protocol_errors.add(1);
                return None;
            }
        }
        let n_bytes = read(&mut wire.reader, &mut wire.input, wire.read_bytes)
            .await
            .ok()?;
        if n_bytes == 0 {
            return None;
        }
        shared.counters.bytes_in.add(n_bytes);
    }
    shared.counters.packets_in.add(1);
    if connect::has_reserved_flag(visit.framer.packet()) {
        shared.counters.protocol_errors.add(1);
        return None;
    }
    let topic_aliases = connect::bound_topic_aliases(visit.framer.packet_mut());
    let received = visit
        .protocol
        .receive(visit.framer.packet(), &mut visit.out);
    if let Ok(Some(Inbound::Connect(connect))) = received {
        visit.protocol.set_wishes(Wishes {
            wants_reasons: connect.wants_reasons,
            takes_aliases: topic_aliases > 0,
            packet_bytes_max: connect
                .packet_bytes_max
                .and_then(|bytes| usize::try_from(bytes).ok())
                .unwrap_or(usize::MAX),
        });
        return Some(connect);
    }
    shared.counters.protocol_errors.add(1);
    None
}

/// The client's identifier, or one of ours for a client without.
fn client_of(connect: &Connect, is_v5: bool) -> Result<SmolStr, Refusal> {
    static ASSIGNED: AtomicU64 = AtomicU64::new(1);
    if connect.wants_auth_method {
        return Err((
            ConnectReasonCode::BadAuthenticationMethod,
            ConnectReturnCode::NotAuthorized,
        ));
    }
    if !connect.client.is_empty() {
        return Ok(connect.client.clone());
    }
    if !is_v5 && !connect.is_clean {
        // MQTT 3.1.1 section 3.1.3.1: nobody could come back to such a session.
        return Err((
            ConnectReasonCode::ClientIdentifierNotValid,
            ConnectReturnCode::IdentifierRejected,
        ));
    }
    let number = ASSIGNED.fetch_add(1, Ordering::Relaxed);
    let salt = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), number);
    Ok(format_smolstr!("auto-{number}-{salt:016x}"))
}

async fn ask(
    connect: &Connect,
    client: &SmolStr,
    from: &From,
    shared: &Shared,
) -> Result<Arc<dyn Pass>, Refusal> {
    let visitor = Visitor {
        client: client.to_string(),
        user: connect.user.clone(),
        password: connect.password.clone(),
        peer: from.peer,
        certificate: from.certificate.clone(),
    };
    let pass = shared.gate.admit(visitor).await.map_err(|denied| {
        let client: String = client.chars().take(TOLD_CHARS_MAX).collect();
        tracing::warn!(?client, peer = ?from.peer, %denied, "connection refused");
        match denied {
            Denied::Credentials => (
                ConnectReasonCode::BadUserNameOrPassword,
                ConnectReturnCode::BadUserNameOrPassword,
            ),
            Denied::NotAuthorized => (
                ConnectReasonCode::NotAuthorized,
                ConnectReturnCode::NotAuthorized,
            ),
            Denied::Unavailable => (
                ConnectReasonCode::ServerUnavailable,
                ConnectReturnCode::ServerUnavailable,
            ),
        }
    })?;
    match &connect.will {
        Some(will) if !topic::is_valid_name(&will.topic) => Err((
            ConnectReasonCode::TopicNameInvalid,
            ConnectReturnCode::NotAuthorized,
        )),
        Some(will) if !may_will(will, &*pass) => Err((
            ConnectReasonCode::NotAuthorized,
            ConnectReturnCode::NotAuthorized,
        )),
        Some(_) | None => Ok(pass),
    }
}

/// Whether the holder of the pass may publish this will.
pub(super) fn may_will(will: &Will, pass: &dyn Pass) -> bool {
    !topic::is_reserved(&will.topic) && pass.may_publish(&will.topic)
}

/// Gives an admitted client its session and writes CONNACK.
///
/// # Errors
/// Its owner has as many connections as may be; nothing is written.
fn seat(
    mut visit: Visit,
    connect: Connect,
    client: SmolStr,
    pass: Arc<dyn Pass>,
    place: Place,
    shared: &Arc<Shared>,
) -> Result<Link, Box<(Visit, Place)>> {
    let session_expiry = connect.session_expiry.min(shared.limits.session_expiry_max);
    let Some(seat) = shared
        .hub
        .attach(&client, &pass, connect.is_clean, session_expiry)
    else {
        return Err(Box::new((visit, place)));
    };
    let (keep_alive, keep_alive_s) = keep_alive(&connect, &visit.protocol, &shared.limits);
    if seat.is_resumed {
        visit.protocol.restore_qos2_handled(&seat.qos2_handled());
    }
    let welcome = Welcome {
        is_session_present: seat.is_resumed,
        receive_maximum: shared.limits.receive_maximum,
        assigned: connect.client.is_empty().then_some(client.as_str()),
        session_expiry_s: (session_expiry < connect.session_expiry)
            .then(|| seconds(session_expiry)),
        keep_alive_s,
    };
    let (will_kept, will_ticket) = keep_will(&connect, &client, &*pass, session_expiry, shared);
    let packet = build::welcome(visit.protocol.version(), &welcome);
    visit.protocol.send(packet, &mut visit.out);
    let mut link = Link {
        shared: Arc::clone(shared),
        protocol: visit.protocol,
        framer: visit.framer,
        out: visit.out,
        holds: Holds::new(shared.hub.ledger().map(|ledger| ledger.durable())),
        client,
        seat,
        pass,
        keep_alive,
        will: connect.will,
        will_kept,
        pending: Pending::default(),
        rate: Rate::new(&shared.limits),
        n_packets: 0,
        is_resuming: false,
        is_deaf: false,
        place: Some(place),
        end: None,
    };
    link.hold(link.seat.ticket.max(will_ticket));
    link.resume();
    Ok(link)
}

/// Has the client's will kept, if it has one that may be: by what, and what CONNACK waits for.
fn keep_will(
    connect: &Connect,
    client: &SmolStr,
    pass: &dyn Pass,
    session_expiry: Duration,
    shared: &Shared,
) -> (Option<u64>, Ticket) {
    let will = connect.will.as_ref();
    let Some((will, ledger)) = will.zip(shared.hub.ledger()) else {
        return (None, 0);
    };
    if !ledger.may_keep_topic(&will.topic) {
        return (None, 0);
    }
    let kept = ledger.new_will(will, |row| WillRow {
        owner: pass.owner().into(),
        client: client.clone(),
        is_assigned: connect.client.is_empty(),
        // The will is due when the session ends, if that is sooner.
        delay_ms: row.delay_ms.min(ms(session_expiry)),
        ..row
    });
    (Some(kept.0), kept.1)
}

fn ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// The keep-alive that counts, and what the client is told of it.
fn keep_alive(connect: &Connect, protocol: &Protocol, limits: &Limits) -> (Duration, Option<u16>) {
    let (asked, longest) = (connect.keep_alive, limits.keep_alive_max);
    let is_too_long = asked.is_zero() || asked > longest;
    if longest.is_zero() || !is_too_long || !protocol.is_v5() {
        return (asked, None);
    }
    let told = u16::try_from(longest.as_secs()).unwrap_or(u16::MAX);
    (Duration::from_secs(told.into()), Some(told))
}

fn seconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_secs()).unwrap_or(u32::MAX)
}
