//! A page of history: the points of one metric that became known together, in every area, as a
//! few hundred bytes.
//!
//! Written by columns, for neighbours in a column resemble one another: expected sources, flags
//! and distances of time are mostly the same for all areas, and a number with few digits has few
//! bytes once its low ones come last. What the page's key says (metric, end, known since) is not
//! repeated in it.

use egret_shared::flags::Flags;
use egret_shared::level::Level;
use egret_shared::metric::Typical;
use egret_shared::time::TimeMs;
use serde::{Deserialize, Serialize};

use super::series::SeriesPoint;

/// A point, and the number of its area in the store.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AreaPoint {
    /// Number of the area's code among the names.
    pub area: u32,
    /// The point.
    pub point: SeriesPoint,
}

/// Columns of a page, each as long as `areas`, or empty where all is as usual.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Columns {
    /// Rising; each as the difference from the one before.
    areas: Vec<u32>,
    /// From start to end, milliseconds.
    length_ms: Vec<i64>,
    v: Vec<Digits>,
    /// Empty in pages of single windows, where `v` is all of it.
    rolled: Vec<Rolled>,
    level: Vec<Level>,
    sources: Vec<u32>,
    /// Those of `expected` that did not contribute.
    missing: Vec<i64>,
    /// From the newest contribution to the end, milliseconds.
    age_ms: Vec<Option<i64>>,
    flags: Vec<Flags>,
    /// Empty if no area has a typical value.
    typical: Vec<Option<Usual>>,
}

/// What a point of several windows has beside its last value.
#[derive(Debug, Serialize, Deserialize)]
struct Rolled {
    least: Digits,
    mean: Digits,
    greatest: Digits,
    windows: u32,
}

/// A [`Typical`] without `z`, which follows from the value.
#[derive(Debug, Serialize, Deserialize)]
struct Usual {
    v: Digits,
    spread: Digits,
    weeks: u8,
}

/// A finite number or none. The bytes of the bit pattern are turned round, so that zeros at the
/// end of a short fraction become leading ones, which the variable length leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Digits(u64);

impl Digits {
    fn of(v: Option<f64>) -> Self {
        Self(v.unwrap_or(f64::NAN).to_bits().swap_bytes())
    }

    fn v(self) -> Option<f64> {
        Some(f64::from_bits(self.0.swap_bytes())).filter(|v| v.is_finite())
    }
}

/// How a body is written; its first byte.
const CODEC_POSTCARD: u8 = 0;
const CODEC_ZSTD_POSTCARD: u8 = 1;

/// zstd's fastest ordinary level. Measured on pages of 45 areas, a third of them whole numbers, a
/// third with one decimal, a third with all digits: 9.3 bytes a point, 11.1 in the file.
const ZSTD_LEVEL: i32 = 1;

/// A page may not unfold to more than this: 10,000 areas stay far below.
const UNFOLDED_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Makes pages into bytes; keeps the compressor's tables from one to the next.
pub(crate) struct Folder(zstd::bulk::Compressor<'static>);

impl std::fmt::Debug for Folder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Folder")
    }
}

impl Folder {
    /// A folder for any number of pages.
    ///
    /// # Errors
    /// A sentence, if the compressor cannot have its memory.
    pub(crate) fn new() -> Result<Self, String> {
        zstd::bulk::Compressor::new(ZSTD_LEVEL)
            .map(Self)
            .map_err(|error| error.to_string())
    }

    /// The body of `points`, which rise by area and end at the same time.
    ///
    /// # Errors
    /// A sentence; none in practice.
    pub(crate) fn fold(&mut self, points: &[AreaPoint]) -> Result<Vec<u8>, String> {
        let plain = postcard::to_stdvec(&columns(points)).map_err(|error| error.to_string())?;
        let packed = self.0.compress(&plain).map_err(|error| error.to_string())?;
        let (codec, body) = if packed.len() < plain.len() {
            (CODEC_ZSTD_POSTCARD, packed)
        } else {
            (CODEC_POSTCARD, plain)
        };
        let mut page = Vec::with_capacity(body.len() + 1);
        page.push(codec);
        page.extend_from_slice(&body);
        Ok(page)
    }
}

/// Makes points of pages; keeps the decompressor's tables from one to the next, for setting them
/// up takes longer than a page.
pub(crate) struct Unfolder(zstd::bulk::Decompressor<'static>);

impl std::fmt::Debug for Unfolder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Unfolder")
    }
}

impl Unfolder {
    /// An unfolder for any number of pages.
    ///
    /// # Errors
    /// A sentence, if the decompressor cannot have its memory.
    pub(crate) fn new() -> Result<Self, String> {
        zstd::bulk::Decompressor::new()
            .map(Self)
            .map_err(|error| error.to_string())
    }

    /// The points of `page`, whose key says when they end and since when they are known.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the page.
    pub(crate) fn unfold(
        &mut self,
        page: &[u8],
        end: TimeMs,
        known_at: TimeMs,
    ) -> Result<Vec<AreaPoint>, String> {
        let columns: Columns = match page.split_first() {
            Some((&CODEC_POSTCARD, plain)) => postcard::from_bytes(plain),
            Some((&CODEC_ZSTD_POSTCARD, packed)) => postcard::from_bytes(&self.unpacked(packed)?),
            Some((codec, _)) => return Err(format!("codec {codec} is unknown to this version")),
            None => return Err("it is empty".to_owned()),
        }
        .map_err(|error| error.to_string())?;
        Ok(points(&columns, end, known_at))
    }

    fn unpacked(&mut self, packed: &[u8]) -> Result<Vec<u8>, String> {
        let n_bytes = zstd::zstd_safe::get_frame_content_size(packed)
            .map_err(|error| error.to_string())?
            .and_then(|n_bytes| usize::try_from(n_bytes).ok())
            .filter(|n_bytes| *n_bytes <= UNFOLDED_BYTES_MAX)
            .ok_or("it does not say how long it is, or is too long")?;
        self.0
            .decompress(packed, n_bytes)
            .map_err(|error| error.to_string())
    }
}

fn columns(points: &[AreaPoint]) -> Columns {
    let mut columns = Columns::default();
    let mut before = 0;
    let is_rolled = points.iter().any(|one| is_rolled(&one.point));
    let has_typical = points.iter().any(|one| one.point.typical.is_some());
    for AreaPoint { area, point } in points {
        columns.areas.push(area.wrapping_sub(before));
        before = *area;
        columns.length_ms.push(point.end.since(point.start).ms());
        columns.v.push(Digits::of(point.v));
        columns.level.push(point.level);
        columns.sources.push(point.sources);
        columns
            .missing
            .push(i64::from(point.expected) - i64::from(point.sources));
        columns
            .age_ms
            .push(point.latest_at.map(|at| point.end.since(at).ms()));
        columns.flags.push(point.flags);
        if is_rolled {
            columns.rolled.push(Rolled {
                least: Digits::of(point.least),
                mean: Digits::of(point.mean),
                greatest: Digits::of(point.greatest),
                windows: point.windows,
            });
        }
        if has_typical {
            columns.typical.push(point.typical.map(|typical| Usual {
                v: Digits::of(Some(typical.v)),
                spread: Digits::of(Some(typical.spread)),
                weeks: typical.weeks,
            }));
        }
    }
    columns
}

/// Whether a point is more than a single window.
fn is_rolled(point: &SeriesPoint) -> bool {
    point.windows != u32::from(point.v.is_some())
        || [point.least, point.mean, point.greatest] != [point.v; 3]
}

fn points(columns: &Columns, end: TimeMs, known_at: TimeMs) -> Vec<AreaPoint> {
    let mut area: u32 = 0;
    let mut points = Vec::with_capacity(columns.areas.len());
    for (i, step) in columns.areas.iter().enumerate() {
        area = area.wrapping_add(*step);
        let v = columns.v.get(i).and_then(|v| v.v());
        let rolled = columns.rolled.get(i);
        let sources = columns.sources.get(i).copied().unwrap_or(0);
        let missing = columns.missing.get(i).copied().unwrap_or(0);
        let age_ms = columns.age_ms.get(i).copied().flatten();
        let point = SeriesPoint {
            start: TimeMs(
                end.0
                    .saturating_sub(columns.length_ms.get(i).copied().unwrap_or(0)),
            ),
            end,
            v,
            least: rolled.map_or(v, |rolled| rolled.least.v()),
            mean: rolled.map_or(v, |rolled| rolled.mean.v()),
            greatest: rolled.map_or(v, |rolled| rolled.greatest.v()),
            level: columns.level.get(i).copied().unwrap_or_default(),
            sources,
            expected: u32::try_from(i64::from(sources).saturating_add(missing)).unwrap_or(0),
            latest_at: age_ms.map(|age_ms| TimeMs(end.0.saturating_sub(age_ms))),
            flags: columns.flags.get(i).copied().unwrap_or(Flags::NONE),
            typical: typical(columns.typical.get(i).and_then(Option::as_ref), v),
            known_at,
            windows: rolled.map_or(u32::from(v.is_some()), |rolled| rolled.windows),
        };
        points.push(AreaPoint { area, point });
    }
    points
}

fn typical(usual: Option<&Usual>, v: Option<f64>) -> Option<Typical> {
    let usual = usual?;
    let (usually, spread) = (usual.v.v()?, usual.spread.v()?);
    Some(Typical {
        v: usually,
        spread,
        weeks: usual.weeks,
        z: v.map(|v| (v - usually) / spread),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const END: TimeMs = TimeMs(1_782_079_500_000);
    const KNOWN: TimeMs = TimeMs(END.0 + 750);

    fn point(v: Option<f64>) -> SeriesPoint {
        SeriesPoint {
            start: TimeMs(END.0 - 300_000),
            end: END,
            v,
            least: v,
            mean: v,
            greatest: v,
            level: Level::Orange,
            sources: 41,
            expected: 52,
            latest_at: v.map(|_| TimeMs(END.0 - 1_234)),
            flags: Flags::PARTIAL.with(Flags::REVISED),
            typical: None,
            known_at: KNOWN,
            windows: u32::from(v.is_some()),
        }
    }

    fn there_and_back(points: &[AreaPoint]) -> Vec<AreaPoint> {
        let body = Folder::new().unwrap().fold(points).unwrap();
        Unfolder::new().unwrap().unfold(&body, END, KNOWN).unwrap()
    }

    #[test]
    fn a_page_unfolds_to_what_was_folded() {
        let mut points: Vec<AreaPoint> = [None, Some(0.0), Some(-0.0), Some(0.1), Some(1e300)]
            .into_iter()
            .zip([3, 4, 90, 1_000, 70_000])
            .map(|(v, area)| AreaPoint {
                area,
                point: point(v),
            })
            .collect();
        assert_eq!(there_and_back(&points), points);
        points[1].point.typical = Some(Typical {
            v: 2.0,
            spread: 0.5,
            weeks: 4,
            z: Some(-4.0),
        });
        points[3].point.least = Some(0.05);
        points[3].point.windows = 60;
        points[4].point.sources = 60;
        assert_eq!(there_and_back(&points), points);
        assert_eq!(there_and_back(&[]), []);
    }

    #[test]
    fn a_damaged_page_is_an_error_and_no_panic() {
        let points = vec![AreaPoint {
            area: 1,
            point: point(Some(1.5)),
        }];
        let mut body = Folder::new().unwrap().fold(&points).unwrap();
        body.truncate(body.len() / 2);
        let mut unfolder = Unfolder::new().unwrap();
        let mut unfold = |page: &[u8]| unfolder.unfold(page, END, KNOWN);
        assert!(unfold(&body).is_err());
        assert!(unfold(&[CODEC_ZSTD_POSTCARD, 7, 7]).is_err());
        assert!(unfold(&[]).is_err());
        assert!(unfold(&[99, 1]).unwrap_err().contains("99"));
    }
}
