//! A metric's formula in words, as a clerk would say it; expressions stand as they are written.

use std::collections::HashMap;

use egret_package::Package;
use egret_shared::id::{FeedId, MetricId, PropertyId};
use egret_shared::package::metric::{
    Aggregate, By, DistinctOf, IndexPart, MetricDef, QualityPart, ShareDef, SourceDef, WindowDef,
};
use egret_shared::text::Text;
use egret_shared::time::Span;

use crate::feed::HOUR_MINUTES;
use crate::plan::{Feed, MetricKind, MetricPlan, Plan};
use crate::words::{number, unit};

/// Feeds that are named one by one; more are counted.
const FEEDS_NAMED: usize = 3;

/// What things are called.
pub(super) struct Words {
    feeds: HashMap<FeedId, Text>,
    /// With their units.
    properties: HashMap<PropertyId, (Text, String)>,
    metrics: HashMap<MetricId, Text>,
}

impl Words {
    pub(super) fn new(package: &Package) -> Self {
        let feeds = package.feeds.iter();
        let properties = package.properties.iter();
        let metrics = package.metrics.iter();
        Self {
            feeds: feeds.map(|d| (d.id.clone(), d.name.clone())).collect(),
            properties: properties
                .map(|d| (d.id.clone(), (d.name.clone(), d.unit.clone())))
                .collect(),
            metrics: metrics.map(|d| (d.id.clone(), d.name.clone())).collect(),
        }
    }
}

/// How `metric` is computed.
pub(super) fn of(plan: &Plan, metric: &MetricPlan, words: &Words) -> Text {
    let def = &metric.def;
    match &metric.kind {
        MetricKind::Measured(measured) => {
            let feeds: Vec<Feed> = measured.feeds().collect();
            aggregated(def, &feed_names(plan, &feeds, words), words)
        }
        MetricKind::Derived { .. } => {
            let derive = def.derive.clone().unwrap_or_default();
            Text::new(derive.clone(), derive)
        }
        MetricKind::Index(parts) => index(parts.iter().map(|(_, part)| part), words),
        MetricKind::Quality {
            feeds,
            of,
            n_minutes,
        } => quality(&feed_names(plan, feeds, words), *of, *n_minutes),
    }
}

fn feed_names(plan: &Plan, feeds: &[Feed], words: &Words) -> Text {
    let ids = feeds
        .iter()
        .filter_map(|feed| Some(&plan.feed(*feed)?.def.id));
    let names: Vec<&Text> = ids.filter_map(|id| words.feeds.get(id)).collect();
    let first = || names.iter().take(FEEDS_NAMED);
    let zh: Vec<&str> = first().map(|name| &*name.zh).collect();
    let en: Vec<&str> = first().map(|name| &*name.en).collect();
    let more = names.len().saturating_sub(FEEDS_NAMED);
    let (mut zh, mut en) = (zh.join("、"), en.join(", "));
    if more > 0 {
        zh = format!("{zh}等 {} 个数据源", names.len());
        en = format!("{en} and {more} more");
    }
    Text::new(zh, en)
}

fn aggregated(def: &MetricDef, feeds: &Text, words: &Words) -> Text {
    let what = def
        .source
        .as_ref()
        .map(|source| what(source, feeds, words))
        .unwrap_or_default();
    let property = def
        .source
        .as_ref()
        .and_then(|source| source.property.as_ref());
    let property = property.and_then(|id| words.properties.get(id));
    let unit = property.map_or("", |(_, ucum)| unit(ucum));
    let number = def
        .aggregate
        .as_ref()
        .map_or_else(Text::default, |how| aggregate(how, &what, unit));
    let window = def.window.map(window).unwrap_or_default();
    let by = match def.by {
        By::Place => Text::default(),
        By::Responsible => Text::new(
            "，按责任部门所在区域",
            ", by the responsible department's area",
        ),
    };
    Text::new(
        number.zh + &window.zh + &by.zh,
        number.en + &window.en + &by.en,
    )
}

/// The contributions.
fn what(source: &SourceDef, feeds: &Text, words: &Words) -> Text {
    let mut what = if let Some(id) = &source.property {
        let (property, _) = words.properties.get(id).cloned().unwrap_or_default();
        Text::new(
            format!("{}的{}读数", feeds.zh, property.zh),
            format!("{} readings of {}", property.en, feeds.en),
        )
    } else if let (Some(from), Some(to)) = (&source.from, &source.to) {
        Text::new(
            format!("{}从“{from}”到“{to}”的用时", feeds.zh),
            format!("time from \"{from}\" to \"{to}\" of {}", feeds.en),
        )
    } else {
        let quoted = |open, close, joint: &str| {
            let states = source.state.iter();
            let states: Vec<String> = states.map(|s| format!("{open}{s}{close}")).collect();
            states.join(joint)
        };
        Text::new(
            format!("{}进入{}状态的记录", feeds.zh, quoted("“", "”", "或")),
            format!(
                "reports of {} entering {}",
                feeds.en,
                quoted("\"", "\"", " or ")
            ),
        )
    };
    if !source.assets.is_empty() {
        what.zh = format!("{}（仅 {}）", what.zh, source.assets.join("、"));
        what.en = format!("{} (only {})", what.en, source.assets.join(", "));
    }
    if let Some(filter) = &source.filter {
        what.zh = format!("满足 {filter} 的{}", what.zh);
        what.en = format!("{} where {filter}", what.en);
    }
    what
}

/// How contributions, in `unit`, become one number.
fn aggregate(how: &Aggregate, what: &Text, unit: &str) -> Text {
    let Text { zh, en } = what;
    let (zh, en) = match how {
        Aggregate::Count => (format!("{zh}的数量"), format!("number of {en}")),
        Aggregate::Sum => (format!("{zh}之和"), format!("sum of {en}")),
        Aggregate::Mean => (format!("{zh}的平均值"), format!("mean of {en}")),
        Aggregate::Min => (format!("{zh}的最小值"), format!("least of {en}")),
        Aggregate::Max => (format!("{zh}的最大值"), format!("greatest of {en}")),
        Aggregate::Last => (format!("{zh}的最新值"), format!("newest of {en}")),
        Aggregate::DistinctAssets => (
            format!("{zh}所来自的部件数"),
            format!("number of different assets behind {en}"),
        ),
        Aggregate::Distinct(of) => distinct(*of, zh, en),
        Aggregate::Quantile(q) => {
            let percent = number(q * 100.0);
            (
                format!("{zh}的 {percent}% 分位数"),
                format!("{percent} % quantile of {en}"),
            )
        }
        Aggregate::Rate(span) => {
            let span = span_words(*span);
            (
                format!("{zh}，折合每{}的总量", span.zh),
                format!("{en}, as a total per {}", span.en),
            )
        }
        Aggregate::Ratio(condition) => (
            format!("{zh}中满足 {condition} 的百分比"),
            format!("per cent of {en} that fulfil {condition}"),
        ),
        Aggregate::Share(def) => {
            let limits = limits(def, unit);
            (
                format!("{zh}中{}的百分比", limits.zh),
                format!("per cent of {en} that are {}", limits.en),
            )
        }
    };
    Text::new(zh, en)
}

fn distinct(of: DistinctOf, zh: &str, en: &str) -> (String, String) {
    let (what_zh, what_en) = match of {
        DistinctOf::Report => ("诉求", "reports"),
        DistinctOf::Category => ("类别", "categories"),
        DistinctOf::Value => ("数值", "values"),
        DistinctOf::Asset => ("部件", "assets"),
    };
    (
        format!("{zh}中不同{what_zh}的数量（估计值，误差约 2%）"),
        format!("number of different {what_en} among {en} (estimated within 2 %)"),
    )
}

fn limits(def: &ShareDef, unit: &str) -> Text {
    let limit = |v: f64| format!("{} {unit}", number(v)).trim_end().to_owned();
    let parts = [
        def.at_least.map(|v| {
            Text::new(
                format!("不低于 {}", limit(v)),
                format!("at least {}", limit(v)),
            )
        }),
        def.at_most.map(|v| {
            Text::new(
                format!("不高于 {}", limit(v)),
                format!("at most {}", limit(v)),
            )
        }),
        def.within
            .map(span_words)
            .map(|span| Text::new(format!("不超过 {}", span.zh), format!("within {}", span.en))),
    ];
    let parts: Vec<Text> = parts.into_iter().flatten().collect();
    let zh: Vec<&str> = parts.iter().map(|part| &*part.zh).collect();
    let en: Vec<&str> = parts.iter().map(|part| &*part.en).collect();
    Text::new(zh.join("且"), en.join(" and "))
}

fn window(def: WindowDef) -> Text {
    match (def.sliding, def.every, def.tumbling) {
        (Some(length), Some(every), _) => {
            let (length, every) = (span_words(length), span_words(every));
            Text::new(
                format!("，最近 {}，每 {}更新", length.zh, every.zh),
                format!(", last {} every {}", length.en, every.en),
            )
        }
        (_, _, Some(length)) => {
            let length = span_words(length);
            Text::new(
                format!("，自当地零点起每 {}一段", length.zh),
                format!(", in windows of {} from local midnight", length.en),
            )
        }
        _ => Text::default(),
    }
}

fn index<'a>(parts: impl Iterator<Item = &'a IndexPart>, words: &Words) -> Text {
    let part = |part: &IndexPart| {
        let name = words.metrics.get(&part.metric).cloned().unwrap_or_default();
        let (weight, zero, full) = (number(part.weight), number(part.zero), number(part.full));
        Text::new(
            format!("{} × {weight}（{zero} 得 0 分，{full} 得 100 分）", name.zh),
            format!(
                "{} × {weight} ({zero} is worth 0, {full} is worth 100)",
                name.en
            ),
        )
    };
    let parts: Vec<Text> = parts.map(part).collect();
    let zh: Vec<&str> = parts.iter().map(|part| &*part.zh).collect();
    let en: Vec<&str> = parts.iter().map(|part| &*part.en).collect();
    Text::new(
        format!("加权平均得分：{}", zh.join("；")),
        format!("weighted mean of scores: {}", en.join("; ")),
    )
}

fn quality(feeds: &Text, of: QualityPart, n_minutes: usize) -> Text {
    let (zh, en) = match of {
        QualityPart::Score => ("数据质量得分", "data quality score"),
        QualityPart::Timeliness => ("及时率", "timeliness"),
        QualityPart::Completeness => ("完整率", "completeness"),
        QualityPart::Validity => ("有效率", "validity"),
        QualityPart::Refused => ("拒收比例", "share of refused messages"),
    };
    let (over_zh, over_en) = match n_minutes {
        HOUR_MINUTES => ("一小时".to_owned(), "hour".to_owned()),
        n => (format!("{n} 分钟"), format!("{n} min")),
    };
    Text::new(
        format!("{}近{over_zh}{zh}的平均值", feeds.zh),
        format!("mean {en} of {} over the last {over_en}", feeds.en),
    )
}

/// "5 min": a span in its largest whole unit.
fn span_words(span: Span) -> Text {
    const UNITS: [(i64, &str, &str); 4] = [
        (86_400_000, "天", "d"),
        (3_600_000, "小时", "h"),
        (60_000, "分钟", "min"),
        (1_000, "秒", "s"),
    ];
    let whole = UNITS.iter().find(|(ms, _, _)| span.ms() % ms == 0);
    let (ms, zh, en) = whole.unwrap_or(&(1, "毫秒", "ms"));
    let count = span.ms() / ms;
    Text::new(format!("{count} {zh}"), format!("{count} {en}"))
}
