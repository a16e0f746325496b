//! CEL expressions of a package: compiled and tried out before anything depends on them.
//!
//! The fold evaluates them in [`context`]s of its own; what is accepted here runs there.

mod functions;

use std::collections::{BTreeSet, HashMap};

use cel::common::ast::{Expr, LiteralValue, operators};
use cel::{Context, IdedExpr, Program, Value};
use egret_shared::id::MetricId;

/// Where an expression stands, and so what it may speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `where` over readings and `when`: `value`, a double; true or false.
    Reading,
    /// `where` over reports: `report.category`, `report.state`, `report.text`; true or false.
    Report,
    /// `derive`: `m['metric.id']`, doubles, there only if the metric has a value; a number.
    Derive,
    /// `open_when`: `kinds` and `alerts`, whole numbers, and `level`, a word; true or false.
    Incident,
}

impl Kind {
    fn variables(self) -> &'static [&'static str] {
        match self {
            Self::Reading => &["value"],
            Self::Report => &["report"],
            Self::Derive => &["m"],
            Self::Incident => &["kinds", "alerts", "level"],
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Reading => "value",
            Self::Report => "report.category, report.state and report.text",
            Self::Derive => "m['metric.id']",
            Self::Incident => "kinds, alerts and level",
        }
    }
}

/// Why an expression is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Line and column within the expression, both counted from 1.
    pub place: (usize, usize),
    /// A sentence.
    pub message: String,
}

impl Refusal {
    fn at_start(message: String) -> Self {
        Self {
            place: (1, 1),
            message,
        }
    }
}

/// A context with what every expression may call: CEL's standard library, `min`, `max`, `clamp`
/// and `piecewise`.
pub fn context<'p, 'v>() -> Context<'p, 'v> {
    let mut context = Context::default();
    // Refused only if CEL comes to have them by itself, and then they are there all the same.
    drop(context.add_function("min", cel::functions::min));
    drop(context.add_function("max", cel::functions::max));
    drop(context.add_function("clamp", functions::clamp));
    drop(context.add_function("piecewise", functions::piecewise));
    context
}

/// The metrics that a `derive` expression reads, or asks after by `'id' in m`.
///
/// # Errors
/// The expression is none, or reads `m` by anything but a literal id.
pub fn inputs(derive: &str) -> Result<BTreeSet<MetricId>, Refusal> {
    let program = compile(derive)?;
    let mut inputs = BTreeSet::new();
    collect_inputs(program.expression(), &mut inputs).map_err(|id| {
        refusal_at(
            &program,
            id,
            "m is read by a metric's id in quotes: m['water.level']",
        )
    })?;
    Ok(inputs)
}

/// Checks that `text` compiles, speaks of nothing that is not there, and yields what `kind` needs.
///
/// # Errors
/// The first mistake.
pub fn check(kind: Kind, text: &str) -> Result<(), Refusal> {
    let program = compile(text)?;
    let references = program.references();
    let mut variables = references.variables();
    variables.sort_unstable();
    if let Some(stranger) = variables
        .iter()
        .find(|name| !kind.variables().contains(name))
    {
        let column = column_of_word(text, stranger);
        let message = format!("there is no \"{stranger}\" here, only {}", kind.words());
        return Err(Refusal {
            place: (1, column),
            message,
        });
    }
    let metrics = if kind == Kind::Derive {
        inputs(text)?
    } else {
        BTreeSet::new()
    };
    let result = program
        .execute(&sample(kind, &metrics))
        .map_err(|error| Refusal::at_start(format!("it cannot be computed: {error}")))?;
    match (kind, result) {
        (Kind::Derive, Value::Float(_) | Value::Int(_) | Value::UInt(_)) => Ok(()),
        (Kind::Derive, other) => Err(Refusal::at_start(format!(
            "it must yield a number, not {}",
            other.type_of()
        ))),
        (_, Value::Bool(_)) => Ok(()),
        (_, other) => Err(Refusal::at_start(format!(
            "it must yield true or false, not {}",
            other.type_of()
        ))),
    }
}

/// Where a name stands, counted from 1; a longer word that holds it does not count.
fn column_of_word(text: &str, name: &str) -> usize {
    let in_word = |c: char| c.is_alphanumeric() || c == '_';
    let is_word = |at: &usize| {
        let before = text
            .get(..*at)
            .and_then(|before| before.chars().next_back());
        let after = text
            .get(at + name.len()..)
            .and_then(|after| after.chars().next());
        !before.is_some_and(in_word) && !after.is_some_and(in_word)
    };
    let mut places = text.match_indices(name).map(|(at, _)| at);
    let before = places.find(is_word).and_then(|at| text.get(..at));
    before.map_or(1, |before| before.chars().count() + 1)
}

fn compile(text: &str) -> Result<Program, Refusal> {
    Program::compile(text).map_err(|errors| {
        let first = errors.errors.first();
        let place = first.map_or((1, 1), |error| {
            let counted = |n: isize| usize::try_from(n).unwrap_or(1).max(1);
            (counted(error.pos.0), counted(error.pos.1))
        });
        let message = first.map_or("it is no CEL", |error| error.msg.as_str());
        Refusal {
            place,
            message: format!("it is no CEL expression: {message}"),
        }
    })
}

/// Values such as the fold will bind, to try an expression on.
fn sample<'v>(kind: Kind, metrics: &BTreeSet<MetricId>) -> Context<'static, 'v> {
    let mut context = context();
    match kind {
        Kind::Reading => context.add_variable_from_value("value", 1.0),
        Kind::Report => {
            let field = |name: &'static str| (name.to_owned(), Value::from(""));
            let report = ["category", "state", "text"].map(field);
            context.add_variable_from_value("report", HashMap::from(report));
        }
        Kind::Derive => {
            let value = |id: &MetricId| (id.to_string(), Value::from(1.0));
            let m: HashMap<String, Value> = metrics.iter().map(value).collect();
            context.add_variable_from_value("m", m);
        }
        Kind::Incident => {
            context.add_variable_from_value("kinds", 1_i64);
            context.add_variable_from_value("alerts", 1_i64);
            context.add_variable_from_value("level", "yellow");
        }
    }
    context
}

/// Collects ids from `m['id']` and `'id' in m`.
///
/// # Errors
/// The node at which `m` is read otherwise.
fn collect_inputs(node: &IdedExpr, inputs: &mut BTreeSet<MetricId>) -> Result<(), u64> {
    if let Some(key) = key_in_m(&node.expr) {
        let Expr::Literal(LiteralValue::String(id)) = &key.expr else {
            return Err(node.id);
        };
        inputs.insert(MetricId::new(id.inner()));
        return Ok(());
    }
    match &node.expr {
        Expr::Call(call) => {
            let target = call.target.as_deref();
            target
                .into_iter()
                .chain(&call.args)
                .try_for_each(|part| collect_inputs(part, inputs))
        }
        Expr::Ident(name) if name == "m" => Err(node.id),
        Expr::Select(select) => collect_inputs(&select.operand, inputs),
        Expr::List(list) => list
            .elements
            .iter()
            .try_for_each(|part| collect_inputs(part, inputs)),
        Expr::Comprehension(loops) => [
            &loops.iter_range,
            &loops.accu_init,
            &loops.loop_cond,
            &loops.loop_step,
            &loops.result,
        ]
        .into_iter()
        .try_for_each(|part| collect_inputs(part, inputs)),
        _ => Ok(()),
    }
}

/// What stands for the key in `m[key]` and `key in m`.
fn key_in_m(expr: &Expr) -> Option<&IdedExpr> {
    let Expr::Call(call) = expr else {
        return None;
    };
    match (call.func_name.as_str(), call.args.as_slice()) {
        (operators::INDEX, [of, key]) | (operators::IN, [key, of]) if is_m(of) => Some(key),
        _ => None,
    }
}

fn is_m(node: &IdedExpr) -> bool {
    matches!(&node.expr, Expr::Ident(name) if name == "m")
}

fn refusal_at(program: &Program, id: u64, message: &str) -> Refusal {
    let source = program.source_info();
    let place = source.offset_for(id).and_then(|(start, _)| {
        let before = source.source.get(..usize::try_from(start).ok()?)?;
        let in_line = before.rsplit('\n').next().unwrap_or(before);
        Some((
            before.matches('\n').count() + 1,
            in_line.chars().count() + 1,
        ))
    });
    Refusal {
        place: place.unwrap_or((1, 1)),
        message: message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_fold_can_compute_is_accepted() {
        for (kind, text) in [
            (Kind::Reading, "value > 5.0"),
            (Kind::Reading, "value > 5 && value < 9"),
            (
                Kind::Report,
                "report.category == 'waterlogging' || report.text.contains('x')",
            ),
            (
                Kind::Derive,
                "min(100.0, 20.0 * m['a.b'] + max(0.0, m['c']))",
            ),
            (Kind::Derive, "m['a'] > 2.0 ? 1.0 : m['b']"),
            (Kind::Derive, "'a' in m ? m['a'] : 0.0"),
            (
                Kind::Derive,
                "piecewise(m['a'], [0, 35], [0, 50]) + clamp(m['b'], 0, 1)",
            ),
            (Kind::Incident, "kinds >= 2 || level == 'red' || alerts > 3"),
        ] {
            assert_eq!(check(kind, text), Ok(()), "{text}");
        }
    }

    #[test]
    fn what_the_fold_cannot_compute_is_refused_with_its_place() {
        for (kind, text, column, part) in [
            (Kind::Reading, "value >", 8, "no CEL"),
            (
                Kind::Reading,
                "1.0 < valeu",
                7,
                "no \"valeu\" here, only value",
            ),
            (Kind::Reading, "value + 1.0", 1, "true or false, not float"),
            (Kind::Reading, "value > 'a'", 1, "cannot be computed"),
            (Kind::Report, "report.kind == 'a'", 1, "cannot be computed"),
            (Kind::Derive, "20 * m['a']", 1, "cannot be computed"),
            (Kind::Derive, "sqrt(m['a'])", 1, "cannot be computed"),
            (Kind::Derive, "m['a'] > 1.0", 1, "a number, not bool"),
            (Kind::Derive, "1.0 + m.a", 7, "in quotes"),
            (Kind::Derive, "m['a'] in m ? 1.0 : 2.0", 8, "in quotes"),
            (
                Kind::Derive,
                "piecewise(m['a'], [0, 9], [1])",
                1,
                "one as long",
            ),
        ] {
            let refusal = check(kind, text).unwrap_err();
            assert_eq!(refusal.place, (1, column), "{text}: {refusal:?}");
            assert!(refusal.message.contains(part), "{text}: {refusal:?}");
        }
    }

    #[test]
    fn inputs_are_found_wherever_they_stand() {
        let found = inputs("max(m['b'], [m['a']][0]) + (m['c'] > 1.0 ? m['d'] : 2.0)").unwrap();
        let ids: Vec<&str> = found.iter().map(MetricId::as_str).collect();
        assert_eq!(ids, ["a", "b", "c", "d"]);
        let found = inputs("'b' in m ? 1.0 : m['a']").unwrap();
        assert_eq!(found.len(), 2);
    }
}
