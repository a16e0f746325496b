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
    let place = move || {
        light.get().map(|light| {
            let ((x, y), r) = (light.middle, light.radius_px);
            format!("--spot-x:{x:.1}px;--spot-y:{y:.1}px;--spot-r:{r:.1}px")
        })
    };
    view! {
        <div class="spotlight" class:lit=move || spot.get().is_some() style=place aria-hidden="true">
            <i></i>
        </div>
    }
}
