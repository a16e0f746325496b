//! Where numbers come from: what is said to count adds up to the number of the fold.

use std::sync::Arc;

use egret_city::lineage::{Kind, Lineage, Traced, Why};
use egret_city::{Entry, Seq};
use egret_package::Package;
use egret_shared::id::AreaCode;
use egret_shared::observation::Observation;
use egret_shared::text::Text;
use egret_shared::time::{Span, TimeMs};
use proptest::prelude::*;

use crate::catalogue::text;
use crate::story::{EAST, Story, WEST_1, at_place, call, reading, tiny_files, tiny_with};

const SUM: &str = "t.sum";
const DURATION: &str = "t.duration";

/// A sum of readings over twenty minutes and a mean of durations, in the tiny city.
fn catalogue() -> String {
    let sum = "source = { feed = \"manhole\", property = \"water_level\", \
               where = \"value > 1.0\", assets = [\"M-*\"] }\naggregate = \"sum\"\n\
               window = { sliding = \"20m\", every = \"10s\" }";
    let duration = "source = { feed = \"hotline\", from = \"opened\", to = \"closed\" }\n\
                    aggregate = \"mean\"\nwindow = { sliding = \"30m\", every = \"10s\" }";
    text(&[(SUM, "m", sum), (DURATION, "s", duration)])
}

/// Three that the sum is made of, and one that it is not.
const ASSETS: [&str; 4] = ["M-0", "M-1", "M-2", "other"];

/// A story with its journal.
struct Kept {
    story: Story,
    lineage: Lineage,
    journal: Vec<Entry>,
}

impl Kept {
    fn new() -> Self {
        Self::with_register("")
    }

    /// The same with assets that the package knows.
    fn with_register(rows: &str) -> Self {
        let mut files = tiny_files();
        let metrics = files.entry("metrics.toml".to_owned()).or_default();
        metrics.push_str(&catalogue());
        if !rows.is_empty() {
            let head = "feed,asset,name_zh,name_en,lon,lat,area";
            files.insert("assets.csv".to_owned(), format!("{head}\n{rows}\n"));
        }
        let package = Arc::new(Package::load(&files).unwrap());
        let lineage = Lineage::new(&package);
        let story = Story::of(package);
        let journal = vec![Entry::Tick(story.now)];
        Self {
            story,
            lineage,
            journal,
        }
    }

    fn tell(&mut self, entry: Entry) {
        self.story.tell(&entry);
        self.journal.push(entry);
    }

    fn wait(&mut self, seconds: i64) {
        self.story.now = self.story.now.plus(Span(seconds * 1_000));
        self.tell(Entry::Tick(self.story.now));
    }

    /// A reading of so many seconds ago that arrives now.
    fn read(&mut self, asset: &str, ago_s: i64, v: f64, east: bool) {
        let now = self.story.now;
        let at = now.minus(Span(ago_s * 1_000));
        let mut one = reading("manhole", asset, "water_level", v, at);
        one.received_at = now;
        let one = if east { at_place(one, EAST) } else { one };
        self.tell(Entry::Observation(one));
    }

    fn entries(&self) -> impl Iterator<Item = (Seq, &Entry)> {
        (1..).zip(&self.journal)
    }

    /// The rows of the metric's live number.
    fn rows(&self, metric: &str, area: &str) -> Vec<Traced> {
        let point = self.story.metric(metric, area);
        let window = (point.start, point.end);
        let trace = self.lineage.trace(&metric.into(), &area.into(), window);
        let mut trace = trace.unwrap();
        let mut area_of = |observation: &Observation| {
            let asset = self
                .story
                .asset(observation.feed.as_str(), observation.asset.as_str());
            asset.areas.last().cloned()
        };
        let mut rows: Vec<Traced> = self
            .entries()
            .filter_map(|(seq, entry)| trace.take(seq, entry, &mut area_of))
            .collect();
        if trace.doubtful_range().is_some() {
            for (seq, entry) in self.entries() {
                trace.hear(seq, entry);
            }
        }
        for row in &mut rows {
            trace.settle(row);
        }
        rows
    }

    /// What the rows that count add up to.
    fn added_up(&self, metric: &str, area: &str) -> Option<f64> {
        let rows = self.rows(metric, area);
        let counted = rows.iter().filter(|row| row.counted);
        let values: Vec<f64> = counted.filter_map(|row| row.v).collect();
        (!values.is_empty()).then(|| values.iter().sum())
    }
}

/// What may happen: an asset speaks of some time ago, or time passes.
#[derive(Clone, Debug)]
enum Step {
    Read {
        asset: u8,
        ago_s: i64,
        quarters: u8,
        east: bool,
    },
    Wait(i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    // Times on a coarse grid, so that the same is said twice.
    let ago_s = prop_oneof![
        Just(0),
        (0_i64..6).prop_map(|n| n * 180),
        (0_i64..20).prop_map(|n| n * 400)
    ];
    let read = (0_u8..4, ago_s, 0_u8..16, any::<bool>());
    let read = read.prop_map(|(asset, ago_s, quarters, east)| Step::Read {
        asset,
        ago_s,
        quarters,
        east,
    });
    let wait = prop_oneof![1_i64..60, Just(180), Just(700), Just(2_400)].prop_map(Step::Wait);
    prop::collection::vec(prop_oneof![4 => read, 1 => wait], 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_counts_adds_up_to_the_number(steps in steps()) {
        let mut kept = Kept::new();
        // Whether an asset was ever heard before is more than a trace looks at.
        for asset in ASSETS {
            kept.read(asset, 0, 0.0, false);
        }
        for step in steps {
            match step {
                Step::Wait(seconds) => kept.wait(seconds),
                Step::Read { asset, ago_s, quarters, east } => {
                    let asset = ASSETS[usize::from(asset)];
                    kept.read(asset, ago_s, f64::from(quarters) / 4.0, east);
                }
            }
        }
        for area in ["900000", "900001", "900002"] {
            // A sum to which nothing adds up is 0, or unknown where nobody spoke.
            let (v, sum) = (kept.story.v(SUM, area), kept.added_up(SUM, area));
            prop_assert_eq!(v.unwrap_or(0.0), sum.unwrap_or(0.0), "in {}", area);
        }
    }
}

#[test]
fn a_stored_burst_counts_where_its_asset_was_silent_and_not_where_it_was_not() {
    let mut kept = Kept::new();
    for asset in ["M-1", "M-2"] {
        kept.read(asset, 0, 2.0, false);
    }
    for _ in 0..6 {
        kept.wait(180);
        kept.read("M-2", 0, 2.0, false);
    }
    for asset in ["M-1", "M-2"] {
        kept.read(asset, 870, 4.0, false);
    }
    let whys: Vec<_> = kept
        .rows(SUM, "900001")
        .iter()
        .filter(|row| row.v == Some(4.0))
        .map(|row| (row.asset.clone().unwrap().to_string(), row.why))
        .collect();
    assert_eq!(
        whys,
        [
            ("M-1".to_owned(), None),
            ("M-2".to_owned(), Some(Why::Late))
        ]
    );
    assert_eq!(kept.story.v(SUM, "900001"), kept.added_up(SUM, "900001"));
}

#[test]
fn what_a_registered_asset_stored_before_it_was_first_heard_counts_there_too() {
    let mut kept = Kept::with_register("manhole,M-1,一号井,Manhole 1,118.05,24.45,");
    kept.wait(60);
    // It speaks first, and then sends its store; so does one that nobody knew.
    for asset in ["M-1", "M-2"] {
        kept.read(asset, 0, 2.0, false);
        kept.read(asset, 900, 4.0, false);
        kept.read(asset, 800, 5.0, false);
    }
    assert_eq!(kept.story.v(SUM, "900001"), Some(13.0));
    assert_eq!(kept.added_up(SUM, "900001"), Some(13.0));
}

#[test]
fn durations_pair_the_steps_that_the_fold_pairs() {
    let mut kept = Kept::new();
    let begin = kept.story.now;
    let step = |kept: &mut Kept, id: &str, state: &str, at_s: i64| {
        let mut report = call(id, WEST_1, begin.plus(Span(at_s * 1_000)));
        report.state = state.into();
        report.received_at = kept.story.now;
        if state == "closed" {
            (report.position, report.area) = (None, None);
        }
        kept.tell(Entry::Report(report));
    };
    kept.wait(400);
    step(&mut kept, "R-1", "opened", 10);
    step(&mut kept, "R-1", "closed", 100);
    step(&mut kept, "R-1", "closed", 110);
    step(&mut kept, "R-2", "closed", 300);
    step(&mut kept, "R-2", "opened", 250);
    step(&mut kept, "R-3", "opened", 200);
    step(&mut kept, "R-3", "closed", 150);
    let rows = kept.rows(DURATION, "900001");
    let seen: Vec<_> = rows
        .iter()
        .map(|row| (row.report.clone().unwrap().to_string(), row.v, row.why))
        .collect();
    let row = |id: &str, v: Option<f64>, why: Option<Why>| (id.to_owned(), v, why);
    assert_eq!(
        seen,
        [
            row("R-1", Some(90.0), None),
            row("R-1", None, Some(Why::Duplicate)),
            row("R-2", None, Some(Why::NoBegin)),
            row("R-2", Some(50.0), None),
            row("R-3", None, Some(Why::Negative)),
        ]
    );
    assert_eq!(kept.story.v(DURATION, "900001"), Some(70.0));
    assert_eq!(kept.added_up(DURATION, "900001"), Some(2.0 * 70.0));
}

#[test]
fn a_formula_is_told_in_both_languages() {
    let lineage = Lineage::new(&tiny_with("metrics.toml", &catalogue()));
    let formula = |metric: &str| lineage.formula(&metric.into()).unwrap();
    assert_eq!(
        formula("water.ponding_gauges_wet"),
        Text::new(
            "满足 value > 5.0 的道路积水的积水深度读数所来自的部件数，最近 10 分钟，每 10 秒更新",
            "number of different assets behind Ponding depth readings of Road ponding \
             where value > 5.0, last 10 min every 10 s"
        )
    );
    assert_eq!(
        formula("hotline.requests").en,
        "number of reports of 12345 hotline entering \"opened\", in windows of 1 d from local \
         midnight"
    );
    assert!(formula("water.stress").zh.starts_with("min(100.0"));
    assert!(formula(SUM).en.contains("(only M-*)"));
    assert!(formula(DURATION).zh.contains("从“opened”到“closed”的用时"));
}

#[test]
fn a_metric_of_metrics_names_them_and_has_no_window_of_its_own() {
    let lineage = Lineage::new(&tiny_with("metrics.toml", &catalogue()));
    let stress = "water.stress".into();
    assert_eq!(lineage.kind(&stress), Some(Kind::Derived));
    let inputs: Vec<String> = lineage
        .inputs(&stress)
        .iter()
        .map(|input| input.metric.to_string())
        .collect();
    assert_eq!(
        inputs,
        ["water.manhole_level_max", "water.ponding_gauges_wet"]
    );
    let window = (TimeMs(0), TimeMs(1));
    let area: AreaCode = "900000".into();
    assert!(lineage.trace(&stress, &area, window).is_none());
    assert_eq!(lineage.kind(&"no.such".into()), None);
    assert_eq!(lineage.owner(&SUM.into()).unwrap().as_str(), "water");
}
