//! Where it is: the living map, looking at the incident and at what it rests on.

use std::sync::Arc;

use leptos::prelude::*;

use egret_shared::text::Text;

use super::Folder;
use crate::panel;
use crate::select::{self, Case};

/// At which zoom an incident is looked at: its neighbourhood, some two kilometres.
const ZOOM: f64 = 14.0;

/// The map; nothing for an incident that has no place.
pub(super) fn map(folder: Folder) -> AnyView {
    let position = folder.part(|incident| incident.position);
    let has_place = Memo::new(move |_| position.get().flatten().is_some());
    let marks = marks(folder);
    let look = Signal::derive(move || position.get().flatten().map(|position| (position, ZOOM)));
    let catalog = folder.catalog.get_value();
    (move || {
        let catalog = Arc::clone(&catalog);
        has_place.get().then(|| {
            view! { <div class="incident-map">{panel::map_around(&catalog, look, marks)}</div> }
        })
    })
    .into_any()
}

/// The incident, and each alert that it rests on and that has a place of its own.
fn marks(folder: Folder) -> Signal<Arc<[Case]>> {
    let screen = folder.screen();
    let incident = folder.part(Clone::clone);
    let marks = Memo::new(move |_| -> Arc<[Case]> {
        let incident = incident.read();
        let Some(incident) = incident.as_ref() else {
            return Arc::default();
        };
        let alerts = screen.store.alerts.read();
        let mut marks = vec![Case {
            // What is over is looked at, too.
            cleared: false,
            ..select::case_of_incident(&Arc::new(incident.clone()), &alerts)
        }];
        let evidence = incident.evidence.iter();
        let own = evidence.filter_map(|one| select::alert(&alerts, &one.alert));
        marks.extend(own.map(|alert| {
            let subject = select::subject(&alert.key);
            Case {
                title: Text::new(subject.clone(), subject),
                ..select::case_of_alert(alert)
            }
        }));
        marks.into()
    });
    marks.into()
}
