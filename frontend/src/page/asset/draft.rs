//! An order while it is written: from what stands in the fields to what is sent, and what is wrong
//! with it. Pure; what can be said is checked by the server's own rule.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use egret_shared::actuation::{Argument, Flaw};
use egret_shared::package::command::{CommandDef, ParameterDef, ParameterKind};
use egret_shared::text::Language;

use crate::i18n::Word as _;
use crate::i18n::access::Access;
use crate::i18n::order::{Order as Word, range};

/// What a switch says that is on, and off.
pub(super) const ON: &str = "true";
pub(super) const OFF: &str = "false";

/// What stands in the fields, by parameter.
pub(super) type Written = BTreeMap<SmolStr, String>;

/// What is said with an order.
///
/// # Errors
/// What is wrong with each parameter that is at fault, by its id.
pub(super) fn arguments(
    command: &CommandDef,
    written: &Written,
) -> Result<BTreeMap<SmolStr, Argument>, BTreeMap<SmolStr, Flaw>> {
    let mut given = BTreeMap::new();
    let mut flaws = BTreeMap::new();
    for parameter in &command.parameters {
        let text = written.get(&parameter.id).map_or("", |text| text.trim());
        let argument = argument(parameter, text);
        let argument = argument.and_then(|argument| parameter.check(&argument).map(|()| argument));
        match argument {
            Ok(argument) => drop(given.insert(parameter.id.clone(), argument)),
            Err(flaw) => drop(flaws.insert(parameter.id.clone(), flaw)),
        }
    }
    if flaws.is_empty() {
        Ok(given)
    } else {
        Err(flaws)
    }
}

fn argument(parameter: &ParameterDef, text: &str) -> Result<Argument, Flaw> {
    let id = || parameter.id.clone();
    match (parameter.kind, text) {
        (_, "") => Err(Flaw::Missing(id())),
        (ParameterKind::Switch, ON) => Ok(Argument::Switch(true)),
        (ParameterKind::Switch, OFF) => Ok(Argument::Switch(false)),
        (ParameterKind::Switch, _) => Err(Flaw::NoSwitch(id())),
        (ParameterKind::Number, text) => {
            let number = text.parse().map(Argument::Number);
            number.map_err(|_nan| Flaw::NoNumber(id()))
        }
        (ParameterKind::Choice, text) => Ok(Argument::Word(text.into())),
    }
}

/// What is wrong, said beside its field.
pub(super) fn words(flaw: &Flaw, parameter: &ParameterDef, language: Language) -> String {
    match flaw {
        Flaw::Missing(_) if parameter.kind == ParameterKind::Number => {
            Access::Needed.said(language).to_owned()
        }
        Flaw::Missing(_) | Flaw::NoSwitch(_) => Word::Pick.said(language).to_owned(),
        Flaw::NoNumber(_) => Word::NoNumber.said(language).to_owned(),
        Flaw::NotWhole(_) => Word::NotWhole.said(language).to_owned(),
        Flaw::OutOfRange(..) => range(parameter),
        Flaw::NoOption(..) | Flaw::Unknown(_) => flaw.text().get(language).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use egret_shared::package::command::{AckDef, CommandRight, OptionDef};
    use egret_shared::text::Text;
    use egret_shared::time::Span;

    use super::*;

    fn command() -> CommandDef {
        let parameter = |id: &str, kind| ParameterDef {
            id: id.into(),
            name: Text::new(id, id),
            kind,
            unit: None,
            range: (kind == ParameterKind::Number).then_some([10.0, 120.0]),
            whole: false,
            options: vec![OptionDef {
                value: "steady".into(),
                name: Text::new("常亮", "Steady"),
            }],
        };
        CommandDef {
            id: "light".into(),
            name: Text::new("灯", "Light"),
            topic: String::new(),
            payload: String::new(),
            qos: 1,
            expires: Span(1_000),
            confirm: true,
            right: CommandRight::default(),
            ack: AckDef::default(),
            parameters: vec![
                parameter("on", ParameterKind::Switch),
                parameter("pace", ParameterKind::Number),
                parameter("mode", ParameterKind::Choice),
            ],
        }
    }

    fn written(on: &str, pace: &str, mode: &str) -> Written {
        let parts = [("on", on), ("pace", pace), ("mode", mode)];
        parts
            .map(|(id, text)| (SmolStr::new(id), text.to_owned()))
            .into()
    }

    #[test]
    fn an_order_says_what_stands_in_its_fields() {
        let given = arguments(&command(), &written(OFF, " 60.5 ", "steady")).unwrap();
        assert_eq!(given["on"], Argument::Switch(false));
        assert_eq!(given["pace"], Argument::Number(60.5));
        assert_eq!(given["mode"], Argument::Word("steady".into()));
    }

    #[test]
    fn nothing_is_chosen_by_itself_and_every_flaw_is_found_at_once() {
        let flaws = arguments(&command(), &Written::default()).unwrap_err();
        assert_eq!(flaws.len(), 3, "{flaws:?}");
        let flaws = arguments(&command(), &written("", "5", "disco")).unwrap_err();
        let def = command();
        let said = |place: usize| {
            let parameter = &def.parameters[place];
            words(&flaws[&parameter.id], parameter, Language::En)
        };
        assert_eq!(said(0), "Choose one");
        assert_eq!(said(1), "10–120");
        assert!(said(2).contains("steady"), "{}", said(2));
        let flaws = arguments(&command(), &written(ON, "fast", "steady")).unwrap_err();
        assert_eq!(flaws.len(), 1);
        let mut whole = command();
        whole.parameters[1].whole = true;
        let flaws = arguments(&whole, &written(ON, "60.5", "steady")).unwrap_err();
        let said = words(&flaws["pace"], &whole.parameters[1], Language::En);
        assert_eq!(said, "Write a whole number");
    }
}
