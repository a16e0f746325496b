//! Walking over the map by keyboard: which mark comes next in a direction. Pure.

/// A way to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// West.
    Left,
    /// East.
    Right,
    /// North.
    Up,
    /// South.
    Down,
}

impl Way {
    /// The way of an arrow key.
    pub(crate) fn of_key(key: &str) -> Option<Self> {
        match key {
            "ArrowLeft" => Some(Self::Left),
            "ArrowRight" => Some(Self::Right),
            "ArrowUp" => Some(Self::Up),
            "ArrowDown" => Some(Self::Down),
            _ => None,
        }
    }
}

/// How much further a pixel aside is than a pixel ahead: an arrow goes where it points.
const ASIDE: f64 = 2.0;

/// The nearest of `spots` from `(x, y)` in a direction, if there is one within its quarter of the
/// view; what is nearer than `same_px` is here already. CSS pixels.
pub(crate) fn next<T>(
    spots: impl Iterator<Item = (T, (f64, f64))>,
    (x, y): (f64, f64),
    way: Way,
    same_px: f64,
) -> Option<T> {
    let far = |(to_x, to_y): (f64, f64)| {
        let (dx, dy) = (to_x - x, to_y - y);
        let (ahead, aside) = match way {
            Way::Left => (-dx, dy),
            Way::Right => (dx, dy),
            Way::Up => (-dy, dx),
            Way::Down => (dy, dx),
        };
        let is_there = ahead >= aside.abs() && dx.hypot(dy) > same_px;
        is_there.then_some(ahead + ASIDE * aside.abs())
    };
    let rated = spots.filter_map(|(what, spot)| Some((far(spot)?, what)));
    let nearest = rated.min_by(|(a, _), (b, _)| a.total_cmp(b));
    nearest.map(|(_, what)| what)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPOTS: [(&str, (f64, f64)); 5] = [
        ("here", (102.0, 100.0)),
        ("east", (150.0, 105.0)),
        ("far east", (400.0, 100.0)),
        ("south", (110.0, 180.0)),
        ("west", (40.0, 90.0)),
    ];

    fn go(way: Way) -> Option<&'static str> {
        next(SPOTS.into_iter(), (100.0, 100.0), way, 6.0)
    }

    #[test]
    fn an_arrow_goes_to_the_nearest_mark_where_it_points() {
        assert_eq!(go(Way::Right), Some("east"));
        assert_eq!(go(Way::Down), Some("south"));
        assert_eq!(go(Way::Left), Some("west"));
        assert_eq!(go(Way::Up), None);
    }

    #[test]
    fn a_key_that_is_no_arrow_is_no_way() {
        assert_eq!(Way::of_key("ArrowUp"), Some(Way::Up));
        assert_eq!(Way::of_key("a"), None);
    }
}
