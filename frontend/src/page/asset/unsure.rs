//! Orders of which nobody knows whether they were given: they went out, and no answer came back. Told
//! again under the same key, they are given once. Pure.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use egret_shared::actuation::Argument;
use egret_shared::id::CommandId;

use crate::api::order::Wanted;

/// What was told of one asset, and under which keys.
#[derive(Clone, Debug, Default)]
pub(super) struct Unsure(Vec<(SmolStr, Wanted)>);

impl Unsure {
    /// What is told under a key; whether it was told before.
    pub(super) fn add(&mut self, key: &SmolStr, wanted: &Wanted) -> bool {
        let is_known = self.has(key);
        if !is_known {
            self.0.push((key.clone(), wanted.clone()));
        }
        is_known
    }

    /// It is known what came of what was told under a key.
    pub(super) fn settle(&mut self, key: &SmolStr) {
        self.0.retain(|(known, _)| known != key);
    }

    /// Whether something was told under a key.
    pub(super) fn has(&self, key: &SmolStr) -> bool {
        self.0.iter().any(|(known, _)| known == key)
    }

    /// Under which key the same was told; why it is given does not make it another.
    pub(super) fn key_of(
        &self,
        command: &CommandId,
        parameters: &BTreeMap<SmolStr, Argument>,
    ) -> Option<&SmolStr> {
        let same = |wanted: &Wanted| wanted.command == *command && wanted.parameters == *parameters;
        self.0
            .iter()
            .find_map(|(key, wanted)| same(wanted).then_some(key))
    }

    /// Whether anything by a command may have been given.
    pub(super) fn any_by(&self, command: &CommandId) -> bool {
        self.0.iter().any(|(_, wanted)| wanted.command == *command)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(command: &str, speed: f64) -> Wanted {
        Wanted {
            feed: "pump".into(),
            asset: "P-1".into(),
            command: command.into(),
            parameters: BTreeMap::from([("speed".into(), Argument::Number(speed))]),
            reason: "rain".to_owned(),
        }
    }

    #[test]
    fn the_same_has_the_same_key_whatever_was_told_in_between() {
        let (first, second) = (wanted("run", 1.0), wanted("run", 2.0));
        let mut unsure = Unsure::default();
        assert!(!unsure.add(&"a".into(), &first));
        assert!(!unsure.add(&"b".into(), &second));
        assert!(unsure.add(&"a".into(), &first), "it was told before");
        let key = |unsure: &Unsure, wanted: &Wanted| {
            let known = unsure.key_of(&wanted.command, &wanted.parameters);
            known.map(ToString::to_string)
        };
        assert_eq!(key(&unsure, &first).as_deref(), Some("a"));
        assert_eq!(key(&unsure, &second).as_deref(), Some("b"));
        assert_eq!(key(&unsure, &wanted("stop", 1.0)), None);
        unsure.settle(&"b".into());
        assert_eq!(key(&unsure, &second), None);
        assert!(unsure.has(&"a".into()) && unsure.any_by(&first.command));
        unsure.settle(&"a".into());
        assert!(!unsure.any_by(&first.command));
    }
}
