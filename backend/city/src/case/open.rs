//! Incidents that no rule found: somebody reports them.

use egret_shared::case::{Doer, Power, Refusal, TEXT_CHARS_MAX, What};
use egret_shared::command::{OpenOrder, Outcome, TITLE_CHARS_MAX};
use egret_shared::event::EventKind;
use egret_shared::id::{IncidentId, RuleId};
use egret_shared::incident::{BY_HAND, Incident};
use egret_shared::level::Level;
use egret_shared::text::Text;
use egret_shared::time::TimeMs;

use super::File;
use crate::fold::Fold;
use crate::plan::Area;

impl Fold<'_> {
    pub(super) fn open_by_hand(&mut self, by: &Doer, order: &OpenOrder) -> Outcome {
        match self.may_open(by, order) {
            Ok(area) => self.report_by_hand(by, order, area),
            Err(refusal) => Outcome::Refused(refusal),
        }
    }

    fn may_open(&self, by: &Doer, order: &OpenOrder) -> Result<Area, Refusal> {
        if !by.may(Power::Supervise) {
            return Err(Refusal::MayNotOpen);
        }
        if order.title.trim().is_empty() {
            return Err(Refusal::NoText);
        }
        if order.title.chars().count() > TITLE_CHARS_MAX {
            return Err(Refusal::LongTitle);
        }
        if order.text.chars().count() > TEXT_CHARS_MAX {
            return Err(Refusal::LongText);
        }
        if order.level == Level::Normal {
            return Err(Refusal::BadLevel);
        }
        let area = order.area.as_ref();
        let area = area.and_then(|area| self.plan.areas.number(area));
        let area = area.ok_or(Refusal::NoPlace)?;
        if self.has_incident_room(&IncidentId::new("")) {
            Ok(area)
        } else {
            Err(Refusal::TooMany)
        }
    }

    fn report_by_hand(&mut self, by: &Doer, order: &OpenOrder, area: Area) -> Outcome {
        let now = TimeMs(self.state.now_ms);
        self.make_incident_room(&IncidentId::new(""));
        let both = |text: &str| Text::new(text.trim(), text.trim());
        let id = self.new_incident_id();
        let rule = RuleId::new(BY_HAND);
        let mut incident = Incident {
            areas: self.plan.areas.codes(Some(area)),
            position: order.position.or_else(|| self.plan.areas.centre(area)),
            class: order.class,
            ..Incident::opened(id.clone(), rule, order.level, both(&order.title), now)
        };
        let file = File::opened(now, Vec::new());
        self.set_clock(&mut incident, &file);
        let version = incident.version;
        *self.state.cases.file_mut(&id) = file;
        self.put_incident(incident);
        let said = if order.text.trim().is_empty() {
            both(&order.title)
        } else {
            both(&order.text)
        };
        self.write_down_of(&id, Some(by.person.clone()), What::Opened(said));
        self.tell_incident(&id, EventKind::IncidentOpened, order.level, None);
        Outcome::Done(Some((id, version)))
    }
}
