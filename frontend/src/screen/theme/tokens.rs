//! What `style/tokens.css` promises, in both themes: text that is read (WCAG 2.2, AA), shapes that are
//! seen, and levels that no eye confuses by colour alone.

use std::collections::BTreeMap;

const STYLE: &str = include_str!("../../../style/tokens.css");

/// Red, green and blue, linear light, 0 to 1.
type Light = [f64; 3];

/// How far two levels must be apart to be told apart on a wall: CIE76; 2.3 is the least that is seen
/// side by side at all. Light grounds leave less room: what is seen on them is dark.
const APART_DARK: f64 = 20.0;
const APART_LIGHT: f64 = 14.0;

/// Eyes that see fewer colours, on linear light.
///
/// # Source
/// Machado, Oliveira and Fernandes 2009, severity 1.0.
const EYES: [(&str, [[f64; 3]; 3]); 4] = [
    (
        "any eye",
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
    ),
    (
        "protanopia",
        [
            [0.152_286, 1.052_583, -0.204_868],
            [0.114_503, 0.786_281, 0.099_216],
            [-0.003_882, -0.048_116, 1.051_998],
        ],
    ),
    (
        "deuteranopia",
        [
            [0.367_322, 0.860_646, -0.227_968],
            [0.280_085, 0.672_501, 0.047_413],
            [-0.011_820, 0.042_940, 0.968_881],
        ],
    ),
    (
        "tritanopia",
        [
            [1.255_528, -0.076_749, -0.178_779],
            [-0.078_411, 0.930_809, 0.147_602],
            [0.004_733, 0.691_367, 0.303_900],
        ],
    ),
];

const LEVELS: [&str; 4] = ["blue", "yellow", "orange", "red"];

/// The colours of a theme by their names; the light one lies over the dark one.
fn theme(is_light: bool) -> BTreeMap<String, Light> {
    let (dark, rest) = STYLE.split_once(":root[data-theme=\"light\"] {").unwrap();
    let light = rest.split_once('}').unwrap().0;
    let mut colours = colours(dark);
    if is_light {
        colours.extend(self::colours(light));
    }
    colours
}

fn colours(block: &str) -> BTreeMap<String, Light> {
    let lines = block.lines().filter_map(|line| line.trim().split_once(':'));
    lines
        .filter_map(|(name, value)| {
            let name = name.strip_prefix("--")?;
            Some((name.to_owned(), light(value.trim().trim_end_matches(';'))?))
        })
        .collect()
}

/// The light of `#1a6fe0`.
fn light(hex: &str) -> Option<Light> {
    let digits = hex.strip_prefix('#').filter(|digits| digits.len() == 6)?;
    let channel = |at: usize| {
        let value = u8::from_str_radix(digits.get(at..at + 2)?, 16).ok()?;
        let value = f64::from(value) / 255.0;
        Some(if value <= 0.040_45 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        })
    };
    Some([channel(0)?, channel(2)?, channel(4)?])
}

/// `share` of `over`, the rest of `under`, as `color-mix(in srgb, …)` nearly does.
fn mixed(over: Light, under: Light, share: f64) -> Light {
    let gamma = |v: f64| v.powf(1.0 / 2.2);
    std::array::from_fn(|at| {
        let mixed = share * gamma(over[at]) + (1.0 - share) * gamma(under[at]);
        mixed.powf(2.2)
    })
}

/// WCAG's contrast, 1 to 21.
fn contrast(a: Light, b: Light) -> f64 {
    let bright = |[r, g, b]: Light| 0.2126 * r + 0.7152 * g + 0.0722 * b;
    let (a, b) = (bright(a), bright(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// The distance of two colours for an eye: CIE76 in L*a*b*, D65.
fn distance(a: Light, b: Light, eye: &[[f64; 3]; 3]) -> f64 {
    let (a, b) = (lab(a, eye), lab(b, eye));
    let squares = a.iter().zip(b).map(|(a, b)| (a - b).powi(2));
    squares.sum::<f64>().sqrt()
}

fn lab(light: Light, eye: &[[f64; 3]; 3]) -> [f64; 3] {
    let seen = |row: &[f64; 3]| {
        let sum: f64 = row.iter().zip(light).map(|(a, b)| a * b).sum();
        sum.clamp(0.0, 1.0)
    };
    let [red, green, blue] = [seen(&eye[0]), seen(&eye[1]), seen(&eye[2])];
    let root = |share: f64| {
        if share > 0.008_856 {
            share.cbrt()
        } else {
            7.787 * share + 16.0 / 116.0
        }
    };
    let x = root((0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.950_47);
    let y = root(0.2126 * red + 0.7152 * green + 0.0722 * blue);
    let z = root((0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.088_83);
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

#[test]
fn text_is_read_in_both_themes_on_panels_and_on_the_ground() {
    for is_light in [false, true] {
        let colours = theme(is_light);
        let of = |name: &str| colours[name];
        let inks = LEVELS.map(|level| format!("{level}-ink"));
        let names = ["ink", "ink-2", "ink-3", "accent"].map(str::to_owned);
        for ink in names.iter().chain(&inks) {
            for ground in ["panel-solid", "ground"] {
                let ratio = contrast(of(ink), of(ground));
                assert!(
                    ratio >= 4.5,
                    "light {is_light}: {ink} on {ground} is {ratio:.2}"
                );
            }
        }
        // A red case and a warning stand on a tint of their own level.
        for level in LEVELS {
            let tint = mixed(of(level), of("panel-solid"), 0.15);
            for ink in [
                format!("{level}-ink"),
                "ink-2".to_owned(),
                "ink-3".to_owned(),
            ] {
                let ratio = contrast(of(&ink), tint);
                assert!(
                    ratio >= 4.5,
                    "light {is_light}: {ink} on a tint of {level} is {ratio:.2}"
                );
            }
        }
        for (ink, ground) in [("on-red", "red"), ("on-accent", "accent")] {
            let ratio = contrast(of(ink), of(ground));
            assert!(
                ratio >= 4.5,
                "light {is_light}: {ink} on {ground} is {ratio:.2}"
            );
        }
    }
}

#[test]
fn shapes_and_lines_are_seen_in_both_themes() {
    for is_light in [false, true] {
        let colours = theme(is_light);
        let series = ["series-1", "series-2", "series-3", "series-4", "series-5"];
        for shape in LEVELS.iter().chain(&series) {
            let ratio = contrast(colours[*shape], colours["panel-solid"]);
            assert!(
                ratio >= 3.0,
                "light {is_light}: {shape} on a panel is {ratio:.2}"
            );
        }
    }
}

#[test]
fn levels_and_the_accent_are_told_apart_by_eyes_that_see_fewer_colours() {
    for (is_light, apart) in [(false, APART_DARK), (true, APART_LIGHT)] {
        let colours = theme(is_light);
        let names: Vec<&str> = LEVELS.into_iter().chain(["accent"]).collect();
        for (eye, matrix) in &EYES {
            for (place, one) in names.iter().enumerate() {
                for other in names.iter().skip(place + 1) {
                    let far = distance(colours[*one], colours[*other], matrix);
                    let what = format!("light {is_light}: {one} and {other} with {eye}");
                    assert!(far >= apart, "{what}: {far:.1}");
                }
            }
        }
    }
}

#[test]
fn a_light_theme_names_every_colour_that_it_must_not_inherit() {
    let dark = theme(false);
    let light = colours(STYLE.split_once("[data-theme=\"light\"]").unwrap().1);
    let missing: Vec<&String> = dark
        .keys()
        .filter(|name| !light.contains_key(*name))
        .collect();
    assert!(missing.is_empty(), "the light theme lacks {missing:?}");
}

#[test]
fn black_and_white_are_as_far_apart_as_can_be() {
    let (black, white) = (light("#000000").unwrap(), light("#ffffff").unwrap());
    assert!((contrast(black, white) - 21.0).abs() < 1e-9);
    assert!((distance(black, white, &EYES[0].1) - 100.0).abs() < 0.1);
}
