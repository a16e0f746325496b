//! A connection to the server: open, take frames in, notice silence. [`crate::session`] opens one
//! after the other, for weeks.

pub(crate) mod backoff;

use std::cell::Cell;
use std::rc::Rc;

use js_sys::{ArrayBuffer, Uint8Array};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{BinaryType, Event, MessageEvent, WebSocket};

use egret_shared::codec;
use egret_shared::message::{ClientMessage, ServerMessage};
use egret_shared::time::TimeMs;

use crate::ahead::{self, Connected};
use crate::clock;
use crate::session::Session;
use crate::store::{Store, speaks_our_schema};
use crate::watch;

/// How often the connection is looked at. Milliseconds.
const LOOK_MS: i32 = 100;

/// How long opening may take, and how long an open connection may bring nothing current before
/// it is given up. Milliseconds: the screen says "lost" after the server's own `silence_ms`; this
/// only decides when a connection that looks open is replaced.
const PATIENCE_MS: f64 = 4_000.0;

/// Under which name the page remembers that it reloaded itself.
const RELOADED: &str = "egret.reloaded";

/// What the server says before it ends a connection because the session is over.
const SIGNED_OUT: &str = "signed_out";

/// One connection, from opening to its end.
pub(crate) struct Connection {
    store: Store,
    session: Session,
    socket: WebSocket,
    welcomed: Rc<Cell<bool>>,
    ended: Rc<Cell<bool>>,
    opened_ms: f64,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_end: Closure<dyn FnMut(Event)>,
}

impl Connection {
    /// Opens one, or takes over the one that was opened while the program was being loaded.
    ///
    /// # Errors
    /// When the browser lets no socket be opened.
    pub(crate) fn open(store: Store, session: Session) -> Result<Self, JsValue> {
        let Connected { socket, messages } = match ahead::connection() {
            Some(connected) => connected,
            None => Connected {
                socket: WebSocket::new(&address()?)?,
                messages: Vec::new(),
            },
        };
        socket.set_binary_type(BinaryType::Arraybuffer);
        let welcomed = Rc::new(Cell::new(false));
        let ended = Rc::new(Cell::new(false));
        let on_message = {
            let (socket, welcomed) = (socket.clone(), Rc::clone(&welcomed));
            Closure::new(move |event: MessageEvent| {
                let came_at = clock::wall();
                take(store, session, (&socket, &welcomed), event.data(), came_at);
            })
        };
        let on_end = {
            let ended = Rc::clone(&ended);
            Closure::new(move |_: Event| ended.set(true))
        };
        socket.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        socket.set_onclose(Some(on_end.as_ref().unchecked_ref()));
        for (data, came_at) in messages {
            take(store, session, (&socket, &welcomed), data, came_at);
        }
        Ok(Self {
            store,
            session,
            socket,
            welcomed,
            ended,
            opened_ms: clock::monotonic_ms(),
            _on_message: on_message,
            _on_end: on_end,
        })
    }

    /// Waits for the end; whether it was a good connection before.
    pub(crate) async fn last(self) -> bool {
        while !self.ended.get() && !self.is_dead() && self.session.is_inside() {
            clock::sleep(LOOK_MS).await;
        }
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        // Closing a socket that is closed already is no failure.
        drop(self.socket.close());
        self.welcomed.get()
    }

    /// Whether it looks open but brings nothing: a cable pulled out closes no socket.
    fn is_dead(&self) -> bool {
        let open_ms = clock::monotonic_ms() - self.opened_ms;
        open_ms > PATIENCE_MS && self.store.silent_ms() > PATIENCE_MS
    }
}

fn address() -> Result<String, JsValue> {
    let window = web_sys::window().ok_or(JsValue::NULL)?;
    let location = window.location();
    let scheme = if location.protocol()? == "https:" {
        "wss"
    } else {
        "ws"
    };
    Ok(format!("{scheme}://{}/ws", location.host()?))
}

fn take(
    store: Store,
    session: Session,
    (socket, welcomed): (&WebSocket, &Rc<Cell<bool>>),
    data: JsValue,
    came_at: TimeMs,
) {
    if !session.is_inside() {
        return;
    }
    let Ok(buffer) = data.dyn_into::<ArrayBuffer>() else {
        return;
    };
    let bytes = Uint8Array::new(&buffer).to_vec();
    match codec::decode(&bytes) {
        // A second welcome says that the grants are others now: nothing held or shown counts.
        Ok(ServerMessage::Welcome(_)) if welcomed.get() => session.shut(store),
        Ok(ServerMessage::Welcome(welcome)) if speaks_our_schema(&welcome) => {
            let socket = socket.clone();
            welcomed.set(true);
            let say = move |message: &ClientMessage| say(&socket, message);
            store.opened(&welcome, came_at, Rc::new(say));
        }
        Ok(ServerMessage::Welcome(_)) => reload_once(store),
        Ok(ServerMessage::Error(error)) if error.code == SIGNED_OUT => session.shut(store),
        Ok(message) if welcomed.get() => store.receive(message, came_at),
        // Of a server with another schema nothing after the welcome means anything.
        Ok(_) => {}
        Err(error) => {
            leptos::logging::error!("a frame of {} bytes: {error}", bytes.len());
            reload_once(store);
        }
    }
}

fn say(socket: &WebSocket, message: &ClientMessage) {
    match serde_json::to_string(message) {
        Ok(text) => {
            if let Err(error) = socket.send_with_str(&text) {
                leptos::logging::warn!("could not say {text}: {error:?}");
            }
        }
        Err(error) => leptos::logging::error!("{message:?}: {error}"),
    }
}

/// Reloads the page, unless this very build has tried that: then the screen says so instead.
fn reload_once(store: Store) {
    if watch::is_renewing() {
        return;
    }
    let Some(window) = web_sys::window() else {
        return;
    };
    let ours = codec::schema();
    let storage = window.session_storage().ok().flatten();
    let tried = storage
        .as_ref()
        .and_then(|storage| storage.get_item(RELOADED).ok().flatten());
    let remembered = storage.is_some_and(|storage| storage.set_item(RELOADED, &ours).is_ok());
    if tried.as_deref() == Some(ours.as_str()) || !remembered {
        store.outdated();
    } else {
        leptos::task::spawn_local(watch::renew());
    }
}
