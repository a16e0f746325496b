//! A small archive of map tiles, made by the letter of PMTiles 3 and of Mapbox Vector Tile 2.1, without
//! the library by which the server reads: two who make the same mistake would understand each other.
//!
//! It covers the tiny city: land to the west of it, a lake in it, a road and a path through it. What it
//! compresses it stores in gzip's frame as it is, so that its bytes are the same on every machine.

use std::f64::consts::PI;

/// The finest zoom that it has tiles of; the coarsest is 0.
pub const ZOOM_MAX: u8 = 8;

/// Where its file is in the repository. `cargo run -p egret-tests --example tiles` writes it.
pub const FILE: &str = "tests/fixtures/tiny.pmtiles";

/// What it covers: west, south, east, north. Degrees, times ten million.
const BOUNDS: [i32; 4] = [1_170_000_000, 235_000_000, 1_190_000_000, 255_000_000];

/// The layers of its tiles.
pub const LAYERS: [&str; 3] = ["earth", "roads", "water"];

/// What is drawn: a layer, a kind, and a rectangle as west, south, east, north. One without a height is
/// a line.
const SHAPES: [(&str, &str, [f64; 4]); 4] = [
    ("earth", "earth", [116.5, 23.0, 118.0, 26.0]),
    ("roads", "highway", [117.4, 24.5, 118.2, 24.5]),
    ("roads", "path", [117.4, 24.55, 118.2, 24.55]),
    ("water", "lake", [118.02, 24.42, 118.08, 24.48]),
];

/// A tile's side, and how far shapes reach beyond it, in units of its grid.
const EXTENT: i32 = 4_096;
const BUFFER: i32 = 256;

/// A tile's zoom, column and row.
type Place = (u8, u32, u32);

/// The archive: header, root directory, metadata, tiles.
pub fn archive() -> Vec<u8> {
    archive_of(true)
}

/// The same, but for its tiles, which are not compressed.
pub fn archive_of_plain_tiles() -> Vec<u8> {
    archive_of(false)
}

fn archive_of(is_gzip: bool) -> Vec<u8> {
    let packed = |tile: Vec<u8>| if is_gzip { gzip(&tile) } else { tile };
    let mut tiles: Vec<(u64, Vec<u8>)> = places()
        .filter_map(|place| Some((id(place), packed(tile(place)?))))
        .collect();
    tiles.sort_unstable();
    let root = gzip(&directory(&tiles));
    let metadata = gzip(metadata().as_bytes());
    let contents: Vec<u8> = tiles.iter().flat_map(|(_, tile)| tile).copied().collect();
    let lengths = [root.len(), metadata.len(), contents.len()];
    let header = header(tiles.len(), lengths, is_gzip);
    [header, root, metadata, contents].concat()
}

/// `lengths` are those of root directory, metadata and tiles.
fn header(n_tiles: usize, lengths: [usize; 3], is_gzip: bool) -> Vec<u8> {
    const LENGTH: usize = 127;
    let [root, metadata, contents] = lengths;
    let leaves = LENGTH + root + metadata;
    let numbers = [
        (LENGTH, root),
        (LENGTH + root, metadata),
        (leaves, 0),
        (leaves, contents),
    ];
    let mut bytes = b"PMTiles\x03".to_vec();
    for (offset, length) in numbers {
        bytes.extend((offset as u64).to_le_bytes());
        bytes.extend((length as u64).to_le_bytes());
    }
    // Tiles that are addressed, entries, contents: as many of each.
    for _ in 0..3 {
        bytes.extend((n_tiles as u64).to_le_bytes());
    }
    // Clustered; directories in gzip, tiles in gzip or not compressed; vector tiles.
    bytes.extend([1, 2, 1 + u8::from(is_gzip), 1, 0, ZOOM_MAX]);
    bytes.extend(BOUNDS.iter().flat_map(|degrees| degrees.to_le_bytes()));
    let [west, south, east, north] = BOUNDS;
    bytes.push(ZOOM_MAX);
    bytes.extend(i32::midpoint(west, east).to_le_bytes());
    bytes.extend(i32::midpoint(south, north).to_le_bytes());
    assert_eq!(bytes.len(), LENGTH, "a header's length");
    bytes
}

fn metadata() -> String {
    let layers = LAYERS.map(|id| format!(r#"{{"id":"{id}","fields":{{"kind":"String"}}}}"#));
    format!(
        r#"{{"name":"tiny","type":"baselayer","vector_layers":[{}]}}"#,
        layers.join(",")
    )
}

/// Ids, how many tiles each entry is for, lengths, and where each begins: 0 is right behind the last.
fn directory(tiles: &[(u64, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    varint(&mut bytes, tiles.len() as u64);
    let mut last = 0;
    for (id, _) in tiles {
        varint(&mut bytes, id - last);
        last = *id;
    }
    for _ in tiles {
        varint(&mut bytes, 1);
    }
    for (_, tile) in tiles {
        varint(&mut bytes, tile.len() as u64);
    }
    for number in 0..tiles.len() {
        varint(&mut bytes, u64::from(number == 0));
    }
    bytes
}

/// Every place within [`BOUNDS`].
fn places() -> impl Iterator<Item = Place> {
    let [west, south, east, north] = BOUNDS.map(|degrees| f64::from(degrees) / 1e7);
    (0..=ZOOM_MAX).flat_map(move |z| {
        let columns = [west, east].map(|lon| tile_of(column(lon, z)));
        let rows = [north, south].map(|lat| tile_of(row(lat, z)));
        (columns[0]..=columns[1]).flat_map(move |x| (rows[0]..=rows[1]).map(move |y| (z, x, y)))
    })
}

/// Columns of tiles from the world's west edge.
fn column(lon: f64, z: u8) -> f64 {
    (lon + 180.0) / 360.0 * f64::from(1_u32 << z)
}

/// Rows of tiles from the world's north edge, in the Mercator projection.
fn row(lat: f64, z: u8) -> f64 {
    let up = (PI / 4.0 + lat.to_radians() / 2.0).tan().ln();
    (1.0 - up / PI) / 2.0 * f64::from(1_u32 << z)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place within the world, at zooms with 256 tiles a side at most"
)]
fn tile_of(place: f64) -> u32 {
    place as u32
}

/// A place in a tile's grid.
#[expect(
    clippy::cast_possible_truncation,
    reason = "no more than the world's 2^20 units at these zooms"
)]
fn local(place: f64, tile: u32) -> i32 {
    ((place - f64::from(tile)) * f64::from(EXTENT)).round() as i32
}

/// A tile's place on the Hilbert curves of all zooms, one behind the other.
fn id((z, mut x, mut y): Place) -> u64 {
    let mut id = ((1_u64 << (2 * z)) - 1) / 3;
    for bit in (0..z).rev() {
        let side = 1_u32 << bit;
        let (is_right, is_low) = (x & side != 0, y & side != 0);
        let quarter = (3 * u64::from(is_right)) ^ u64::from(is_low);
        id += u64::from(side) * u64::from(side) * quarter;
        if !is_low {
            if is_right {
                // Bits above the side's count no more.
                (x, y) = ((side - 1).wrapping_sub(x), (side - 1).wrapping_sub(y));
            }
            (x, y) = (y, x);
        }
    }
    id
}

/// A tile; none where nothing is drawn.
fn tile(place: Place) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for layer in LAYERS {
        let of_layer = SHAPES.iter().filter(|(of, _, _)| *of == layer);
        let drawn = of_layer.filter_map(|(_, kind, reach)| Some((*kind, geometry(place, *reach)?)));
        let drawn: Vec<_> = drawn.collect();
        if !drawn.is_empty() {
            field(&mut bytes, 3, &layer_of(layer, &drawn));
        }
    }
    (!bytes.is_empty()).then_some(bytes)
}

/// A layer of a tile: each feature has its kind, the value of its own number.
fn layer_of(name: &str, drawn: &[(&str, Geometry)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    field(&mut bytes, 1, name.as_bytes());
    for ((_, geometry), number) in drawn.iter().zip(0..) {
        let mut feature = Vec::new();
        field(&mut feature, 2, &packed(&[0, number]));
        varint(&mut feature, 3 << 3);
        varint(&mut feature, geometry.kind);
        field(&mut feature, 4, &packed(&geometry.commands));
        field(&mut bytes, 2, &feature);
    }
    field(&mut bytes, 3, b"kind");
    for (kind, _) in drawn {
        let mut value = Vec::new();
        field(&mut value, 1, kind.as_bytes());
        field(&mut bytes, 4, &value);
    }
    varint(&mut bytes, 5 << 3);
    varint(&mut bytes, EXTENT.unsigned_abs().into());
    varint(&mut bytes, 15 << 3);
    varint(&mut bytes, 2);
    bytes
}

/// A feature's kind of geometry, 2 a line and 3 a polygon, and how it is drawn.
struct Geometry {
    kind: u64,
    commands: Vec<u64>,
}

/// A rectangle or a line within a tile and a little beyond; none if it does not reach so far, or is
/// smaller than its grid.
fn geometry((z, x, y): Place, [west, south, east, north]: [f64; 4]) -> Option<Geometry> {
    let within = |at: i32| at.clamp(-BUFFER, EXTENT + BUFFER);
    let [left, right] = [west, east].map(|lon| within(local(column(lon, z), x)));
    let [top, bottom] = [north, south].map(|lat| local(row(lat, z), y));
    let begin = |top: i32| [9, zigzag(left), zigzag(top)];
    let (wide, none) = (zigzag(right - left), zigzag(0));
    if right <= left {
        return None;
    }
    if south.total_cmp(&north).is_eq() {
        let line = [&begin(top)[..], &[10, wide, none]].concat();
        return (top == within(top)).then_some(Geometry {
            kind: 2,
            commands: line,
        });
    }
    let [top, bottom] = [top, bottom].map(within);
    let (down, back) = (zigzag(bottom - top), zigzag(left - right));
    let ring = [26, wide, none, none, down, back, none, 15];
    (bottom > top).then(|| Geometry {
        kind: 3,
        commands: [&begin(top)[..], &ring].concat(),
    })
}

/// A number in which small ones are short, whatever their sign.
fn zigzag(number: i32) -> u64 {
    u64::from(((number << 1) ^ (number >> 31)).cast_unsigned())
}

/// A field of a message that has a length.
fn field(bytes: &mut Vec<u8>, number: u64, content: &[u8]) {
    varint(bytes, (number << 3) | 2);
    varint(bytes, content.len() as u64);
    bytes.extend_from_slice(content);
}

fn packed(numbers: &[u64]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for number in numbers {
        varint(&mut bytes, *number);
    }
    bytes
}

/// Seven bits a byte, the lowest first.
fn varint(bytes: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        bytes.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    bytes.push(number.to_le_bytes()[0]);
}

/// `bytes` in gzip's frame, in one block that is stored as it is.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).expect("a stored block is shorter than 64 KiB");
    let head = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff, 1];
    [
        &head[..],
        &length.to_le_bytes(),
        &(!length).to_le_bytes(),
        bytes,
        &crc32(bytes).to_le_bytes(),
        &u32::from(length).to_le_bytes(),
    ]
    .concat()
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut sum = u32::MAX;
    for byte in bytes {
        sum ^= u32::from(*byte);
        for _ in 0..8 {
            let mask = (sum & 1).wrapping_neg();
            sum = (sum >> 1) ^ (0xedb8_8320 & mask);
        }
    }
    !sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_are_numbered_as_the_specification_does() {
        assert_eq!(id((0, 0, 0)), 0);
        assert_eq!(
            [(1, 0, 0), (1, 0, 1), (1, 1, 1), (1, 1, 0)].map(id),
            [1, 2, 3, 4]
        );
        assert_eq!(id((2, 0, 0)), 5);
        assert_eq!(id((12, 3_423, 1_763)), 19_078_479);
    }

    #[test]
    fn a_sum_is_that_of_the_standard_check() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }
}
