//! Numbers that are made of other numbers: derived ones, indices, and the quality of feeds.

use egret_shared::flags::Flags;
use egret_shared::package::metric::{IndexPart, QualityPart};

use super::{Number, Reader, When};
use crate::expr::Formula;
use crate::plan::{Area, Areas, Feed, Metric};
use crate::window::Slice;

const MINUTE_MS: i64 = 60_000;

impl Reader<'_> {
    /// The numbers of `metrics`, and what stands behind them together.
    fn numbers(
        &self,
        metrics: impl Iterator<Item = Metric>,
        area: Area,
        when: When,
    ) -> Option<(Vec<Option<f64>>, Number)> {
        let number = |metric| self.number(metric, self.plan.metric(metric)?, area, when);
        let numbers: Option<Vec<Number>> = metrics.map(number).collect();
        let numbers = numbers?;
        let values = numbers.iter().map(|number| number.v).collect();
        Some((values, numbers.into_iter().reduce(Number::beside)?))
    }

    /// Inputs without a value are left out, so that the formula may ask for them; without any
    /// there is nothing that it could be computed from.
    pub(super) fn derived(
        &self,
        formula: &Formula,
        inputs: &[Metric],
        area: Area,
        when: When,
    ) -> Option<Number> {
        let (values, together) = self.numbers(inputs.iter().copied(), area, when)?;
        let some = values.iter().any(Option::is_some);
        let v = some.then(|| formula.value(&self.plan.engine, &values));
        Some(together.with(v.flatten(), values.contains(&None)))
    }

    /// The weighted mean of the parts' scores; `None` if less than half of the weight is there.
    pub(super) fn index(
        &self,
        parts: &[(Metric, IndexPart)],
        area: Area,
        when: When,
    ) -> Option<Number> {
        let metrics = parts.iter().map(|(metric, _)| *metric);
        let (values, together) = self.numbers(metrics, area, when)?;
        let (mut sum, mut weight, mut whole) = (0.0, 0.0, 0.0);
        for ((_, part), v) in parts.iter().zip(&values) {
            whole += part.weight;
            if let Some(v) = v {
                sum += part.weight * part.score(*v);
                weight += part.weight;
            }
        }
        let v = (weight > 0.0 && 2.0 * weight >= whole).then(|| sum / weight);
        let v = v.filter(|v| v.is_finite());
        Some(together.with(v, values.contains(&None)))
    }

    /// The mean over `feeds` of what is asked of their quality. It is the city's, not any area's.
    pub(super) fn quality(
        &self,
        feeds: &[Feed],
        (of, n_minutes): (QualityPart, usize),
        area: Area,
        when: When,
    ) -> Number {
        let quality = |feed: &Feed| {
            let feed = self.feeds.get(usize::from(*feed))?;
            match of {
                QualityPart::Score => feed.quality().map(|quality| quality.score),
                QualityPart::Timeliness => feed.quality().map(|quality| quality.timeliness),
                QualityPart::Completeness => feed.quality()?.completeness,
                QualityPart::Validity => feed.quality().map(|quality| quality.validity),
                QualityPart::Refused => feed.refused_share(n_minutes),
            }
        };
        let is_city = area == Areas::ROOT;
        let asked = feeds.iter().filter(|_| is_city);
        let known: Vec<f64> = asked.filter_map(quality).collect();
        let end_ms = match when {
            When::Live => self.metrics.last_hour().end_ms,
            When::Closed(end_ms) => end_ms,
        };
        let length_ms = i64::try_from(n_minutes).unwrap_or(0) * MINUTE_MS;
        let window = Slice {
            start_ms: end_ms - length_ms,
            end_ms,
        };
        let expected = if is_city { feeds.len() } else { 0 };
        let all_known = known.len() == expected;
        Number {
            window,
            v: (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64),
            sources: u32::try_from(known.len()).unwrap_or(u32::MAX),
            expected: u32::try_from(expected).unwrap_or(u32::MAX),
            latest_ms: (!known.is_empty()).then_some(window.end_ms),
            flags: if all_known {
                Flags::NONE
            } else {
                Flags::PARTIAL
            },
        }
    }
}
