//! Lists in pages: `limit` and `cursor` in, `items` and `next` out.

use serde::{Deserialize, Serialize};

use super::problem::Problem;
use crate::limits::{PAGE_ROWS, PAGE_ROWS_MAX};

/// What every list takes. The cursor is opaque: it is the `next` of the page before.
///
/// Both are texts, for a flattened query string has no numbers.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct PageQuery {
    limit: Option<String>,
    cursor: Option<String>,
}

/// A page of a list.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// The cursor of the next page; absent on the last.
    pub next: Option<String>,
}

impl PageQuery {
    /// How many rows to give.
    ///
    /// # Errors
    /// A [`Problem`] that names the limit.
    pub(super) fn limit(&self) -> Result<usize, Problem> {
        self.limit_up_to(PAGE_ROWS_MAX)
    }

    /// How many rows to give of a list whose pages have `most` at most.
    ///
    /// # Errors
    /// As [`Self::limit`].
    pub(super) fn limit_up_to(&self, most: usize) -> Result<usize, Problem> {
        let Some(text) = &self.limit else {
            return Ok(PAGE_ROWS.min(most));
        };
        let limit = text.parse().ok();
        let limit = limit.filter(|limit| (1..=most).contains(limit));
        limit.ok_or_else(|| Problem::bad(format!("limit={text}: 1 to {most} are possible")))
    }

    /// The number in the cursor: how many rows, or which serial number, came before.
    ///
    /// # Errors
    /// A [`Problem`] if the cursor is no cursor of ours.
    pub(super) fn cursor(&self) -> Result<Option<i64>, Problem> {
        let wrong = |text: &str| Problem::bad(format!("cursor={text} is not one of ours"));
        self.cursor
            .as_ref()
            .map(|text| text.parse().map_err(|_nan| wrong(text)))
            .transpose()
    }

    /// The cursor, where it is no number.
    pub(super) fn text_cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }

    /// The page of `rows` that is asked for.
    ///
    /// # Errors
    /// As [`Self::limit`] and [`Self::cursor`].
    pub(super) fn page<T>(&self, rows: impl Iterator<Item = T>) -> Result<Page<T>, Problem> {
        let limit = self.limit()?;
        let skip = self
            .cursor()?
            .and_then(|n| usize::try_from(n).ok())
            .unwrap_or(0);
        let mut items: Vec<T> = rows.skip(skip).take(limit + 1).collect();
        let more = items.len() > limit;
        items.truncate(limit);
        Ok(Page {
            items,
            next: more.then(|| (skip + limit).to_string()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_one_another_without_gap_or_overlap() {
        let mut query = PageQuery {
            limit: Some("4".into()),
            cursor: None,
        };
        let mut seen = Vec::new();
        loop {
            let page = query.page(0..10).unwrap();
            seen.extend(page.items);
            let Some(next) = page.next else { break };
            query.cursor = Some(next);
        }
        assert_eq!(seen, (0..10).collect::<Vec<_>>());
    }

    #[test]
    fn an_impossible_limit_or_cursor_is_a_problem() {
        assert!(
            PageQuery {
                limit: Some("0".into()),
                cursor: None
            }
            .page(0..1)
            .is_err()
        );
        assert!(
            PageQuery {
                limit: None,
                cursor: Some("x".into())
            }
            .page(0..1)
            .is_err()
        );
    }
}
