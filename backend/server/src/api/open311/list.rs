//! Requests as they stand: listed, one by one, as far as whoever asks may see them.

use std::collections::BTreeSet;

use egret_shared::id::{FeedId, ReportId};
use egret_shared::package::feed::FeedDef;
use egret_shared::time::TimeMs;
use serde::Deserialize;

use super::tree::Tree;
use super::{Fault, Server};
use crate::auth::Caller;
use crate::clock;
use crate::limits::{REQUESTS_FOR, REQUESTS_MAX};
use crate::store::{Request, RequestFilter, Store};

/// Which requests to list.
#[derive(Debug, Default, Deserialize)]
pub(in crate::api) struct ListQuery {
    service_request_id: Option<String>,
    service_code: Option<String>,
    start_date: Option<String>,
    end_date: Option<String>,
    status: Option<String>,
    /// Of the city; no other is ours.
    pub(super) jurisdiction_id: Option<String>,
}

/// What [`ListQuery`] comes to.
struct Wanted {
    ids: Option<Vec<ReportId>>,
    codes: Option<BTreeSet<String>>,
    closed: BTreeSet<bool>,
    from: TimeMs,
    to: TimeMs,
}

impl ListQuery {
    fn wanted(&self, now: TimeMs) -> Result<Wanted, Fault> {
        let time = |name: &str, text: &Option<String>| {
            let text = text.as_deref();
            text.map(|text| {
                let time = TimeMs::from_rfc3339(text);
                time.map_err(|error| Fault::new(400, format!("{name}={text}: {error}")))
            })
            .transpose()
        };
        let (start, end) = (
            time("start_date", &self.start_date)?,
            time("end_date", &self.end_date)?,
        );
        let to = match (start, end) {
            (_, Some(end)) => end,
            (Some(start), None) => start.plus(REQUESTS_FOR),
            (None, None) => now.plus(egret_shared::time::Span(1)),
        };
        let from = start.unwrap_or_else(|| to.minus(REQUESTS_FOR));
        let span = to.since(from);
        if span.ms() < 0 || span > REQUESTS_FOR {
            let detail = format!(
                "from start_date to end_date may be {} days at most",
                REQUESTS_FOR.ms() / 86_400_000
            );
            return Err(Fault::new(400, detail));
        }
        let parts = |text: &Option<String>| -> Option<Vec<String>> {
            let text = text.as_deref().filter(|text| !text.is_empty())?;
            Some(text.split(',').map(|part| part.trim().to_owned()).collect())
        };
        let closed = match parts(&self.status) {
            None => [false, true].into(),
            Some(words) => words
                .iter()
                .map(|word| match word.as_str() {
                    "open" => Ok(false),
                    "closed" => Ok(true),
                    other => Err(Fault::new(400, format!("status={other}: open or closed"))),
                })
                .collect::<Result<_, _>>()?,
        };
        let ids = parts(&self.service_request_id);
        Ok(Wanted {
            ids: ids.map(|ids| {
                ids.into_iter()
                    .take(REQUESTS_MAX)
                    .map(ReportId::new)
                    .collect()
            }),
            codes: parts(&self.service_code).map(|codes| codes.into_iter().collect()),
            closed,
            from,
            to,
        })
    }
}

impl Server<'_> {
    /// Those of `query`, the newest first. Asked by their ids, they are those and nothing else counts.
    pub(super) async fn list(&self, query: &ListQuery) -> Result<Tree, Fault> {
        let wanted = query.wanted(clock::now())?;
        let (feed, caller) = (self.feed.clone(), self.caller.clone());
        let found = self.read(move |store| {
            let mut found = Vec::new();
            if let Some(ids) = &wanted.ids {
                for id in ids {
                    let request = store.request(&feed.id, id)?;
                    found.extend(request.filter(|request| may_see(&caller, &feed, request)));
                }
                return Ok(found);
            }
            let filter = RequestFilter {
                feed: feed.id.clone(),
                from: wanted.from,
                to: wanted.to,
            };
            store.requests(&filter, &mut |request| {
                let fits = wanted.closed.contains(&request.is_closed())
                    && wanted
                        .codes
                        .as_ref()
                        .is_none_or(|codes| codes.contains(&request.category));
                if fits && may_see(&caller, &feed, &request) {
                    found.push(request);
                }
                found.len() < REQUESTS_MAX
            })?;
            Ok(found)
        });
        let found = found.await?;
        let rows = found.iter().map(|request| self.row(request));
        Ok(Tree::List("request", rows.collect()))
    }

    /// The one with this id, in a list of its own.
    pub(super) async fn one(&self, id: &str) -> Result<Tree, Fault> {
        let request = self.seen(id).await?;
        Ok(Tree::List("request", vec![self.row(&request)]))
    }

    /// Which id a token stands for: every request has its id at once, which is its token, too.
    pub(super) async fn token(&self, token: &str) -> Result<Tree, Fault> {
        let request = self.seen(token).await?;
        let id = Tree::text(request.report.as_str());
        let row = Tree::Members(vec![("service_request_id", id.clone()), ("token", id)]);
        Ok(Tree::List("request", vec![row]))
    }

    async fn seen(&self, id: &str) -> Result<Request, Fault> {
        let (feed, caller) = (self.feed.clone(), self.caller.clone());
        let report = ReportId::new(id);
        let found = self.read(move |store| {
            let request = store.request(&feed.id, &report)?;
            Ok(request.filter(|request| may_see(&caller, &feed, request)))
        });
        let found = found.await?;
        found.ok_or_else(|| Fault::new(404, format!("there is no request \"{id}\"")))
    }

    /// A request as it is told. Nothing that tells of a person is in it.
    fn row(&self, request: &Request) -> Tree {
        let status = if request.is_closed() {
            "closed"
        } else {
            "open"
        };
        let package = &self.context.package;
        let department = package.department(&self.feed.department);
        let agency = department.map(|department| department.name.get(self.language));
        let degrees = |of: fn(egret_shared::position::Position) -> f64| {
            request
                .position
                .map_or(Tree::Nothing, |position| Tree::Number(of(position)))
        };
        Tree::Members(vec![
            ("service_request_id", Tree::text(request.report.as_str())),
            ("status", Tree::text(status)),
            ("status_notes", Tree::text(request.state.as_str())),
            (
                "service_name",
                Tree::text(self.service_name(&request.category)),
            ),
            ("service_code", Tree::text(request.category.as_str())),
            ("description", Tree::text(request.text.as_str())),
            ("agency_responsible", Tree::text(agency.unwrap_or_default())),
            ("service_notice", Tree::Nothing),
            (
                "requested_datetime",
                Tree::text(request.opened_at.to_string()),
            ),
            (
                "updated_datetime",
                Tree::text(request.changed_at.to_string()),
            ),
            ("expected_datetime", Tree::Nothing),
            ("address", Tree::Nothing),
            ("address_id", Tree::Nothing),
            ("zipcode", Tree::Nothing),
            ("lat", degrees(|position| position.lat)),
            ("long", degrees(|position| position.lon)),
            ("media_url", Tree::Nothing),
        ])
    }

    /// Reads from the store, away from where requests are served.
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&dyn Store) -> Result<T, crate::journal::JournalError> + Send + 'static,
    ) -> Result<T, Fault> {
        let store = self.context.store.clone();
        let read = tokio::task::spawn_blocking(move || read(&*store));
        let read = read.await.map_err(|error| {
            tracing::error!(%error, "requests could not be read");
            Fault::new(500, "the request was given up; see the log")
        })?;
        read.map_err(|error| {
            tracing::error!(%error, "requests could not be read");
            Fault::new(500, "the store cannot be read; see the log")
        })
    }
}

/// Whether a request may be seen: where it is; without a place, where its department works.
fn may_see(caller: &Caller, feed: &FeedDef, request: &Request) -> bool {
    let sight = &caller.sight;
    let id: &FeedId = &feed.id;
    match (&request.area, request.position) {
        (None, None) => sight.feed(id),
        (area, _) => sight.feed_at(id, area.as_ref()),
    }
}
