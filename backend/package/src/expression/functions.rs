//! Functions that expressions may call beside CEL's own: numbers by a table, and within bounds.

use std::sync::Arc;

use cel::extractors::Arguments;
use cel::{ExecutionError, FunctionContext, Value};

/// `piecewise(x, [x0, x1, …], [y0, y1, …])`: on straight lines between the points, and level
/// before the first and after the last. The x rise strictly; there are as many y, two at least.
///
/// What tables of standards such as an air quality index are.
pub(super) fn piecewise(
    call: &FunctionContext<'_, '_>,
    Arguments(args): Arguments,
) -> Result<Value, ExecutionError> {
    let refused = || call.error("it takes a number, a list of rising numbers, and one as long");
    let [x, xs, ys] = args.as_slice() else {
        return Err(refused());
    };
    let x = number(x).ok_or_else(refused)?;
    let xs = numbers(xs).ok_or_else(refused)?;
    let ys = numbers(ys).ok_or_else(refused)?;
    let rises = xs.is_sorted_by(|before, after| before < after);
    if !rises || xs.len() < 2 || xs.len() != ys.len() {
        return Err(refused());
    }
    on_line(x, &xs, &ys).map(Value::Float).ok_or_else(refused)
}

/// `clamp(x, low, high)`: `x`, but no less than `low` and no more than `high`.
pub(super) fn clamp(
    call: &FunctionContext<'_, '_>,
    Arguments(args): Arguments,
) -> Result<Value, ExecutionError> {
    let refused = || call.error("it takes a number, its lower and its upper bound");
    let all: Option<Vec<f64>> = args.iter().map(number).collect();
    match all.as_deref() {
        Some([x, low, high]) if low <= high => Ok(Value::Float(x.clamp(*low, *high))),
        _ => Err(refused()),
    }
}

/// A finite number; whole ones are taken as such, for nobody writes `50.0` in a table.
#[expect(
    clippy::cast_precision_loss,
    reason = "numbers of tables are far below 2^53"
)]
fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Float(v) => *v,
        Value::Int(v) => *v as f64,
        Value::UInt(v) => *v as f64,
        _ => return None,
    };
    number.is_finite().then_some(number)
}

fn numbers(value: &Value) -> Option<Vec<f64>> {
    match value {
        Value::List(values) => Arc::as_ref(values).iter().map(number).collect(),
        _ => None,
    }
}

fn on_line(x: f64, xs: &[f64], ys: &[f64]) -> Option<f64> {
    let after = xs.partition_point(|bound| *bound <= x);
    let Some(before) = after.checked_sub(1) else {
        return ys.first().copied();
    };
    let (Some(x1), Some(y1)) = (xs.get(after), ys.get(after)) else {
        return ys.last().copied();
    };
    let (x0, y0) = (xs.get(before)?, ys.get(before)?);
    Some(y0 + (y1 - y0) * (x - x0) / (x1 - x0))
}

#[cfg(test)]
mod tests {
    use cel::Program;

    use super::super::context;
    use super::*;

    fn computed(text: &str) -> Option<f64> {
        let program = Program::compile(text).unwrap();
        match program.execute(&context()) {
            Ok(Value::Float(v)) => Some(v),
            _ => None,
        }
    }

    #[test]
    fn a_number_lies_on_the_lines_between_the_points() {
        // IAQI of PM2.5, HJ 633-2012, table 1.
        let table = "[0, 35, 75, 115, 150, 250, 350, 500], [0, 50, 100, 150, 200, 300, 400, 500]";
        for (x, y) in [
            ("0.0", 0.0),
            ("35.0", 50.0),
            ("55.0", 75.0),
            ("75", 100.0),
            ("500.0", 500.0),
            ("501.0", 500.0),
            ("-3.0", 0.0),
        ] {
            assert_eq!(
                computed(&format!("piecewise({x}, {table})")),
                Some(y),
                "{x}"
            );
        }
    }

    #[test]
    fn a_number_stays_within_its_bounds() {
        for (text, v) in [
            ("clamp(3.0, 0.0, 2.0)", 2.0),
            ("clamp(-3.0, 0, 2)", 0.0),
            ("clamp(1.5, 0, 2)", 1.5),
        ] {
            assert_eq!(computed(text), Some(v), "{text}");
        }
    }

    #[test]
    fn what_is_no_table_and_no_bounds_cannot_be_computed() {
        for text in [
            "piecewise(1.0, [0.0, 1.0], [0.0])",
            "piecewise(1.0, [0.0], [0.0])",
            "piecewise(1.0, [1.0, 1.0], [0.0, 2.0])",
            "piecewise(1.0, [2.0, 1.0], [0.0, 2.0])",
            "piecewise('1', [1.0, 2.0], [0.0, 2.0])",
            "piecewise(1.0, 2.0)",
            "clamp(1.0, 2.0, 0.0)",
            "clamp(1.0)",
        ] {
            assert_eq!(computed(text), None, "{text}");
        }
    }
}
