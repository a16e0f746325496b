//! Marks that would hide one another are one mark with a count. Pure.

/// By how much the distance grows at which marks are joined, while there are too many.
const GROWTH: f64 = 1.5;

/// Marks that stand as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Group {
    /// The first of them, whose place and looks the joined mark has.
    pub(crate) lead: usize,
    /// The others.
    pub(crate) rest: Vec<usize>,
}

impl Group {
    /// How many stand as one.
    pub(crate) fn count(&self) -> usize {
        1 + self.rest.len()
    }
}

/// Joins marks nearer than `near_px` to an earlier one, and from further away if there would be
/// more than `groups_max` otherwise. `spots` are in CSS pixels, the most important first; one that
/// has no place stands nowhere.
pub(crate) fn join(spots: &[Option<(f64, f64)>], near_px: f64, groups_max: usize) -> Vec<Group> {
    let mut near_px = near_px.max(1.0);
    loop {
        let groups = joined(spots, near_px, groups_max.max(1));
        if let Some(groups) = groups {
            return groups;
        }
        near_px *= GROWTH;
    }
}

/// The groups; nothing if they are too many.
fn joined(spots: &[Option<(f64, f64)>], near_px: f64, groups_max: usize) -> Option<Vec<Group>> {
    let mut groups: Vec<((f64, f64), Group)> = Vec::new();
    for (number, spot) in spots.iter().enumerate() {
        let Some((x, y)) = *spot else {
            continue;
        };
        let is_near = |(at, _): &&mut ((f64, f64), Group)| (at.0 - x).hypot(at.1 - y) < near_px;
        if let Some((_, group)) = groups.iter_mut().find(is_near) {
            group.rest.push(number);
            continue;
        }
        let group = Group {
            lead: number,
            rest: Vec::new(),
        };
        groups.push(((x, y), group));
        if groups.len() > groups_max {
            return None;
        }
    }
    Some(groups.into_iter().map(|(_, group)| group).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_at_one_place_are_one_with_a_count_and_the_first_leads() {
        let spots = [
            Some((10.0, 10.0)),
            None,
            Some((300.0, 10.0)),
            Some((14.0, 12.0)),
            Some((10.0, 10.0)),
        ];
        let groups = join(&spots, 20.0, 9);
        let lead: Vec<(usize, usize)> = groups.iter().map(|g| (g.lead, g.count())).collect();
        assert_eq!(lead, [(0, 3), (2, 1)]);
        assert_eq!(groups[0].rest, [3, 4]);
    }

    #[test]
    fn too_many_marks_are_joined_from_further_away_and_none_is_lost() {
        let spots: Vec<_> = (0..200)
            .map(|n| Some((f64::from(n % 20) * 30.0, f64::from(n / 20) * 30.0)))
            .collect();
        let groups = join(&spots, 20.0, 12);
        assert!(groups.len() <= 12, "{}", groups.len());
        assert_eq!(groups.iter().map(Group::count).sum::<usize>(), 200);
    }

    #[test]
    fn marks_all_over_the_world_still_come_to_an_end() {
        let spots = [Some((-1e9, 0.0)), Some((1e9, 0.0))];
        assert_eq!(join(&spots, 20.0, 1).len(), 1);
    }
}
