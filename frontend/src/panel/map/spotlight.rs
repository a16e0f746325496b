//! The light on a place of the map: a shade over everything else, which follows the camera.

use leptos::prelude::*;

use crate::map::camera::Camera;
use crate::map::spot::{Light, light};
use crate::screen::Spot;

/// The shade; it fades in when a place is lit, and out when none is.
#[component]
pub(crate) fn Spotlight(
    camera: RwSignal<Option<Camera>>,
    spot: Signal<Option<Spot>>,
) -> impl IntoView {
    // While the shade fades out, its light stays where it was.
    let light = Memo::new(move |before: Option<&Option<Light>>| {
        let (camera, spot) = (camera.get(), spot.get());
        match (camera, spot) {
            (Some(camera), Some(spot)) => Some(light(&spot, &camera)),
            _ => before.copied().flatten(),
        }
    });
    let px = |v: f64| format!("{v:.1}px");
    let x = move || light.get().map(|light| px(light.middle.0));
    let y = move || light.get().map(|light| px(light.middle.1));
    let r = move || light.get().map(|light| px(light.radius_px));
    view! {
        <div
            class="spotlight"
            class:lit=move || spot.get().is_some()
            style=("--spot-x", x)
            style=("--spot-y", y)
            style=("--spot-r", r)
            aria-hidden="true"
        >
            <i></i>
        </div>
    }
}
