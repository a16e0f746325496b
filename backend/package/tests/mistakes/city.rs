//! Mistakes in `city.toml`, `departments.toml` and `properties.toml`.

use crate::told::assert_all_told;

#[test]
fn mistakes_in_the_city_are_told_at_their_place() {
    assert_all_told(
        "city.toml",
        &[
            (
                "schema   = 1",
                "schema   = ¦7",
                "schema 7 is not spoken here, only 1",
            ),
            ("\"tiny\"", "¦\"ti/ny\"", "must be of letters, digits"),
            ("\"Asia/Shanghai\"", "¦\"Asia/Xiamen\"", "no IANA time zone"),
            ("[118.10, 24.50]", "¦[24.50, 118.10]", "no position"),
            ("zoom     = 11", "¦zooom    = 11", "unknown key `zooom`"),
            ("= 11", "= ¦\"11\"", "this is the text"),
            (
                "\"district\", \"grid\"",
                "\"district\", \"grid\", ¦\"grid\"",
                "a second time",
            ),
            ("= \"internal\"", "= ¦\"secret\"", "unknown word `secret`"),
            (
                "simulated = true",
                "simulated = ¦yes",
                "string values must be quoted",
            ),
        ],
    );
}

#[test]
fn mistakes_in_departments_and_properties_are_told_at_their_place() {
    assert_all_told(
        "departments.toml",
        &[
            (
                "area = \"900001\"",
                "area = \"900001\"\n[[department]]\nid = ¦\"water\"\nname = { zh = \"\", en = \"\" }\narea = \"900000\"",
                "department \"water\": this id stands here a second time",
            ),
            (
                "area = \"900001\"",
                "area = ¦\"90001\"",
                "no area \"90001\"; did you mean \"900001\"?",
            ),
            (
                "area = \"900001\"",
                "¦aera = \"900001\"",
                "department \"west\": unknown key `aera`",
            ),
        ],
    );
    assert_all_told(
        "properties.toml",
        &[
            (
                "unit  = \"m\"",
                "unit  = ¦\"metre\"",
                "\"metre\" is no known UCUM unit",
            ),
            ("[-1.0, 20.0]", "¦[20.0, -1.0]", "must be [least, greatest]"),
            ("jump  = 3.0", "jump  = ¦-3.0", "must be more than 0"),
            ("\"6h\"", "¦\"6 hours\"", "write 500ms, 90s, 10m, 6h or 1d"),
        ],
    );
}
