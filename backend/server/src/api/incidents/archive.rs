//! Incidents that are over and have left the city.

use axum::Json;
use egret_shared::case::Dossier;
use egret_shared::id::IncidentId;
use egret_shared::incident::Incident;
use egret_shared::time::TimeMs;

use super::IncidentQuery;
use crate::api::Context;
use crate::api::page::Page;
use crate::api::problem::Problem;
use crate::auth::Caller;
use crate::clock;

/// Most files that are opened for one page: a list that few of them fit ends there, with a cursor to
/// go on by.
const OPENED_MAX: usize = 5_000;

/// The incidents that `query` asks for, the last to be over first.
pub(super) async fn list(
    context: &Context,
    caller: Caller,
    query: IncidentQuery,
) -> Result<Json<Page<Incident>>, Problem> {
    let limit = query.page.limit()?;
    let before = query.page.text_cursor().map(cursor).transpose()?;
    let store = context.store.clone();
    let read = move || {
        let (me, now) = (caller.person(None).id, clock::now());
        let mut items: Vec<Incident> = Vec::new();
        let (mut n_opened, mut last) = (0, None);
        store.over(before, &mut |dossier| {
            if items.len() == limit || n_opened == OPENED_MAX {
                return false;
            }
            n_opened += 1;
            let incident = dossier.incident;
            last = Some((over_at(&incident), incident.id.clone()));
            let fits = query.fits(&incident, &me, now);
            let seen = fits.then(|| caller.sight.incident(incident, &|_| None));
            items.extend(seen.flatten());
            true
        })?;
        let is_cut = items.len() == limit || n_opened == OPENED_MAX;
        let next = last.filter(|_| is_cut);
        let next = next.map(|(at, id): (TimeMs, IncidentId)| format!("{}.{id}", at.0));
        Ok::<_, Problem>(Page { items, next })
    };
    let read = tokio::task::spawn_blocking(read).await;
    read.map_err(|error| Problem::given_up(&error))?.map(Json)
}

fn over_at(incident: &Incident) -> TimeMs {
    let over_at = incident.closed_at.or(incident.cleared_at);
    over_at.unwrap_or(incident.opened_at)
}

fn cursor(text: &str) -> Result<(TimeMs, IncidentId), Problem> {
    let parts = text.split_once('.');
    let parts = parts.and_then(|(at, id)| Some((TimeMs(at.parse().ok()?), IncidentId::new(id))));
    parts.ok_or_else(|| Problem::bad(format!("cursor={text} is not one of ours")))
}

/// The file of an incident that has left the city, as far as whoever asks may see it.
pub(super) async fn one(
    context: &Context,
    caller: &Caller,
    id: IncidentId,
) -> Result<Option<Dossier>, Problem> {
    let store = context.store.clone();
    let found = tokio::task::spawn_blocking(move || store.dossier(&id)).await;
    let found = found.map_err(|error| Problem::given_up(&error))??;
    Ok(found.and_then(|dossier| caller.sight.dossier(dossier, &|_| None)))
}
