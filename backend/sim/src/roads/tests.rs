//! Crossings of drawn lines become nodes.

use super::*;

const PLANE_CENTRE: [f64; 2] = [118.1, 24.5];

fn roads(lines: &str) -> Roads {
    let feature = |line: &str| {
        format!(
            r#"{{"properties":{{"kind":"arterial"}},"geometry":{{"type":"LineString","coordinates":{line}}}}}"#
        )
    };
    let features: Vec<String> = lines.split('|').map(feature).collect();
    let layer = format!(r#"{{"features":[{}]}}"#, features.join(","));
    Roads::from_geojson(&layer, Plane::new(PLANE_CENTRE)).unwrap()
}

#[test]
fn lines_that_cross_share_a_node() {
    let roads = roads("[[118.0,24.5],[118.2,24.5]]|[[118.1,24.4],[118.1,24.6]]");
    assert_eq!(roads.edges().len(), 4);
    assert!((0..roads.nodes.len()).any(|node| roads.leaving(node).len() == 4));
}

#[test]
fn an_end_beside_a_road_is_joined_to_it_and_a_far_one_is_not() {
    // 0.0004 degrees of latitude are 44 m, 0.002 are 222 m.
    let near = roads("[[118.0,24.5],[118.2,24.5]]|[[118.1,24.5004],[118.1,24.6]]");
    assert!((0..near.nodes.len()).any(|node| near.leaving(node).len() == 3));
    let far = roads("[[118.0,24.5],[118.2,24.5]]|[[118.1,24.502],[118.1,24.6]]");
    assert!((0..far.nodes.len()).all(|node| far.leaving(node).len() < 3));
}

#[test]
fn the_demo_city_is_one_network() {
    let layer = include_str!("../../../../assets/xiamen/map/roads.geojson");
    let roads = Roads::from_geojson(layer, Plane::new([118.12, 24.6])).unwrap();
    let mut seen = vec![false; roads.nodes.len()];
    let mut open = vec![0];
    while let Some(node) = open.pop() {
        if std::mem::replace(&mut seen[node], true) {
            continue;
        }
        open.extend(
            roads
                .leaving(node)
                .iter()
                .flat_map(|edge| roads.edges[*edge].ends),
        );
    }
    let reached = seen.iter().filter(|seen| **seen).count();
    assert!(
        reached * 100 >= roads.nodes.len() * 95,
        "{reached} of {}",
        roads.nodes.len()
    );
    let length_m: f64 = roads.edges().iter().map(|edge| edge.length_m).sum();
    assert!(length_m > 150_000.0, "{length_m}");
}

#[test]
fn what_is_no_road_layer_is_refused() {
    let plane = Plane::new(PLANE_CENTRE);
    assert!(matches!(
        Roads::from_geojson("{", plane),
        Err(RoadsError::Json(_))
    ));
    assert!(matches!(
        Roads::from_geojson("{}", plane),
        Err(RoadsError::Empty)
    ));
}
