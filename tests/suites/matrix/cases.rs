//! Casework: what may be done, what is written and put to an incident, and what is kept quiet.
//! Nothing here changes anything: what is allowed is tried with something that cannot be done.

use std::collections::{BTreeMap, BTreeSet};

use egret_shared::time::TimeMs;
use egret_tests::clock;
use egret_tests::matrix::beyond::is_of_own_case;
use egret_tests::matrix::cell::Cell;
use egret_tests::matrix::city;
use egret_tests::matrix::label::{Class, Label, Place};
use egret_tests::matrix::reader::Right;
use egret_tests::matrix::truth::{Case, Truth, place, rows, text};
use egret_tests::matrix::worked::{FILE, HUSHES, WROTE};
use serde_json::{Value, json};

use crate::lists::{is_answered, is_refused};

/// Which incident is nobody's.
const NONE: &str = "19990101-0001";

/// Words that people wrote to an incident are told to those who may work it, and to them all.
pub(crate) fn has_own_words(cell: Cell<'_>, case: &Case, dossier: &str) {
    let was_worked = cell.stage.worked.file_of(&case.id).is_some();
    let works = case.is_worked_by(cell.reader());
    for what in ["file", "dispatch", "comment", "wait", "link"] {
        let is_told = dossier.contains(&format!("{WROTE} {what} {}", case.id));
        cell.findings.rows(1);
        if is_told && !works {
            cell.leak(format_args!("what was written ({what}) to {}", case.id));
        }
        if was_worked && works && !is_told {
            cell.missing(format_args!("what was written ({what}) to {}", case.id));
        }
    }
    let is_named = dossier.contains("zz_name.txt") || dossier.contains("zz.example");
    if is_named && !works {
        cell.leak(format_args!("files or links of {}", case.id));
    }
}

/// Some of those that nobody works, and all that somebody does.
fn some<'t>(cell: &Cell<'_>, truth: &'t Truth) -> Vec<&'t Case> {
    let worked = |case: &&Case| cell.stage.worked.file_of(&case.id).is_some();
    let others = truth.incidents.iter().filter(|case| !worked(case));
    let all = truth.incidents.iter().filter(worked);
    all.chain(others.step_by(9)).collect()
}

/// What may be done is what their grants say of exactly this incident.
pub(crate) fn doer(cell: Cell<'_>, truth: &Truth) {
    let cell = cell.allowing(is_of_own_case);
    for case in some(&cell, truth) {
        let answer = cell.get(&format!("/api/v1/incidents/{}/doer", case.id));
        is_answered(cell, case.is_for(cell.reader()), answer.status, &case.id);
        if answer.status == 200 {
            has_own_powers(cell, case, &answer.json());
        }
    }
}

fn has_own_powers(cell: Cell<'_>, case: &Case, doer: &Value) {
    let mut powers = BTreeSet::new();
    let mut handles = BTreeSet::new();
    let mut handles_all = false;
    let grants = cell.reader().with(Right::Work);
    for grant in grants.filter(|grant| case.is_within(grant)) {
        match grant.role {
            "officer" => powers.extend(["supervise"]),
            "dispatcher" => powers.extend(["supervise", "dispatch"]),
            "lead" => powers.extend(["supervise", "dispatch", "decide"]),
            _ => match &grant.departments {
                Some(named) => handles.extend(named.iter().copied()),
                None => handles_all = true,
            },
        }
    }
    let told = rows(&doer["powers"]).map(|power| text(&power)).collect();
    let powers = powers.into_iter().map(str::to_owned).collect();
    cell.same(&powers, &told);
    cell.findings.rows(1);
    if (doer["handles"] == "all") != handles_all || doer["is_person"] != false {
        cell.leak(format_args!("{}: they are {doer}", case.id));
    }
    if !handles_all {
        let told = rows(&doer["handles"]["only"]).map(|one| text(&one));
        let handles = handles.into_iter().map(str::to_owned).collect();
        cell.same(&handles, &told.collect());
    }
}

fn command(version: &Value, act: &Value) -> String {
    let id = format!("matrix-{}", clock::now().0);
    json!({ "id": id, "version": version, "act": act }).to_string()
}

/// A command to what is not theirs is answered as one to nothing, one beyond their powers refused.
pub(crate) fn commands(cell: Cell<'_>, truth: &Truth) {
    let cell = cell.allowing(is_of_own_case);
    let path = |id: &str| format!("/api/v1/incidents/{id}/commands");
    // Too much text: what is wrong is told only after it is known that they might.
    let long = json!({ "comment": { "text": "x".repeat(2_001) } });
    for case in some(&cell, truth) {
        let version = &case.row["version"];
        let body = command(version, &long);
        let answer = cell.ask("POST", &path(&case.id), &body);
        let code = answer.json()["code"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        cell.findings.rows(1);
        let is_own = case.is_for(cell.reader());
        let may = comments(cell, case);
        let expected = match (is_own, may) {
            (false, _) => (404, ""),
            (true, false) => (403, "not_granted"),
            (true, true) => (422, "long_text"),
        };
        if (answer.status, code.as_str()) != expected {
            let told = format!("{}: {} {}", case.id, answer.status, answer.body);
            cell.leak(format_args!("{told} instead of {expected:?}"));
        }
        let absent = cell.ask("POST", &path(NONE), &body);
        if !is_own
            && (absent.status, absent.body.replace(NONE, &case.id)) != (answer.status, answer.body)
        {
            cell.leak(format_args!("{} is told from none", case.id));
        }
        changed(cell, case, &path(&case.id));
    }
    merges(cell, truth);
}

/// Whether somebody may comment: who supervises, or handles for a department with a task.
fn comments(cell: Cell<'_>, case: &Case) -> bool {
    let grants = cell.reader().with(Right::Work);
    let mut grants = grants.filter(|grant| case.is_within(grant));
    grants.any(|grant| {
        let mut given = case.given.iter();
        grant.role != "handler" || given.any(|one| grant.covers_departments(&[one.as_str()]))
    })
}

/// Whoever saw an old version is told what has changed since, as far as they may read it.
fn changed(cell: Cell<'_>, case: &Case, path: &str) {
    let answer = cell.ask("POST", path, &command(&json!(0), &json!("acknowledge")));
    cell.findings.rows(1);
    if !case.is_for(cell.reader()) {
        return is_answered(cell, false, answer.status, path);
    }
    if answer.status != 409 {
        return cell.missing(format_args!("{path}: {} {}", answer.status, answer.body));
    }
    has_own_words(cell, case, &answer.body);
}

/// The other incident of a command is one of theirs, or is not there.
fn merges(cell: Cell<'_>, truth: &Truth) {
    let mut own = truth.incidents.iter().filter(|case| comments(cell, case));
    let Some(own) = own.next() else {
        return;
    };
    let path = format!("/api/v1/incidents/{}/commands", own.id);
    let mut others = truth.incidents.iter();
    let Some(foreign) = others.find(|case| !case.is_for(cell.reader())) else {
        return;
    };
    for act in ["merge", "parent"] {
        let told = |id: &str| {
            let named = if act == "merge" {
                json!({ "merge": { "into": id, "reason": "one and the same" } })
            } else {
                json!({ "parent": { "of": id } })
            };
            let answer = cell.ask("POST", &path, &command(&own.row["version"], &named));
            (answer.status, answer.body.replace(id, "ID"))
        };
        let (told, nothing) = (told(&foreign.id), told(NONE));
        cell.findings.rows(1);
        if told != nothing {
            cell.leak(format_args!(
                "{act} {}: {told:?} instead of {nothing:?}",
                foreign.id
            ));
        }
    }
}

/// Files go to what they may work; here they are of a kind that is not taken.
pub(crate) fn attach(cell: Cell<'_>, truth: &Truth) {
    let cell = cell.allowing(is_of_own_case);
    for case in some(&cell, truth) {
        let path = format!(
            "/api/v1/incidents/{}/attachments?id=matrix-file&version={}&name=a.zip",
            case.id, case.row["version"]
        );
        let answer = cell.ask("POST", &path, "PK\u{3}\u{4}\u{0}");
        cell.findings.rows(1);
        let expected = match (case.is_for(cell.reader()), comments(cell, case)) {
            (false, _) => 404,
            (true, false) => 403,
            (true, true) => 415,
        };
        if answer.status != expected {
            cell.leak(format_args!(
                "{path}: {} instead of {expected}",
                answer.status
            ));
        }
    }
}

/// A file is for those who may work the incident that it was put to, and at no other.
pub(crate) fn attached(cell: Cell<'_>, truth: &Truth) {
    for (id, file) in &cell.stage.worked.incidents {
        let case = truth.incidents.iter().find(|case| case.id == *id);
        let may = case.is_some_and(|case| case.is_worked_by(cell.reader()));
        let answer = cell.get(&format!("/api/v1/incidents/{id}/attachments/{file}"));
        is_answered(cell, may, answer.status, &format!("the file of {id}"));
        if may && answer.body != FILE {
            cell.missing(format_args!("the file of {id}: {}", answer.body));
        }
        let is_other = |case: &&Case| cell.stage.worked.file_of(&case.id).is_none();
        for other in truth.incidents.iter().filter(is_other).step_by(40) {
            let path = format!("/api/v1/incidents/{}/attachments/{file}", other.id);
            is_answered(cell, false, cell.get(&path).status, &path);
        }
    }
}

/// What nobody reports is refused where they may not work; where they may, for what it says.
pub(crate) fn open(cell: Cell<'_>, _: &Truth) {
    for area in Place::AREAS {
        let body = json!({
            "id": format!("matrix-{}", clock::now().0), "title": "nothing", "text": "nothing",
            "level": "normal", "area": area.code(),
        });
        let answer = cell.ask("POST", "/api/v1/incidents", &body.to_string());
        let may = cell
            .reader()
            .with(Right::Work)
            .any(|grant| grant.reaches(area));
        cell.findings.rows(1);
        let expected = if may { 422 } else { 403 };
        // An area outside of theirs is none, also one that holds theirs.
        let is_within = cell.any_grant(|grant| grant.reaches(area));
        if answer.status != expected && (may || is_within) {
            cell.leak(format_args!("{area}: {} {}", answer.status, answer.body));
        }
        if !is_within {
            let absent = body.to_string().replace(&area.code(), "nowhere");
            let absent = cell.ask("POST", "/api/v1/incidents", &absent);
            let told = answer.body.replace(&area.code(), "nowhere");
            if (answer.status, told) != (absent.status, absent.body) {
                cell.leak(format_args!("{area} is told from nowhere: {}", answer.body));
            }
        }
    }
}

/// Every turn of the alerts that are theirs, as far as they had turned when the truth was looked at.
pub(crate) fn turns(cell: Cell<'_>, truth: &Truth) {
    let Some(newest) = truth.turns.keys().next_back() else {
        return cell.missing("any turn of an alert");
    };
    let told = |path: &str| -> BTreeSet<u64> {
        let rows = cell.list(path, 1_000).into_iter();
        let ns = rows.filter_map(|row| row["n"].as_u64());
        ns.filter(|n| n <= newest).collect()
    };
    let own = |fits: &dyn Fn(&Value) -> bool| -> BTreeSet<u64> {
        let own = truth.turns.iter();
        let own = own.filter(|(_, (row, label))| cell.reader().sees(label) && fits(row));
        own.map(|(n, _)| *n).collect()
    };
    cell.same(&own(&|_| true), &told("/api/v1/alerts/log"));
    for area in [Place::W, Place::E1].map(Place::code) {
        let path = format!("/api/v1/alerts/log?area={area}");
        let within = |row: &Value| rows(&row["areas"]).any(|one| one == *area);
        cell.same(&own(&within), &told(&path));
    }
    for rule in truth.rules.iter().step_by(4) {
        let path = format!("/api/v1/alerts/log?rule={}", rule.id);
        cell.same(&own(&|row| row["key"]["rule"] == *rule.id), &told(&path));
    }
}

/// What is kept quiet is told to those who may see what it keeps quiet.
pub(crate) fn hushes(cell: Cell<'_>, _: &Truth) {
    let all = cell.stage.worked.hushes.iter();
    let own = all.filter(|(_, label)| cell.reader().sees(label));
    let own: BTreeSet<_> = own.map(|(id, _)| id.clone()).collect();
    let rows = cell.list("/api/v1/hushes", 2).into_iter();
    cell.same(&own, &rows.map(|row| text(&row["id"])).collect());
}

/// To keep quiet what is not theirs is refused, whether there is such a thing or not; what is theirs
/// is tried for a time that is over.
pub(crate) fn hush(cell: Cell<'_>, _: &Truth) {
    let now = clock::now();
    let order = |feed: &str, area: &str| {
        let order = json!({ "id": format!("matrix-{}", now.0), "order": { "put": { "id": null, "hush": {
            "kind": { "silence": { "feed": feed, "area": area } },
            "up_to": "blue", "owner": "somebody", "reason": "nothing",
            "from": TimeMs(now.0 - 2_000), "until": TimeMs(now.0 - 1_000),
        } } } });
        cell.ask("POST", "/api/v1/hushes", &order.to_string())
    };
    for (department, class, place) in HUSHES {
        let label = Label::of(department, class);
        let may = cell.reader().may(Right::Work, &label.at(place));
        let answer = order(&label.marker("mov"), &place.code());
        cell.findings.rows(1);
        match (may, answer.status) {
            (true, 422) => {}
            (false, 403) => {
                let absent = order("nobody", &place.code());
                if (absent.status, absent.body) != (answer.status, answer.body) {
                    cell.leak(format_args!("{label:?} is told from no feed"));
                }
            }
            (_, other) => cell.leak(format_args!("{label:?}: {other} {}", answer.body)),
        }
    }
    for (id, label) in &cell.stage.worked.hushes {
        if cell.reader().may(Right::Work, label) {
            continue;
        }
        let end = |id: &str| {
            let order = json!({ "id": format!("matrix-{}", now.0), "order": { "end": {
                "id": id, "reason": "it is enough",
            } } });
            let answer = cell.ask("POST", "/api/v1/hushes", &order.to_string());
            (answer.status, answer.body.replace(id, "ID"))
        };
        let (foreign, absent) = (end(id), end("nothing"));
        cell.findings.rows(1);
        if foreign.0 < 400 {
            cell.leak(format_args!("a hush of others is ended: {foreign:?}"));
        }
        if !cell.reader().sees(label) && foreign != absent {
            cell.leak(format_args!(
                "the hush {id} is told from none: {foreign:?} {absent:?}"
            ));
        }
    }
}

/// How the city is run is for everybody to know.
pub(crate) fn mode(cell: Cell<'_>, _: &Truth) {
    let answer = cell.get("/api/v1/mode");
    cell.findings.rows(1);
    if answer.status != 200 || answer.json()["mode"] != "peace" {
        cell.missing(format_args!("the mode: {answer:?}"));
    }
}

/// And for those to change who command the whole city, who do not try here.
pub(crate) fn change_mode(cell: Cell<'_>, _: &Truth) {
    let commands = |role| ["dispatcher", "lead"].contains(&role);
    let mut grants = cell.reader().grants.iter();
    let may = grants
        .any(|grant| commands(grant.role) && grant.is_everywhere() && grant.departments.is_none());
    if may {
        return;
    }
    let body = json!({ "id": "matrix-mode", "mode": "emergency", "reason": "a storm" });
    let answer = cell.ask("POST", "/api/v1/mode", &body.to_string());
    is_refused(cell, answer.status, "a change of mode");
}

/// How departments do is told of those whose rows of the ordinary class they see.
pub(crate) fn scorecards(cell: Cell<'_>, _: &Truth) {
    let told = cell.list("/api/v1/scorecards", 3);
    let mut given: BTreeMap<String, u64> = BTreeMap::new();
    for card in &told {
        let department = text(&card["department"]);
        let area = &card["area"];
        let here = if area.is_null() {
            Place::C
        } else {
            place(area)
        };
        let known = ["water", "police", "west"].into_iter();
        let label = known
            .filter(|known| *known == department)
            .map(|known| Label::of(known, Class::Internal).at(here))
            .next();
        cell.findings.rows(1);
        if label.is_none_or(|label| !cell.reader().sees(&label)) {
            cell.leak(format_args!("how {department} does in {here}"));
        }
        *given.entry(department).or_default() += card["tally"]["given"].as_u64().unwrap_or(0);
    }
    // Whoever sees all of a department's is told of every task that it was given.
    let rules = city::rules();
    let acting = rules
        .iter()
        .flat_map(|rule| rule.dispatched.iter().copied());
    for department in acting {
        let label = Label::of(department, Class::Internal);
        let whole = cell.any_grant(|grant| grant.is_everywhere() && grant.covers(&label));
        let expected = u64::try_from(cell.stage.worked.incidents.len()).unwrap_or(0);
        let told = given.get(department).copied().unwrap_or(0);
        if whole && told != expected {
            cell.missing(format_args!(
                "{department} was given {expected}, told are {told}"
            ));
        }
    }
}
