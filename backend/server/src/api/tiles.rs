//! `GET /map/{archive}/{z}/{x}/{y}`: one tile of an archive that the base map is drawn from.
//!
//! As it lies there: who takes gzip gets what the archive has, unpacked by nobody and packed by nobody.
//! Whoever asks again is asked who they are again, and told in a line that nothing has changed.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse as _, Response};
use egret_shared::catalog::TILES_ENDING;
use pmtiles::TileCoord;
use tokio::sync::Semaphore;

use super::Context;
use super::problem::Problem;
use super::site::{is_known, takes};
use crate::folding::Stopped;
use crate::limits::TILES_AT_ONCE;
use crate::tiles::Sent;

/// A browser may keep a tile, but asks each time whether it is still the same: it may be somebody else
/// who sits there, and the archive may be another.
const CACHING: &str = "private, no-cache";

/// What a tile is.
pub(super) const KIND: &str = "application/vnd.mapbox-vector-tile";

/// Room for reads of archives, those of all requests together.
#[derive(Clone)]
pub(crate) struct TileReads(Arc<Semaphore>);

impl TileReads {
    /// Room for [`TILES_AT_ONCE`].
    pub(crate) fn new() -> Self {
        Self(Arc::new(Semaphore::new(TILES_AT_ONCE)))
    }

    /// What `read` comes to, on a thread that may wait, once there is room. The thread holds the
    /// place: whoever asked may give up meanwhile, and a disk does not.
    async fn on_thread<T: Send + 'static>(
        &self,
        read: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let place = Arc::clone(&self.0).acquire_owned().await;
        let place = place.map_err(|_closed| Stopped)?;
        let reading = move || {
            let read = read();
            drop(place);
            read
        };
        let read = tokio::task::spawn_blocking(reading).await;
        read.map_err(|error| Problem::given_up(&error))
    }
}

/// `city.pmtiles/8/211/109`: the archive and the place in it; none for a path that is no tile's.
pub(super) fn split(path: &str) -> Option<(&str, &str)> {
    let (name, place) = path.split_once(&format!("{TILES_ENDING}/"))?;
    Some((path.get(..name.len() + TILES_ENDING.len())?, place))
}

/// The tile at `place` of an archive that a layer names; nothing where the archive has none.
pub(super) async fn tile(
    context: &Context,
    archive: &str,
    place: &str,
    asked: &HeaderMap,
) -> Result<Response, Problem> {
    let mut layers = context.package.layers.iter();
    let is_named = layers.any(|layer| layer.file == archive);
    let tiles = context.files.tiles(&format!("map/{archive}"));
    let Some(tiles) = tiles.filter(|_| is_named).cloned() else {
        return Err(Problem::missing(format!(
            "the map has no archive \"{archive}\""
        )));
    };
    let at = coord(place).ok_or_else(|| no_place(place))?;
    let takes_gzip = text(asked, header::ACCEPT_ENCODING).is_some_and(|text| takes(text, "gzip"));
    let tag = tag(tiles.version(), tiles.is_gzip() && takes_gzip);
    let headers = common(&tag);
    if text(asked, header::IF_NONE_MATCH).is_some_and(|known| is_known(known, &tag)) {
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    let read = move || tiles.tile(at, takes_gzip);
    match context.tile_reads.on_thread(read).await? {
        Ok(Some(sent)) => Ok(whole(headers, sent)),
        Ok(None) => Ok((StatusCode::NO_CONTENT, headers).into_response()),
        Err(error) => {
            tracing::error!(%error, archive, place, "an archive of map tiles cannot be read any more");
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            Err(Problem::new(
                status,
                "the archive cannot be read; see the log",
            ))
        }
    }
}

fn whole(mut headers: HeaderMap, sent: Sent) -> Response {
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(KIND));
    if sent.is_gzip {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    (headers, sent.bytes).into_response()
}

/// What every answer has, also the one without a tile.
fn common(tag: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(CACHING));
    headers.insert(
        header::VARY,
        HeaderValue::from_name(header::ACCEPT_ENCODING),
    );
    if let Ok(tag) = HeaderValue::from_str(tag) {
        headers.insert(header::ETAG, tag);
    }
    headers
}

/// Tells what is sent from any other state of the archive, and gzip from what it unpacks to.
fn tag(version: &str, is_gzip: bool) -> String {
    let packed = if is_gzip { "-gzip" } else { "" };
    format!("\"{version}{packed}\"")
}

/// `8/211/109`, within the world.
fn coord(place: &str) -> Option<TileCoord> {
    let mut parts = place.split('/').map(number);
    let (z, x, y) = (parts.next()??, parts.next()??, parts.next()??);
    if parts.next().is_some() {
        return None;
    }
    TileCoord::new(u8::try_from(z).ok()?, x, y).ok()
}

/// Digits and nothing else: `+8` would be a number, too.
fn number(text: &str) -> Option<u32> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    is_plain.then(|| text.parse().ok())?
}

fn no_place(place: &str) -> Problem {
    Problem::bad(format!(
        "\"{place}\" is no tile: write z/x/y, with z up to 31 and x and y below 2^z"
    ))
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::Duration;

    use futures_util::FutureExt as _;
    use tokio::runtime::Builder;
    use tokio::task::spawn_blocking;
    use tokio::time::timeout;

    use super::*;

    #[test]
    fn a_disk_that_stands_still_leaves_threads_for_others_whoever_gives_up() {
        let disk = Arc::new(Mutex::new(()));
        let mut threads = Builder::new_current_thread();
        let threads = threads
            .enable_time()
            .max_blocking_threads(TILES_AT_ONCE + 1);
        let runtime = threads.build().unwrap();
        // Let go of before the runtime waits for its threads, also where this fails.
        let stands_still = disk.lock().unwrap();
        let others = runtime.block_on(async {
            let reads = TileReads::new();
            for _ in 0..2 * TILES_AT_ONCE {
                let disk = Arc::clone(&disk);
                let asked = reads.on_thread(move || drop(disk.lock()));
                assert!(asked.now_or_never().is_none());
            }
            timeout(Duration::from_secs(10), spawn_blocking(|| "signed in")).await
        });
        drop(stands_still);
        assert_eq!(others.unwrap().unwrap(), "signed in");
    }

    #[test]
    fn a_path_is_split_behind_the_archive() {
        assert_eq!(
            split("city.pmtiles/8/211/109"),
            Some(("city.pmtiles", "8/211/109"))
        );
        assert_eq!(
            split("more/city.pmtiles/1/0/0"),
            Some(("more/city.pmtiles", "1/0/0"))
        );
        assert_eq!(split("city.pmtiles"), None);
        assert_eq!(split("land.geojson/1/0/0"), None);
    }

    #[test]
    fn a_place_is_three_numbers_within_the_world() {
        let told = |place: &str| coord(place).map(|at| (at.z(), at.x(), at.y()));
        assert_eq!(told("8/211/109"), Some((8, 211, 109)));
        assert_eq!(told("0/0/0"), Some((0, 0, 0)));
        for bad in [
            "",
            "8",
            "8/1",
            "8/1/2/3",
            "8/1/2/",
            "8/-1/2",
            "8/+1/2",
            "8/1.0/2",
            "8/1/256",
            "1/2/0",
            "32/0/0",
            "300/0/0",
            "8/1/99999999999",
            "8/1/2.mvt",
            "8//2",
            "z/x/y",
        ] {
            assert_eq!(told(bad), None, "{bad}");
        }
    }

    #[test]
    fn gzip_and_what_it_unpacks_to_have_different_tags() {
        assert_ne!(tag("1f", true), tag("1f", false));
        assert!(is_known(&tag("1f", true), "\"1f-gzip\""));
    }
}
