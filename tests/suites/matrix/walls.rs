//! Walls: listed, followed and driven by who works all that they show, and by admins; to everybody
//! else as if there were none. Nothing is put up: what is allowed is tried with what cannot be done.

use std::collections::BTreeSet;

use egret_tests::matrix::cell::Cell;
use egret_tests::matrix::label::Label;
use egret_tests::matrix::reader::Right;
use egret_tests::matrix::truth::{Truth, text};
use serde_json::{Value, json};

use crate::lists::is_refused;

/// Which incident is nobody's, and which wall.
const NONE: &str = "19990101-0001";
const NO_WALL: &str = "nobody";

/// Whether somebody may drive a wall that shows all of this.
pub(crate) fn may_drive(cell: Cell<'_>, wall: &Label) -> bool {
    cell.reader().has(Right::Manage) || cell.reader().may(Right::Work, wall)
}

pub(crate) fn list(cell: Cell<'_>, _: &Truth) {
    let walls = cell.stage.walls.iter();
    let own = walls.filter(|(_, label)| may_drive(cell, label));
    let own: BTreeSet<_> = own.map(|(id, _)| id.clone()).collect();
    let rows = cell.list("/api/v1/walls", 2).into_iter();
    cell.same(&own, &rows.map(|row| text(&row["id"])).collect());
}

pub(crate) fn drive(cell: Cell<'_>, truth: &Truth) {
    let tell = |wall: &str, order: &Value| {
        let path = format!("/api/v1/walls/{wall}/drive");
        let answer = cell.ask("POST", &path, &order.to_string());
        (answer.status, answer.body)
    };
    let drives = cell.reader().has(Right::Work) || cell.reader().has(Right::Manage);
    for (id, label) in &cell.stage.walls {
        let order = json!({ "scene": "nowhere" });
        let (status, body) = tell(id, &order);
        cell.findings.rows(1);
        match (drives, may_drive(cell, label)) {
            (false, _) => is_refused(cell, status, "to drive a wall"),
            (true, true) if status == 422 => {}
            (true, true) => cell.missing(format_args!("to drive {id}: {status} {body}")),
            (true, false) => {
                let (absent, told) = tell(NO_WALL, &order);
                if (status, body.replace(id, NO_WALL)) != (absent, told) || absent != 404 {
                    cell.leak(format_args!("{id} is told from no wall: {status} {body}"));
                }
            }
        }
        if !may_drive(cell, label) {
            continue;
        }
        // An incident of others is none, wherever it is to be put up.
        let foreign = truth.incidents.iter();
        let foreign = foreign.filter(|case| !case.is_for(cell.reader()));
        for case in foreign.step_by(40) {
            let (status, body) = tell(id, &json!({ "spotlight": case.id }));
            let (absent, told) = tell(id, &json!({ "spotlight": NONE }));
            if (status, body.replace(&case.id, NONE)) != (absent, told) || absent != 404 {
                cell.leak(format_args!(
                    "{} is told from none: {status} {body}",
                    case.id
                ));
            }
        }
    }
}
