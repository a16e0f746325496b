//! `/pair`: a browser asks to become a wall, shows its code until an admin lets it in, and comes
//! in.

use leptos::prelude::*;

use egret_shared::people::{Pairing, PairingState};

use crate::device::{self, Device, Entered};
use crate::i18n::access::Access;
use crate::screen::screen;
use crate::session::{place, way};
use crate::widget::form::button;
use crate::{api, clock, format};

/// How often the wall asks whether it is let in. Milliseconds.
const ASK_MS: i32 = 2_000;

/// What the page shows.
#[derive(Clone, Debug, PartialEq)]
enum Stage {
    /// Nothing has come of it yet.
    Asking,
    /// This browser cannot be a wall here.
    Unable,
    /// The code.
    Shown(Pairing),
    /// An admin has let it in.
    Approved,
    /// Why it does not work now; it is tried again.
    Failed(String),
}

/// The page.
#[component]
pub(crate) fn Pair() -> impl IntoView {
    let screen = screen();
    let stage = RwSignal::new(Stage::Asking);
    let has_ended = RwSignal::new(false);
    leptos::task::spawn_local(pair(stage, has_ended));
    let shown = Memo::new(move |_| match &*stage.read() {
        Stage::Shown(pairing) => Some((pairing.id.clone(), pairing.code.clone())),
        _ => None,
    });
    let left = move || match &*stage.read() {
        Stage::Shown(pairing) => {
            let left_ms = pairing.ends_at.since(screen.store.now.get()).ms();
            Some(format::countdown(left_ms.max(0)))
        }
        _ => None,
    };
    let code = move || {
        let (id, code) = shown.get()?;
        Some(view! {
            <div class="pairing">
                <div>
                    <p class="pair-code" aria-label=format!("{} {code}", screen.word(Access::PairCode))>
                        {code.clone()}
                    </p>
                    <p class="pair-about">{move || screen.word(Access::PairAbout)}</p>
                    <p class="pair-left">
                        {move || screen.word(Access::PairUntil)} " "
                        <span class="countdown">{left}</span>
                    </p>
                </div>
                <img
                    class="pair-qr"
                    src=api::wall::qr_href(&id)
                    alt=move || screen.word(Access::PairQr)
                />
            </div>
        })
    };
    let words = move || match &*stage.read() {
        Stage::Asking => screen.word(Access::PairWait).to_owned(),
        Stage::Unable => screen.word(Access::PairUnable).to_owned(),
        Stage::Approved => screen.word(Access::PairApproved).to_owned(),
        Stage::Failed(why) => format!("{} · {why}", screen.word(Access::PairFailed)),
        Stage::Shown(_) if has_ended.get() => screen.word(Access::PairEnded).to_owned(),
        Stage::Shown(_) => String::new(),
    };
    let leave = || {
        leptos::task::spawn_local(async {
            if let Some(device) = Device::load().await {
                device.forget().await;
            }
            place::leave_for(way::SIGN_IN);
        });
    };
    view! {
        <div class="pair">
            <h1>{move || screen.word(Access::PairTitle)}</h1>
            {code}
            <p class="pair-words" role="status">
                {words}
            </p>
            {button("aside", Access::NotAWall, leave)}
        </div>
    }
}

/// Asks for a code, again and again, until an admin lets the wall in or the page is left.
async fn pair(stage: RwSignal<Stage>, has_ended: RwSignal<bool>) {
    if !device::is_able() {
        stage.set(Stage::Unable);
        return;
    }
    loop {
        let next = match step(stage, has_ended).await {
            Ok(true) => return place::leave_for(way::HOME),
            Ok(false) => None,
            Err(why) => Some(Stage::Failed(why)),
        };
        // The signal ends with the page.
        if let Some(next) = next
            && stage.try_set(next).is_some()
        {
            return;
        }
        clock::sleep(ASK_MS).await;
        if stage.try_get_untracked().is_none() {
            return;
        }
    }
}

/// One step on the way in; whether the wall is in.
async fn step(stage: RwSignal<Stage>, has_ended: RwSignal<bool>) -> Result<bool, String> {
    let device = match Device::load().await {
        Some(device) => device,
        None => Device::make().await.map_err(|error| format!("{error:?}"))?,
    };
    if !device.is_paired() {
        let pairing = match device.pairing().await {
            Ok(pairing) => pairing,
            Err(error) if error.is_unknown() => {
                device.forget().await;
                has_ended.try_set(true);
                return Ok(false);
            }
            Err(error) => return Err(error.to_string()),
        };
        match pairing.state {
            PairingState::Approved => {}
            PairingState::Ended => {
                device.forget().await;
                has_ended.try_set(true);
                return Ok(false);
            }
            PairingState::Waiting => {
                stage.try_set(Stage::Shown(pairing));
                return Ok(false);
            }
        }
    }
    stage.try_set(Stage::Approved);
    match device.enter().await {
        Entered::In => Ok(true),
        Entered::Revoked => Ok(false),
    }
}
