//! Mistakes in `properties.toml`.

use crate::told::assert_all_told;

#[test]
fn mistakes_in_properties_are_told_at_their_place() {
    assert_all_told(
        "properties.toml",
        &[
            (
                "unit  = \"m\"",
                "unit  = ¦\"metre\"",
                "\"metre\" is no known UCUM unit; did you mean \"m\"?",
            ),
            (
                "range = [-1.0, 20.0]",
                "range = ¦[20.0, -1.0]",
                "range [20, -1] must be [least, greatest]",
            ),
            (
                "range = [-1.0, 20.0]",
                "range = [-1.0, 20.0]\nplausible = ¦[0.0, 25.0]",
                "plausible [0, 25] must lie within range [-1, 20]: what is outside range is refused",
            ),
            (
                "range = [-1.0, 20.0]",
                "range = [-1.0, 20.0]\nplausible = ¦[5.0, 5.0]",
                "plausible [5, 5] must be [least, greatest]",
            ),
            (
                "jump  = 3.0",
                "jump  = ¦-3.0",
                "jump -3 must be more than 0",
            ),
            (
                "stuck_after = \"6h\"",
                "stuck_after = ¦\"0s\"",
                "must be longer than nothing",
            ),
        ],
    );
}
