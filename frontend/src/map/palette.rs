//! The style's colours as the map needs them: read from `tokens.css`, so that they are written
//! down once.

use egret_shared::level::Level;

use crate::map::style::Colours;

/// The tokens of the levels, in rising order; normal has the accent.
const LEVELS: [&str; Level::ALL.len()] = ["--accent", "--blue", "--yellow", "--orange", "--red"];

/// A colour, each part 0 to 1.
pub(super) type Rgb = [f32; 3];

/// Reads tokens of the style.
#[derive(Clone, Debug)]
pub(super) struct Palette {
    style: web_sys::CssStyleDeclaration,
}

impl Palette {
    /// The document's; none where there is no document.
    pub(super) fn of_document() -> Option<Self> {
        let window = web_sys::window()?;
        let root = window.document()?.document_element()?;
        let style = window.get_computed_style(&root).ok().flatten()?;
        Some(Self { style })
    }

    /// A token as the style has it: `#0d1b29`.
    pub(super) fn css(&self, token: &str) -> String {
        let value = self.style.get_property_value(token);
        value.unwrap_or_default().trim().to_owned()
    }

    /// A token's colour; black where the style has none.
    pub(super) fn rgb(&self, token: &str) -> Rgb {
        rgb_from_hex(&self.css(token)).unwrap_or_default()
    }

    /// The colours of the base map.
    pub(super) fn colours(&self) -> Colours {
        let [red, green, blue] = self.rgb("--series-1").map(|part| (part * 255.0).round());
        let heat = |share: f64| format!("rgba({red}, {green}, {blue}, {share})");
        Colours {
            ground: self.css("--ground"),
            land: self.css("--map-land"),
            low: self.css("--map-area-low"),
            high: self.css("--map-area-high"),
            edge: self.css("--map-edge"),
            road: self.css("--map-road"),
            crossing: self.css("--map-crossing"),
            zone: self.css("--ink-2"),
            heat: [0.0, 0.45, 0.95].map(heat),
            levels: LEVELS.map(|token| self.css(token)),
        }
    }

    /// The colours of the levels, in rising order; normal has the accent.
    pub(super) fn levels(&self) -> [Rgb; Level::ALL.len()] {
        LEVELS.map(|token| self.rgb(token))
    }
}

/// The colour of `#rrggbb`.
fn rgb_from_hex(text: &str) -> Option<Rgb> {
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
    let part = |from: usize| {
        let byte = digits.get(from..from + 2)?;
        let byte = u8::from_str_radix(byte, 16).ok()?;
        Some(f32::from(byte) / 255.0)
    };
    Some([part(0)?, part(2)?, part(4)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hex_colour_is_read_and_anything_else_is_not() {
        assert_eq!(rgb_from_hex("#ff0033"), Some([1.0, 0.0, 0.2]));
        assert_eq!(rgb_from_hex("#fff"), None);
        assert_eq!(rgb_from_hex("rgb(1 2 3)"), None);
    }
}
