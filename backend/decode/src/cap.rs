//! `cap-1.2`: alerts of the Common Alerting Protocol, by which warnings are issued.
//!
//! An alert is a report. Its first message opens it, an `Update` is another step of it, a `Cancel`
//! ends it; what belongs together is told by the first message that each refers to. Only what is
//! `Actual` is taken: a drill among the warnings would be one too many.
//!
//! What is said in several languages is told in one, Chinese before English before others; how
//! bad it is, is the worst of what all of them say.
//!
//! # Source
//! Common Alerting Protocol 1.2, OASIS Standard of 1 July 2010, section 3.2.

mod area;
mod info;

use egret_shared::id::{MessageId, ReportId};
use egret_shared::rejection::{Reason, Rejection};
use egret_shared::time::TimeMs;
use smol_str::SmolStr;

use crate::decoder::{Element, Message, Read, Sink};
use crate::reading::{Decoded, RawArea, RawReport};
use crate::refuse::{bounded, refusal, shown};
use crate::sent_time::rfc3339;
use crate::xml::{Node, tree};
use info::Infos;

/// The namespace of an alert's elements.
const NAMESPACE: &str = "urn:oasis:names:tc:emergency:cap:1.2";

/// Where the outermost element stands.
const ALERT: &str = "/alert";

/// The format; nothing in a feed's definition changes how it is read.
pub(crate) struct Cap;

/// What a message does to its alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Alert,
    Update,
    Cancel,
}

impl Step {
    fn of(alert: &Node) -> Result<Self, Rejection> {
        match alert.one("msgType", ALERT)? {
            "Alert" => Ok(Self::Alert),
            "Update" => Ok(Self::Update),
            "Cancel" => Ok(Self::Cancel),
            kind @ ("Ack" | "Error") => {
                let detail = format!(
                    "{ALERT}/msgType: {kind}, which answers a message and warns of nothing"
                );
                Err(refusal(Reason::NoValue, detail))
            }
            other => Err(unfit("msgType", other, "Alert, Update or Cancel")),
        }
    }

    /// The report's state.
    fn state(self, is_over: bool) -> Option<&'static str> {
        match (self, is_over) {
            (Self::Cancel, _) => Some("cancelled"),
            (_, true) => Some("expired"),
            (Self::Update, false) => Some("updated"),
            (Self::Alert, false) => None,
        }
    }
}

/// The report that a message is a step of.
fn report(alert: &Node, received_at: TimeMs) -> Element {
    if alert.name != "alert" {
        let detail = format!("/{}: expected alert", shown(&alert.name));
        return Err(refusal(Reason::BadShape, detail));
    }
    check_status(alert)?;
    let step = Step::of(alert)?;
    let identifier = needed(alert, "identifier")?;
    let sender = needed(alert, "sender")?;
    let sent = needed(alert, "sent")?;
    let at = rfc3339(sent, "/alert/sent")?;
    let report = match step {
        Step::Alert => identifier,
        Step::Update => first(alert)?.unwrap_or(identifier),
        Step::Cancel => first(alert)?.ok_or_else(|| {
            let detail = "/alert/references: nothing, and a Cancel has to say what it cancels";
            refusal(Reason::BadShape, detail)
        })?,
    };
    let infos = Infos::read(alert)?;
    let state = step.state(infos.are_over(received_at)?);
    let is_in_force = matches!(state, None | Some("updated"));
    let areas = infos.areas()?;
    let position = position(&areas);
    // The same message is news once more when its time is over.
    let over = if state == Some("expired") {
        ",expired"
    } else {
        ""
    };
    let message = format!("{identifier},{sent}{over}");
    Ok(Decoded::Report(RawReport {
        report: Some(ReportId::new(bounded(report, "/alert/identifier")?)),
        message: Some(MessageId::new(bounded(
            &message,
            "/alert/identifier with sent",
        )?)),
        at: Some(at),
        position,
        state: state.map(SmolStr::new_static),
        category: infos.category(),
        text: infos.text(),
        personal: Vec::new(),
        issued: if is_in_force {
            Some(Box::new(infos.issued(sender, areas)?))
        } else {
            None
        },
    }))
}

/// How long an alert stands, for whoever hears it again when its time is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The message's `identifier`.
    pub id: String,
    /// The identifiers of the messages that it takes the place of.
    pub instead_of: Vec<String>,
    /// When all of it has expired; absent if it does not say, or cancels.
    pub until: Option<TimeMs>,
}

/// How long the alert that `payload` is stands; `None` if it is none.
pub fn standing(payload: &[u8]) -> Option<Standing> {
    let alert = tree(payload, Some(NAMESPACE)).ok()?;
    let step = Step::of(&alert).ok()?;
    let references = alert.one("references", ALERT).ok()?.split_whitespace();
    let identifier = |reference: &str| reference.split(',').nth(1).map(str::to_owned);
    Some(Standing {
        id: needed(&alert, "identifier").ok()?.to_owned(),
        instead_of: references.filter_map(identifier).collect(),
        until: match step {
            Step::Cancel => None,
            Step::Alert | Step::Update => {
                let until = Infos::read(&alert).ok()?.until().ok().flatten();
                // No earlier than it is over.
                until.map(|until| TimeMs(until.us.saturating_add(999).div_euclid(1_000)))
            }
        },
    })
}

/// The centre of the largest shape.
fn position(areas: &[RawArea]) -> Option<(f64, f64)> {
    let shapes = areas.iter().flat_map(|area| &area.shapes);
    let largest = shapes.map(area::centre).map(Some).fold(None, area::larger);
    largest.map(|centre| (centre.lon, centre.lat))
}

/// Only what is meant counts.
fn check_status(alert: &Node) -> Result<(), Rejection> {
    let said = match alert.one("status", ALERT)? {
        "Actual" => return Ok(()),
        "Exercise" => "an exercise",
        "System" => "a message about the network of alerting itself",
        "Test" => "a test, to be disregarded",
        "Draft" => "a draft, not to be acted on",
        other => {
            return Err(unfit(
                "status",
                other,
                "Actual, Exercise, System, Test or Draft",
            ));
        }
    };
    let detail = format!("/alert/status: this is {said}, and only what is Actual is taken");
    Err(refusal(Reason::NoValue, detail))
}

/// The identifier of the earliest of the messages that are referred to.
fn first(alert: &Node) -> Result<Option<&str>, Rejection> {
    let mut first: Option<(i64, &str)> = None;
    for reference in alert.one("references", ALERT)?.split_whitespace() {
        let mut parts = reference.split(',');
        let (Some(_sender), Some(identifier), Some(sent), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(unfit("references", reference, "sender,identifier,sent"));
        };
        if identifier.is_empty() {
            return Err(unfit("references", reference, "sender,identifier,sent"));
        }
        let sent = rfc3339(sent, "/alert/references")?;
        if first.is_none_or(|(us, _)| sent.us < us) {
            first = Some((sent.us, identifier));
        }
    }
    Ok(first.map(|(_, identifier)| identifier))
}

/// A text that must be there.
fn needed<'a>(alert: &'a Node, name: &'static str) -> Result<&'a str, Rejection> {
    match alert.one(name, ALERT)? {
        "" => Err(unfit(name, "", "a text")),
        text => Ok(text),
    }
}

fn unfit(name: &str, found: &str, expected: &str) -> Rejection {
    let found = match found {
        "" => "nothing".to_owned(),
        found => shown(found),
    };
    let detail = format!("{ALERT}/{name}: {found}, expected {expected}");
    refusal(Reason::BadShape, detail)
}

impl Read for Cap {
    fn read(&self, message: &Message<'_>, sink: Sink<'_>) {
        let alert = tree(message.payload, Some(NAMESPACE));
        sink(alert.and_then(|alert| report(&alert, message.received_at)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alert(kind: &str, infos: &str) -> String {
        format!(
            "<alert xmlns='{NAMESPACE}'><identifier>c</identifier><msgType>{kind}</msgType>\
             <references>s,a,2026-06-22T06:00:00+08:00 s,b,2026-06-22T06:01:00+08:00</references>\
             {infos}</alert>"
        )
    }

    #[test]
    fn an_alert_stands_until_the_last_of_it_has_expired() {
        let info = |expires: &str| format!("<info><expires>{expires}</expires></info>");
        let (early, late) = (
            "2026-06-22T07:00:00+08:00",
            "2026-06-22T08:00:00.0001+08:00",
        );
        let both = alert("Update", &(info(late) + &info(early)));
        let stands = standing(both.as_bytes()).unwrap();
        assert_eq!(
            (&*stands.id, &*stands.instead_of),
            ("c", &["a".to_owned(), "b".to_owned()][..])
        );
        let eight = TimeMs::from_rfc3339("2026-06-22T08:00:00.001+08:00").unwrap();
        assert_eq!(stands.until, Some(eight));
        let until = |text: String| standing(text.as_bytes()).unwrap().until;
        assert_eq!(until(alert("Update", &(info(late) + "<info/>"))), None);
        assert_eq!(until(alert("Update", "")), None);
        assert_eq!(until(alert("Cancel", &info(late))), None);
        assert_eq!(standing(alert("Ack", "").as_bytes()), None);
        assert_eq!(standing(b"<rss/>"), None);
    }
}
