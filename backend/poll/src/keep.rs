//! Where what is fetched goes to. The seam between polling and the rest of the way in.

use egret_shared::id::FeedId;
use egret_shared::time::TimeMs;
use futures_util::future::BoxFuture;

/// What was fetched.
#[derive(Clone, Copy, Debug)]
pub struct Body<'a> {
    /// Of which feed.
    pub feed: &'a FeedId,
    /// From where, without secrets.
    pub url: &'a str,
    /// The host of that.
    pub host: &'a str,
    /// The message.
    pub payload: &'a [u8],
}

/// What was not fetched, because it is too large.
#[derive(Clone, Copy, Debug)]
pub struct TooLarge<'a> {
    /// Whose it is, where from, and its beginning.
    pub body: Body<'a>,
    /// At least so many bytes it has.
    pub bytes: usize,
    /// What is wrong, in words.
    pub why: &'a str,
}

/// What became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// What it stands for until its time is over, if it is an alert that was taken.
    pub stands: Option<Stands>,
}

/// An alert, as far as its time goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stands {
    /// What it is called.
    pub id: String,
    /// The alerts that it takes the place of.
    pub instead_of: Vec<String>,
    /// When its time is over; absent if that is already so, or not said.
    pub until: Option<TimeMs>,
}

/// It is not in the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it could not be kept")]
pub struct NotKept;

/// Keeps what is fetched.
pub trait Keep: Send + Sync {
    /// Keeps a body, or the refusal of it; returns once that is durable.
    ///
    /// # Errors
    /// [`NotKept`]: it has to be fetched again.
    fn keep<'a>(&'a self, body: Body<'a>) -> BoxFuture<'a, Result<Kept, NotKept>>;

    /// Keeps the refusal of a body that is too large; returns once that is durable.
    ///
    /// # Errors
    /// [`NotKept`].
    fn refuse<'a>(&'a self, body: TooLarge<'a>) -> BoxFuture<'a, Result<(), NotKept>>;
}
