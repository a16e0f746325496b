//! The one place that reads the browser's clocks and sleeps.

use js_sys::{Date, Function, Object, Promise, Reflect};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

use egret_shared::time::TimeMs;

/// The browser's wall clock. It may be wrong; [`crate::store`] knows by how much.
#[expect(
    clippy::cast_possible_truncation,
    reason = "milliseconds since 1970 fit an i64 for 292 million years"
)]
pub(crate) fn wall() -> TimeMs {
    TimeMs(Date::now() as i64)
}

/// A clock that never jumps.
///
/// # Units
/// Milliseconds since the page was opened; 0 where the browser has none.
pub(crate) fn monotonic_ms() -> f64 {
    web_sys::window()
        .and_then(|window| window.performance())
        .map_or(0.0, |performance| performance.now())
}

/// Waits. Returns at once where there is no window.
pub(crate) async fn sleep(ms: i32) {
    let promise = Promise::new(&mut |resolve, _| call_later(&resolve, ms));
    // The promise is only ever resolved, so there is no failure to handle.
    drop(JsFuture::from(promise).await);
}

fn call_later(resolve: &Function, ms: i32) {
    let set = web_sys::window()
        .map(|window| window.set_timeout_with_callback_and_timeout_and_arguments_0(resolve, ms));
    if !matches!(set, Some(Ok(_))) {
        drop(resolve.call0(&JsValue::NULL));
    }
}

/// How far the browser's own zone is ahead of UTC at `at`. Milliseconds.
#[expect(
    clippy::cast_possible_truncation,
    reason = "an offset is whole minutes of less than a day"
)]
pub(crate) fn own_zone_offset_ms(at: TimeMs) -> i64 {
    -(date(at).get_timezone_offset() as i64) * 60_000
}

fn date(at: TimeMs) -> Date {
    Date::new(&JsValue::from_f64(at.0 as f64))
}

/// How far `zone` is ahead of UTC at `at`, by the browser's own time zone tables.
///
/// # Units
/// Milliseconds; 0 where the browser does not know the zone.
pub(crate) fn zone_offset_ms(zone: &str, at: TimeMs) -> i64 {
    let options = Object::new();
    let set = Reflect::set(&options, &"timeZone".into(), &zone.into());
    if set.is_err() {
        return 0;
    }
    // Swedish writes dates as ISO 8601 does.
    let local = String::from(date(at).to_locale_string("sv-SE", &options));
    crate::format::ms_from_local(&local).map_or(0, |local_ms| {
        let minutes = (local_ms - at.0 + 30_000).div_euclid(60_000);
        minutes * 60_000
    })
}
