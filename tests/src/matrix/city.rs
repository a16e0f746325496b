//! A city in which every combination of area, department and class exists, as assets that stand
//! and move, reports, warnings, metrics of every kind, rules and causes. All that has a name wears a
//! marker.

use super::label::{Class, DEPARTMENTS, Label, Place, value};

/// A department and a class.
pub type Cell = (&'static str, Class);

/// Every department with every class.
pub fn cells() -> Vec<Cell> {
    let of = |department| Class::ALL.map(move |class| (department, class));
    DEPARTMENTS.into_iter().flat_map(of).collect()
}

/// A feed's id: `fix` stands, `mov` moves, `rep` carries reports, `cap` warnings.
pub fn feed(cell: Cell, kind: &str) -> String {
    Label::of(cell.0, cell.1).marker(kind)
}

/// Every feed.
pub fn feeds() -> Vec<String> {
    let of = |cell| ["fix", "mov", "rep"].map(|kind| feed(cell, kind));
    let warnings = cells().into_iter().map(|cell| feed(cell, "cap"));
    cells().into_iter().flat_map(of).chain(warnings).collect()
}

/// An asset that tells a value of its own.
#[derive(Clone, Debug)]
pub struct Asset {
    /// Its feed.
    pub feed: String,
    /// Its id, which is its marker.
    pub id: String,
    /// Whose it is and where.
    pub label: Label,
    /// Whether it moves.
    pub is_moving: bool,
    /// What it tells.
    pub v: f64,
}

/// Every asset; its place in the list is the number in its value.
pub fn assets() -> Vec<Asset> {
    let mut assets = Vec::new();
    for cell in cells() {
        for kind in ["fix", "mov"] {
            for place in Place::OF_ASSETS {
                let is_moving = kind == "mov";
                let label = Label::of(cell.0, cell.1).at(place);
                assets.push(Asset {
                    feed: feed(cell, kind),
                    id: label.marker(kind),
                    is_moving,
                    v: value(if is_moving { 41 } else { 2 }, assets.len()),
                    label,
                });
            }
        }
    }
    assets
}

/// A metric, and from how many contributions on its number is told to those who may not see what
/// it is made of.
#[derive(Clone, Debug)]
pub struct Metric {
    /// Its id, which is its marker.
    pub id: String,
    /// Whose it is; without a place.
    pub label: Label,
    /// Of people, and classified lower than they: who may see the feed itself.
    pub people: Option<Label>,
    /// Whether it has a number in areas below the city.
    pub is_of_areas: bool,
    /// Its definition in `metrics.toml`.
    pub definition: String,
}

impl Metric {
    fn new(label: Label, name: &str, toml: &str) -> Self {
        let id = label.marker(name);
        let definition = format!(
            "[[metric]]\nid = \"{id}\"\nname = {{ zh = \"{id}\", en = \"{id}\" }}\ndomain = \"d\"\n{toml}\n"
        );
        Self {
            id,
            label,
            people: None,
            is_of_areas: true,
            definition,
        }
    }

    fn of_people(self, people: Label) -> Self {
        Self {
            people: Some(people),
            ..self
        }
    }

    fn of_the_city_alone(self) -> Self {
        Self {
            is_of_areas: false,
            ..self
        }
    }
}

const WINDOW: &str = "window = { sliding = \"1h\", every = \"1m\" }";
const LEVELS: &str = "levels = { yellow = 0.5, red = 100000.0 }";

/// Every metric.
pub fn metrics() -> Vec<Metric> {
    let mut metrics: Vec<_> = cells().into_iter().flat_map(of_one).collect();
    metrics.extend(DEPARTMENTS.into_iter().flat_map(of_people));
    metrics.extend(of_several());
    metrics
}

/// Of one department's feeds of one class.
fn of_one(cell: Cell) -> Vec<Metric> {
    let label = Label::of(cell.0, cell.1);
    let (fix, mov, rep) = (feed(cell, "fix"), feed(cell, "mov"), feed(cell, "rep"));
    let max = format!(
        "source = {{ feed = \"{fix}\", property = \"level\" }}\naggregate = \"max\"\n{WINDOW}\n\
         unit = \"m\"\n{LEVELS}\nbaseline = true"
    );
    let mean = format!(
        "source = {{ feed = \"{mov}\", property = \"pace\" }}\naggregate = \"mean\"\n{WINDOW}\n\
         unit = \"km/h\""
    );
    let count = format!(
        "source = {{ feed = \"{rep}\", state = \"opened\" }}\naggregate = \"count\"\n{WINDOW}\n\
         unit = \"1\"\n{LEVELS}"
    );
    let quality = format!("source = {{ quality = \"score\", feed = \"{fix}\" }}\nunit = \"%\"");
    vec![
        Metric::new(label.clone(), "max", &max),
        Metric::new(label.clone(), "mean", &mean),
        Metric::new(label.clone(), "count", &count),
        Metric::new(label, "quality", &quality).of_the_city_alone(),
    ]
}

/// Of a department's sensitive reports, and classified lower than they.
fn of_people(department: &'static str) -> Vec<Metric> {
    let people = Label::of(department, Class::Sensitive);
    let low = Label::of(department, Class::Internal);
    let rep = people.marker("rep");
    let category = people.marker("few");
    let source = format!(
        "source = {{ feed = \"{rep}\", state = \"opened\", where = \"report.category == '{category}'\" }}"
    );
    let class = "classification = \"internal\"";
    let count =
        format!("{source}\naggregate = \"count\"\n{WINDOW}\nunit = \"1\"\n{class}\n{LEVELS}");
    let took = format!(
        "source = {{ feed = \"{rep}\", from = \"opened\", to = \"answered\" }}\naggregate = \"max\"\n\
         {WINDOW}\nunit = \"s\"\n{class}"
    );
    let few = low.marker("few");
    let tenfold = format!("derive = \"m['{few}'] * 10.0\"\nunit = \"1\"\n{class}");
    let index = format!(
        "index = [{{ metric = \"{few}\", zero = 0.0, full = 20.0 }}]\nunit = \"1\"\n{class}"
    );
    let again = format!(
        "derive = \"m['{}'] + 1.0\"\nunit = \"1\"\n{class}",
        low.marker("tenfold")
    );
    [
        ("few", count),
        ("took", took),
        ("tenfold", tenfold),
        ("index", index),
        ("again", again),
    ]
    .map(|(name, toml)| Metric::new(low.clone(), name, &toml).of_people(people.clone()))
    .to_vec()
}

/// Of several departments' feeds, or classified otherwise than their feeds.
fn of_several() -> Vec<Metric> {
    use Class::{Internal, Public, Sensitive};
    let two = Label::shared(&["water", "police"], Public);
    let mixed = Label::shared(&["water", "police"], Sensitive);
    let all = Label::shared(&DEPARTMENTS, Sensitive);
    let derived = Label::shared(&["water", "west"], Internal);
    let of = |feeds: &[String]| {
        let feeds = feeds.join("\", \"");
        format!(
            "source = {{ feed = [\"{feeds}\"], property = \"level\" }}\naggregate = \"distinct_assets\"\n\
             {WINDOW}\nunit = \"1\"\n{LEVELS}"
        )
    };
    let fix = |department, class| feed((department, class), "fix");
    let class = format!(
        "source = {{ class = \"gauge\", property = \"level\" }}\naggregate = \"count\"\n{WINDOW}\nunit = \"1\""
    );
    let from = |label: &Label, department| Label::of(department, label.class).marker("max");
    let derive = format!(
        "derive = \"m['{}'] + m['{}']\"\nunit = \"m\"\n{LEVELS}",
        from(&Label::of("water", Public), "water"),
        from(&derived, "west")
    );
    let index = format!(
        "index = [{{ metric = \"{}\", full = 9.0 }}, {{ metric = \"{}\", full = 9.0 }}, {{ metric = \"{}\", full = 9.0 }}]\n\
         unit = \"1\"",
        from(&all, "water"),
        from(&all, "police"),
        Label::of("west", Public).marker("max")
    );
    let responsible = format!(
        "source = {{ feed = \"{}\", property = \"level\" }}\naggregate = \"count\"\n{WINDOW}\nunit = \"1\"\n\
         by = \"responsible\"",
        fix("west", Public)
    );
    // Of readings, not people: nothing is withheld.
    let lowered = format!(
        "source = {{ feed = \"{}\", property = \"level\" }}\naggregate = \"count\"\n{WINDOW}\nunit = \"1\"\n\
         classification = \"public\"",
        fix("police", Sensitive)
    );
    let raised = format!(
        "source = {{ feed = \"{}\", property = \"level\" }}\naggregate = \"count\"\n{WINDOW}\nunit = \"1\"\n\
         classification = \"sensitive\"",
        fix("police", Public)
    );
    let quality = "source = { quality = \"validity\", department = \"water\" }\nunit = \"%\"";
    vec![
        Metric::new(
            two.clone(),
            "two",
            &of(&[fix("water", Public), fix("police", Public)]),
        ),
        Metric::new(
            mixed,
            "mixed",
            &of(&[fix("water", Public), fix("police", Sensitive)]),
        ),
        Metric::new(all.clone(), "class", &class),
        Metric::new(derived, "derived", &derive),
        Metric::new(all, "index", &index),
        Metric::new(Label::of("west", Public), "responsible", &responsible),
        Metric::new(Label::of("police", Public), "lowered", &lowered),
        Metric::new(Label::of("police", Sensitive), "raised", &raised),
        Metric::new(Label::of("water", Sensitive), "validity", quality).of_the_city_alone(),
    ]
}

/// A rule, and whose its alerts are.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its id, which is its marker.
    pub id: String,
    /// What it watches: `fix` assets, `rep` reports, `cap` warnings, or a metric's id.
    pub watches: String,
    /// Whose alerts; without a place. Of a metric of people: whose those people are.
    pub label: Label,
    /// Who leads and supports.
    pub assigned: &'static [&'static str],
    /// Whom its incidents are given to by hand, the lead first; nobody, if they are left alone.
    pub dispatched: &'static [&'static str],
    /// As the package has it.
    pub definition: String,
}

/// Who leads and supports what a rule on assets finds.
fn assigned(cell: Cell) -> &'static [&'static str] {
    match cell {
        ("water", Class::Public) => &["water", "police"],
        ("police", Class::Internal) => &["west"],
        ("west", Class::Sensitive) => &["west", "water"],
        _ => &[],
    }
}

/// Whom somebody gives to what a rule on assets finds.
fn dispatched(cell: Cell) -> &'static [&'static str] {
    match cell {
        ("water", Class::Internal) => &["west", "police"],
        _ => &[],
    }
}

/// Whose rule on assets orders something, and whose actuator that is told to, in [`Place::W1`].
const ORDERS: (Cell, Cell) = (("police", Class::Sensitive), ("water", Class::Public));

/// The rule that orders something, and the actuator's label.
pub fn ordering() -> (Rule, Label) {
    let (giver, taker) = ORDERS;
    let id = Label::of(giver.0, giver.1).marker("high");
    let mut rules = rules().into_iter();
    let rule = rules.find(|rule| rule.id == id);
    let rule = rule.unwrap_or_else(|| panic!("there is no rule {id}"));
    (rule, Label::of(taker.0, taker.1).at(Place::W1))
}

fn order(cell: Cell) -> String {
    let (giver, taker) = ORDERS;
    if cell != giver {
        return String::new();
    }
    let actuator = Label::of(taker.0, taker.1).at(Place::W1).marker("reg");
    let feed = feed(taker, "fix");
    format!(
        "order = {{ feed = \"{feed}\", asset = \"{actuator}\", command = \"act\", fresh = \"1d\" }}\n"
    )
}

/// Every rule.
pub fn rules() -> Vec<Rule> {
    let mut rules = Vec::new();
    for cell in cells() {
        let label = Label::of(cell.0, cell.1);
        let (fix, rep) = (feed(cell, "fix"), feed(cell, "rep"));
        let high = format!(
            "kind = \"threshold\"\non = {{ feed = \"{fix}\", property = \"level\" }}\nwhen = \"value >= 2.0\"\n\
             level = \"orange\"\n{}{}",
            order(cell),
            assign(assigned(cell))
        );
        let high = Rule::new(&label, "high", &fix, &high);
        rules.push(Rule {
            assigned: assigned(cell),
            dispatched: dispatched(cell),
            ..high
        });
        let cluster = format!(
            "kind = \"cluster\"\non = {{ feed = \"{rep}\" }}\ncount = 3\n\
             within = {{ distance = \"500m\", time = \"30m\" }}\nlevel = \"yellow\""
        );
        rules.push(Rule::new(&label, "cluster", &rep, &cluster));
        let cap = feed(cell, "cap");
        let warning = format!(
            "kind = \"warning\"\non = {{ feed = \"{cap}\" }}\nlasts = \"12h\"\n\
             level = {{ storm-blue = \"blue\" }}"
        );
        rules.push(Rule::new(&label, "warning", &cap, &warning));
        rules.push(on_metric(&label, "onmax", &label.marker("max"), 2.0));
    }
    for department in DEPARTMENTS {
        let low = Label::of(department, Class::Internal);
        let people = Label::of(department, Class::Sensitive);
        let on_few = on_metric(&low, "onfew", &low.marker("few"), 1.0);
        rules.push(Rule {
            label: people,
            ..on_few
        });
    }
    let two = Label::shared(&["water", "police"], Class::Public);
    rules.push(on_metric(&two, "ontwo", &two.marker("two"), 1.0));
    rules
}

fn assign(departments: &[&str]) -> String {
    let Some((lead, support)) = departments.split_first() else {
        return String::new();
    };
    let support = support.join("\", \"");
    let support = if support.is_empty() {
        String::new()
    } else {
        format!(", support = [\"{support}\"]")
    };
    format!("assign = {{ lead = \"{lead}\"{support} }}")
}

fn on_metric(label: &Label, name: &str, metric: &str, limit: f64) -> Rule {
    let toml = format!(
        "kind = \"threshold\"\non = {{ metric = \"{metric}\" }}\nwhen = \"value >= {limit:?}\"\nlevel = \"blue\""
    );
    Rule::new(label, name, metric, &toml)
}

impl Rule {
    fn new(label: &Label, name: &str, watches: &str, toml: &str) -> Self {
        let id = label.marker(name);
        let toml = format!(
            "[[rule]]\nid = \"{id}\"\nname = {{ zh = \"{id}\", en = \"{id}\" }}\n\
             message = {{ zh = \"{id} {{value}}\", en = \"{id} {{value}} {{area}}\" }}\n{toml}\n"
        );
        Self {
            id,
            watches: watches.to_owned(),
            label: label.clone(),
            assigned: &[],
            dispatched: &[],
            definition: toml,
        }
    }
}

/// What can cause what.
#[derive(Clone, Debug)]
pub struct Cause {
    /// Why, which is a marker of both rules' departments.
    pub because: String,
    /// The ids of both rules.
    pub rules: [String; 2],
    /// As the package has it.
    pub definition: String,
}

/// Another department's, another class's, and something far away.
pub fn causes() -> Vec<Cause> {
    use Class::{Internal, Public, Sensitive};
    let high = |department, class| Label::of(department, class).marker("high");
    let cluster = |department, class| Label::of(department, class).marker("cluster");
    let cause = |from: String, to: String, distance, label: Label| {
        let because = label.marker("because");
        let toml = format!(
            "[[cause]]\nfrom = \"{from}\"\nto = \"{to}\"\n\
             within = {{ distance = \"{distance}\", time = \"2h\" }}\n\
             because = {{ zh = \"{because}\", en = \"{because}\" }}\n"
        );
        Cause {
            because,
            rules: [from, to],
            definition: toml,
        }
    };
    vec![
        cause(
            high("water", Public),
            high("police", Public),
            "1km",
            Label::shared(&["water", "police"], Public),
        ),
        cause(
            high("water", Internal),
            cluster("water", Sensitive),
            "1km",
            Label::of("water", Sensitive),
        ),
        cause(
            high("police", Internal),
            high("west", Internal),
            "100km",
            Label::shared(&["police", "west"], Internal),
        ),
        cause(
            high("west", Sensitive),
            cluster("west", Public),
            "1km",
            Label::of("west", Sensitive),
        ),
    ]
}

/// Assets that are known and have never said anything.
pub fn registered() -> Vec<(String, Label)> {
    let of = |cell: Cell| {
        let label = Label::of(cell.0, cell.1);
        [Place::W1, Place::E1].map(|place| (feed(cell, "fix"), label.at(place)))
    };
    cells().into_iter().flat_map(of).collect()
}
