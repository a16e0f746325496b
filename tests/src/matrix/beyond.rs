//! What may be read in some places beyond the rule for markers, because `docs/access.md` says so.

use super::city;
use super::city::Rule;
use super::label::{Marker, Place, home};
use super::reader::{Grant, Reader, Right};
use super::truth::covers_but_departments;

/// Whether a marker is of an alert of a rule whose incidents a department of theirs leads or
/// supports, or was given by hand: an incident tells of its evidence.
pub fn is_of_own_case(reader: &Reader, marker: &Marker) -> bool {
    let Marker::Row(word, label) = marker else {
        return false;
    };
    let is_of = |rule: &Rule| {
        word.starts_with(&rule.id) || word.starts_with(&rule.watches) || word.contains("_because")
    };
    let theirs = |grant: &Grant, rule: &Rule| {
        let mut assigned = rule.assigned.iter().chain(rule.dispatched);
        assigned.any(|one| grant.covers_departments(&[one])) && covers_but_departments(grant, label)
    };
    let rules = city::rules();
    let seeing = |grant: &&Grant| grant.gives(Right::See);
    rules.iter().filter(|rule| is_of(rule)).any(|rule| {
        reader
            .grants
            .iter()
            .filter(seeing)
            .any(|grant| theirs(grant, rule))
    })
}

/// What was refused of their own feeds names whatever its sender wrote.
pub fn is_of_own_feed(reader: &Reader, marker: &Marker) -> bool {
    let Marker::Row(_, label) = marker else {
        return false;
    };
    label.departments.len() == 1 && reader.may(Right::Raw, &label.at(home(label.departments[0])))
}

/// A metric's definition says what it is made of.
pub fn defines_own_metric(reader: &Reader, marker: &Marker) -> bool {
    match marker {
        Marker::Row(word, _) => {
            let metrics = city::metrics();
            let mut own = metrics.iter().filter(|metric| reader.sees(&metric.label));
            own.any(|metric| metric.definition.contains(word))
        }
        Marker::Area(_) | Marker::Value(_) | Marker::Person(..) => false,
    }
}

/// The catalogue names homes of departments, definitions, and why what may be known is connected.
pub fn is_in_catalog(reader: &Reader, marker: &Marker) -> bool {
    let homes = [Place::C, Place::W];
    let is_home = matches!(marker, Marker::Area(place) if homes.contains(place));
    let is_known = |id: &String| {
        let rules = city::rules();
        let rule = rules.iter().find(|rule| rule.id == *id);
        rule.is_some_and(|rule| rule.is_for(reader))
    };
    let connects_known = |word: &String| {
        let causes = city::causes();
        let mut named = causes.iter().filter(|cause| cause.because == *word);
        named.any(|cause| cause.rules.iter().all(is_known))
    };
    is_home
        || defines_own_metric(reader, marker)
        || is_of_own_case(reader, marker)
        || matches!(marker, Marker::Row(word, _) if connects_known(word))
}

/// Whatever may be read anywhere but in the catalogue: for requests that nobody has thought of.
pub fn is_somewhere(reader: &Reader, marker: &Marker) -> bool {
    // The audit trail names whatever anybody has asked for, but no persons.
    let is_person = matches!(marker, Marker::Person(..));
    (reader.has(Right::Audit) && !is_person)
        || is_of_own_case(reader, marker)
        || is_of_own_feed(reader, marker)
        || defines_own_metric(reader, marker)
}
