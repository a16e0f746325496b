//! How a metric lies over areas: how many of them in which step of its values. Pure.

use egret_shared::level::Level;

use crate::widget::scale::ticks;

/// About how many steps there are: as many as are told apart from afar.
const STEPS: u32 = 8;

/// One step.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step {
    /// Where it begins.
    pub(crate) from: f64,
    /// Where the next begins.
    pub(crate) to: f64,
    /// How many values lie in it.
    pub(crate) n: usize,
    /// The worst level among them.
    pub(crate) level: Level,
}

/// The steps that hold all of `values`, round ones, from the lowest value on; none without values.
pub(crate) fn steps(values: &[(f64, Level)]) -> Vec<Step> {
    let finite = || values.iter().filter(|(v, _)| v.is_finite());
    let low = finite().map(|(v, _)| *v).fold(f64::INFINITY, f64::min);
    let high = finite().map(|(v, _)| *v).fold(f64::NEG_INFINITY, f64::max);
    if low > high {
        return Vec::new();
    }
    // Values that are all but equal lie in one step of a round size.
    let span = (high - low).max(high.abs() * 0.02).max(1e-6);
    let rules = ticks(low, low + span, STEPS);
    let size = match rules.as_slice() {
        [first, second, ..] => second - first,
        _ => span,
    };
    let first = (low / size).floor() * size;
    let mut steps: Vec<Step> = Vec::new();
    let mut from = first;
    while steps.is_empty() || from <= high {
        let to = from + size;
        let inside = || finite().filter(|(v, _)| *v >= from && *v < to);
        steps.push(Step {
            from,
            to,
            n: inside().count(),
            level: inside().map(|(_, level)| *level).max().unwrap_or_default(),
        });
        from = to;
        if steps.len() > 4 * STEPS as usize {
            break;
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calm(values: &[f64]) -> Vec<(f64, Level)> {
        values.iter().map(|v| (*v, Level::Normal)).collect()
    }

    #[test]
    fn every_value_lies_in_exactly_one_step() {
        for values in [
            vec![0.0, 1.0, 2.0, 78.0],
            vec![-3.0, 0.2, 0.7],
            vec![5.0],
            vec![0.0, 0.0, 0.0],
            vec![93.1, 95.0, 97.8, 99.9, 100.0],
        ] {
            let steps = steps(&calm(&values));
            let n: usize = steps.iter().map(|step| step.n).sum();
            assert_eq!(n, values.len(), "{values:?}: {steps:?}");
            assert!(steps.len() <= 12, "{values:?}: {} steps", steps.len());
        }
    }

    #[test]
    fn a_step_is_as_bad_as_the_worst_in_it() {
        let values = [(1.0, Level::Normal), (1.1, Level::Red), (9.0, Level::Blue)];
        let steps = steps(&values);
        assert_eq!(steps.first().map(|step| step.level), Some(Level::Red));
        assert_eq!(steps.last().map(|step| step.level), Some(Level::Blue));
    }

    #[test]
    fn without_values_there_are_no_steps() {
        assert!(steps(&[]).is_empty());
        assert!(steps(&calm(&[f64::NAN])).is_empty());
    }
}
