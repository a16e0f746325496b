//! Who is in front of the screen, and what becomes of the screen when that changes.
//!
//! One task asks the server who is here, opens the gate accordingly, and keeps the connection to
//! the city while somebody is inside. Whatever ends a session or changes what it may see shuts the
//! gate at once: everything shown is gone before the server is asked again. A wall stays on its
//! page through all of this, because a page that reloads while its server is away never comes back.

pub(crate) mod place;
pub(crate) mod way;

use std::sync::Arc;

use leptos::prelude::*;

use egret_shared::access::Right;
use egret_shared::people::{Kind, Me, MeState, PairingState, Who};

use crate::ahead;
use crate::api::{self, ApiError};
use crate::clock;
use crate::device::{Device, Entered};
use crate::lasting::Kept;
use crate::socket::Connection;
use crate::socket::backoff::Backoff;
use crate::store::Store;

use way::Door;

/// How often somebody who sees no city is asked for anew, milliseconds: without a connection only
/// asking tells that they have been granted something.
const UNSEEING_MS: i32 = 10_000;

/// How often a person's rights are asked for, milliseconds: the server ends or renews a connection
/// whose grants have changed, but says nothing of a right that changes nothing of what is seen.
const RIGHTS_MS: i32 = 30_000;

/// What the screen shows, by who is in front of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gate {
    /// Nothing: it is being found out.
    Asking,
    /// The page where the first admin is made.
    Start,
    /// The page with the password.
    SignIn,
    /// The page of a wall that asks to be let in.
    Pair,
    /// That this wall is coming in by itself.
    Entering,
    /// The form for a new password.
    Password,
    /// Everything.
    Inside,
}

/// Who is here. A copy is a handle to the same.
#[derive(Clone, Copy)]
pub(crate) struct Session {
    /// What is shown.
    pub(crate) gate: Kept<Gate>,
    /// The server's newest answer.
    me: Kept<Option<Arc<Me>>>,
    /// Whether somebody is signing out, and so wants nobody to be led back.
    leaves: Kept<bool>,
    /// Where everything is open: who somebody says they are.
    pub(crate) played: Kept<String>,
}

/// How the task goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// Somebody is inside.
    Connect,
    /// Ask again at once.
    Again,
    /// Ask again after a while.
    Later,
    /// A person has to do something, after which the page is loaded anew.
    End,
}

/// The session of this page.
pub(crate) fn session() -> Session {
    expect_context()
}

impl Session {
    /// Finds out who is here, now and whenever that may have changed.
    pub(crate) fn start(store: Store) -> Self {
        let session = Self {
            gate: Kept::of(Gate::Asking),
            me: Kept::of(None),
            leaves: Kept::of(false),
            played: Kept::of(place::played()),
        };
        api::on_signed_out(move || session.signed_out(store));
        provide_context(session);
        leptos::task::spawn_local(session.keep(store));
        leptos::task::spawn_local(session.watch(store));
        session
    }

    /// The server's newest answer.
    pub(crate) fn me(self) -> Option<Arc<Me>> {
        self.me.get()
    }

    /// Who is signed in; nobody where everything is open.
    pub(crate) fn who(self) -> Option<Who> {
        self.me.read().as_ref().and_then(|me| me.who.clone())
    }

    /// The person who is signed in.
    pub(crate) fn person(self) -> Option<Who> {
        let me = self.me()?;
        let is_person = |who: &&Who| me.state == MeState::SignedIn && who.kind == Kind::User;
        me.who.as_ref().filter(is_person).cloned()
    }

    /// Whether somebody here has a right.
    pub(crate) fn has(self, right: Right) -> bool {
        let me = self.me.read();
        me.as_ref().is_some_and(|me| match &me.who {
            Some(who) => who.rights.contains(&right),
            None => me.state == MeState::Open,
        })
    }

    /// Whether everything is open to this machine, and nobody is signed in.
    pub(crate) fn is_open(self) -> bool {
        let me = self.me.read();
        me.as_ref().is_some_and(|me| me.state == MeState::Open)
    }

    /// Plays a part from now on, where everything is open.
    pub(crate) fn play(self, name: &str) {
        place::keep_played(name);
        api::case::play(name);
        self.played.set(name.to_owned());
    }

    /// Whether whoever is here sees anything of the city; for tasks, which follow no signal.
    fn sees(self) -> bool {
        untrack(|| self.has(Right::See))
    }

    /// Whether somebody is inside.
    pub(crate) fn is_inside(self) -> bool {
        self.gate.get_untracked() == Gate::Inside
    }

    /// Signs out, and leaves nothing of it behind.
    ///
    /// # Errors
    /// The caller says so: the session goes on.
    pub(crate) async fn sign_out(self) -> Result<(), ApiError> {
        // The server ends the connection at once, maybe before it answers.
        self.leaves.set(true);
        let answer = api::people::sign_out().await;
        match &answer {
            Ok(()) => place::leave_for(way::SIGN_IN),
            Err(_) => self.leaves.set(false),
        }
        answer
    }

    /// Shuts the gate: nothing of the city is shown or held from now on, until the server has
    /// said anew who is here.
    pub(crate) fn shut(self, store: Store) {
        self.gate.set(Gate::Asking);
        store.clear();
    }

    /// An answer said that nobody is signed in any more.
    fn signed_out(self, store: Store) {
        match self.gate.get_untracked() {
            Gate::Inside => self.shut(store),
            Gate::Password => place::reload(),
            Gate::Asking | Gate::Start | Gate::SignIn | Gate::Pair | Gate::Entering => {}
        }
    }

    async fn keep(self, store: Store) {
        let mut backoff = Backoff::default();
        loop {
            let next = match api::people::me().await {
                Ok(me) => self.admit(store, me).await,
                Err(error) => {
                    leptos::logging::log!("nobody says who is here: {error}");
                    Next::Later
                }
            };
            match next {
                Next::End => return,
                Next::Again => continue,
                Next::Connect if !self.sees() => {
                    clock::sleep(UNSEEING_MS).await;
                    continue;
                }
                Next::Connect => {
                    if self.connect(store).await {
                        backoff.reset();
                    }
                    if !self.is_inside() {
                        continue;
                    }
                }
                Next::Later => {}
            }
            clock::sleep(backoff.next_ms(js_sys::Math::random())).await;
        }
    }

    /// Asks now and then whether a person may still do what the screen offers.
    async fn watch(self, store: Store) {
        loop {
            clock::sleep(RIGHTS_MS).await;
            if !self.is_inside() || untrack(|| self.person()).is_none() {
                continue;
            }
            let Ok(me) = api::people::me().await else {
                continue;
            };
            let is_other = self
                .me
                .with_untracked(|known| known.as_deref() != Some(&me));
            if is_other && self.is_inside() {
                self.shut(store);
            }
        }
    }

    /// Keeps one connection until it ends; whether it was a good one.
    async fn connect(self, store: Store) -> bool {
        let was_good = match Connection::open(store, self) {
            Ok(connection) => connection.last().await,
            Err(error) => {
                leptos::logging::warn!("no socket: {error:?}");
                false
            }
        };
        store.closed();
        was_good
    }

    /// Does what the server's answer calls for.
    async fn admit(self, store: Store, me: Me) -> Next {
        match way::door(&me, &place::path()) {
            Door::Inside => self.let_in(store, me).await,
            Door::Start => self.show(store, me, Gate::Start, Some(way::START)),
            Door::Password => self.show(store, me, Gate::Password, None),
            Door::Pair => self.show(store, me, Gate::Pair, None),
            Door::Outside => self.outside(store, me).await,
        }
    }

    async fn let_in(self, store: Store, me: Me) -> Next {
        let unchanged = self
            .me
            .with_untracked(|known| known.as_deref() == Some(&me));
        if self.is_inside() && unchanged {
            return Next::Connect;
        }
        if self.is_inside() {
            self.shut(store);
        }
        // What was shown for somebody else is taken down before anything is put up.
        clock::sleep(0).await;
        if way::is_entrance(&place::path()) {
            place::show(&place::back());
        }
        let played = if me.state == MeState::Open {
            self.played.get_untracked()
        } else {
            String::new()
        };
        api::case::play(&played);
        self.me.set(Some(Arc::new(me)));
        if self.sees() {
            store.load();
        }
        self.gate.set(Gate::Inside);
        Next::Connect
    }

    /// Nobody is signed in: a wall comes in by itself, a person is asked for their password.
    async fn outside(self, store: Store, me: Me) -> Next {
        if self.is_inside() {
            self.shut(store);
        }
        let Some(device) = Device::load().await else {
            return self.ask_person(store, me);
        };
        if !device.is_paired() {
            match device.pairing().await.map(|pairing| pairing.state) {
                Ok(PairingState::Approved) => {}
                Ok(PairingState::Waiting) => {
                    return self.show(store, me, Gate::Pair, Some(way::PAIR));
                }
                Ok(PairingState::Ended) => {
                    device.forget().await;
                    return self.ask_person(store, me);
                }
                Err(error) if error.is_unknown() => {
                    device.forget().await;
                    return self.ask_person(store, me);
                }
                Err(_) => return Next::Later,
            }
        }
        self.gate.set(Gate::Entering);
        match device.enter().await {
            Entered::In => Next::Again,
            Entered::Revoked => self.show(store, me, Gate::Pair, Some(way::PAIR)),
        }
    }

    fn ask_person(self, store: Store, me: Me) -> Next {
        if place::path() == way::PAIR {
            return self.show(store, me, Gate::Pair, Some(way::PAIR));
        }
        if self.leaves.get_untracked() {
            place::show(way::SIGN_IN);
        } else {
            place::show_sign_in();
        }
        self.show(store, me, Gate::SignIn, None)
    }

    /// Shows a page without the city, at `path` if it has one of its own.
    fn show(self, store: Store, me: Me, gate: Gate, path: Option<&str>) -> Next {
        if self.is_inside() {
            self.shut(store);
        }
        ahead::let_go();
        if let Some(path) = path.filter(|path| *path != place::path()) {
            place::show(path);
        }
        self.me.set(Some(Arc::new(me)));
        self.gate.set(gate);
        Next::End
    }
}
