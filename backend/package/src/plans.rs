//! `plans/*.md`: response plans, a checklist below a front matter.
//!
//! The front matter is the small part of YAML that a plan needs: `id`, `name` as
//! `{ zh: …, en: … }`, and `kinds`, the rules it fits, as `[a, b]`.

use std::collections::BTreeMap;

use egret_shared::id::{PlanId, RuleId};
use egret_shared::text::Text;

use crate::problem::Problem;
use crate::spans::Source;

/// A response plan 预案.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Its name.
    pub name: Text,
    /// The rules whose incidents it fits.
    pub kinds: Vec<RuleId>,
    /// Its text in Markdown, without the front matter.
    pub text: String,
}

/// A plan with the place of what refers elsewhere.
pub(crate) struct PlanEntry<'a> {
    pub(crate) id: PlanId,
    pub(crate) plan: Plan,
    source: Source<'a>,
    kinds_offset: usize,
}

impl PlanEntry<'_> {
    /// A problem with the line `kinds`.
    pub(crate) fn problem_with_kinds(&self, message: &str) -> Problem {
        self.source.problem(
            self.kinds_offset,
            format!("plan \"{}\": {message}", self.id),
        )
    }
}

/// Reads all plans among `files`.
pub(crate) fn parse<'a>(
    files: &'a BTreeMap<String, String>,
    problems: &mut Vec<Problem>,
) -> Vec<PlanEntry<'a>> {
    let plans = files.iter().filter(|(path, _)| stem(path).is_some());
    plans
        .filter_map(|(path, text)| parse_plan(path, text, problems))
        .collect()
}

/// The name of a plan's file without folder and ending.
fn stem(path: &str) -> Option<&str> {
    path.strip_prefix("plans/")?.strip_suffix(".md")
}

fn parse_plan<'a>(
    path: &'a str,
    text: &'a str,
    problems: &mut Vec<Problem>,
) -> Option<PlanEntry<'a>> {
    let source = Source::new(path, text);
    let Some((front, body)) = front_matter(text) else {
        let message = "a plan begins with a front matter: ---, id, name, kinds, ---";
        problems.push(source.problem(0, message));
        return None;
    };
    let mut draft = Draft::default();
    let mut offset = text.len()
        - text
            .trim_start_matches("---")
            .trim_start_matches(['\r', '\n'])
            .len();
    for line in front.split_inclusive('\n') {
        if let Err(message) = draft.take(line.trim(), offset) {
            problems.push(source.problem(offset, message));
        }
        offset += line.len();
    }
    let stem = stem(path).unwrap_or(path);
    match (draft.id, draft.name) {
        (Some(id), Some(name)) => {
            if id != stem {
                problems.push(source.problem(
                    0,
                    format!("the id \"{id}\" must be the file's name: \"{stem}\""),
                ));
            }
            let plan = Plan {
                name,
                kinds: draft.kinds,
                text: body.trim_start().to_owned(),
            };
            Some(PlanEntry {
                id: PlanId::new(id),
                plan,
                source,
                kinds_offset: draft.kinds_offset,
            })
        }
        (id, _) => {
            let missing = if id.is_none() {
                "id: ID"
            } else {
                "name: { zh: …, en: … }"
            };
            problems
                .push(source.problem(0, format!("the front matter needs a line \"{missing}\"")));
            None
        }
    }
}

/// What the lines of a front matter have said so far.
#[derive(Default)]
struct Draft {
    id: Option<String>,
    name: Option<Text>,
    kinds: Vec<RuleId>,
    kinds_offset: usize,
}

impl Draft {
    fn take(&mut self, line: &str, offset: usize) -> Result<(), String> {
        if line.is_empty() || line.starts_with('#') {
            return Ok(());
        }
        let (key, value) = line.split_once(':').ok_or("expected \"key: value\"")?;
        let value = value.trim();
        match key.trim() {
            "id" => self.id = Some(unquoted(value).to_owned()),
            "name" => self.name = Some(text(value).ok_or("expected { zh: …, en: … }")?),
            "kinds" => {
                self.kinds = list(value).ok_or("expected [rule, rule]")?;
                self.kinds_offset = offset;
            }
            other => {
                return Err(format!(
                    "unknown key \"{other}\": id, name and kinds there are"
                ));
            }
        }
        Ok(())
    }
}

fn front_matter(text: &str) -> Option<(&str, &str)> {
    let rest = text.strip_prefix("---")?;
    let rest = rest
        .strip_prefix("\r\n")
        .or_else(|| rest.strip_prefix('\n'))?;
    let end = if rest.starts_with("---") {
        0
    } else {
        rest.find("\n---")? + 1
    };
    let after = rest.get(end..)?.trim_start_matches('-');
    Some((rest.get(..end)?, after))
}

fn unquoted(value: &str) -> &str {
    let inner = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    inner('"').or_else(|| inner('\'')).unwrap_or(value)
}

fn text(value: &str) -> Option<Text> {
    let inner = value.strip_prefix('{')?.strip_suffix('}')?.trim();
    let (zh, en) = inner.strip_prefix("zh:")?.split_once(", en:")?;
    Some(Text::new(unquoted(zh.trim()), unquoted(en.trim())))
}

fn list(value: &str) -> Option<Vec<RuleId>> {
    let inner = value.strip_prefix('[')?.strip_suffix(']')?.trim();
    let items = inner.split(',').map(|item| unquoted(item.trim()));
    Some(
        items
            .filter(|item| !item.is_empty())
            .map(RuleId::new)
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const PONDING: &str = "---\nid: ponding\nname: { zh: 积水, en: \"Ponding, roads\" }\nkinds: [a, 'b']\n---\n- [ ] Look\n";

    fn parsed(path: &str, text: &str) -> (usize, Vec<String>) {
        let files = BTreeMap::from([(path.to_owned(), text.to_owned())]);
        let mut problems = Vec::new();
        let n_plans = parse(&files, &mut problems).len();
        (n_plans, problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_plan_has_name_kinds_and_text() {
        let files = BTreeMap::from([("plans/ponding.md".to_owned(), PONDING.to_owned())]);
        let mut problems = Vec::new();
        let plans = parse(&files, &mut problems);
        assert_eq!(problems, []);
        assert_eq!(plans[0].id, PlanId::new("ponding"));
        assert_eq!(plans[0].plan.name, Text::new("积水", "Ponding, roads"));
        assert_eq!(plans[0].plan.kinds, [RuleId::new("a"), RuleId::new("b")]);
        assert_eq!(plans[0].plan.text, "- [ ] Look\n");
        assert!(
            plans[0]
                .problem_with_kinds("x")
                .to_string()
                .starts_with("plans/ponding.md:4:1: ")
        );
    }

    #[test]
    fn what_is_wrong_with_a_front_matter_is_pointed_at() {
        for (path, text, want) in [
            (
                "plans/a.md",
                "- [ ] Look",
                "plans/a.md:1:1: a plan begins with a front matter",
            ),
            (
                "plans/b.md",
                PONDING,
                "plans/b.md:1:1: the id \"ponding\" must be the file's name",
            ),
            (
                "plans/c.md",
                "---\nid: c\n---\n",
                "plans/c.md:1:1: the front matter needs a line \"name",
            ),
            (
                "plans/d.md",
                "---\nid: d\nnmae: x\n---\n",
                "plans/d.md:3:1: unknown key \"nmae\"",
            ),
        ] {
            let (_, problems) = parsed(path, text);
            assert!(problems[0].starts_with(want), "{problems:?}");
        }
    }
}
