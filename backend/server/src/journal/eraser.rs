//! Erasing a person while the server runs: found here, erased by the journal's writer, which owns
//! the database.

use tokio::sync::{mpsc, oneshot};

use super::writer::StoreJob;
use crate::store::personal::erase::{Erased, Erasure, NotErased};
use crate::store::sqlite::SqliteStore;

/// A person's erasing on its way through the writer, and who waits for it.
#[derive(Debug)]
pub(crate) struct Erasing {
    /// Where it stands.
    pub erasure: Erasure,
    /// Who waits.
    pub done: oneshot::Sender<Result<Erased, NotErased>>,
}

impl Erasing {
    /// Tells whoever waits what has been erased. They may have gone: it is erased all the same.
    pub(crate) fn tell(self) {
        drop(self.done.send(self.erasure.finish()));
    }
}

/// Erases persons. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Eraser {
    store: SqliteStore,
    jobs: mpsc::WeakSender<StoreJob>,
}

impl Eraser {
    /// Finds whom to erase in `store`, which must be [`opening`](SqliteStore::opening) what is
    /// sealed, and has the writer at the other end of `jobs` erase them. Held weakly: the writer
    /// ends when the fold lets go of its end, whoever may still want to erase.
    pub(crate) fn new(store: SqliteStore, jobs: mpsc::WeakSender<StoreJob>) -> Self {
        Self { store, jobs }
    }

    /// Erases the personal fields of every report in which `value` stands, and every refused
    /// message that holds it. Once this returns, none of it is in the database any more, nor in
    /// its log. Takes some seconds on a busy server. If whoever asks stops waiting, what the writer
    /// has begun goes on.
    ///
    /// # Errors
    /// [`NotErased`], in words for whoever asked.
    pub(crate) async fn erase(&self, value: String) -> Result<Erased, NotErased> {
        let store = self.store.clone();
        let begun = tokio::task::spawn_blocking(move || store.begin_erasing(&value)).await;
        let erasure = begun.map_err(|_gone| NotErased::Stopping)??;
        let (done, erased) = oneshot::channel();
        let job = StoreJob::Erase(Box::new(Erasing { erasure, done }));
        let jobs = self.jobs.upgrade().ok_or(NotErased::Stopping)?;
        jobs.send(job).await.map_err(|_gone| NotErased::Stopping)?;
        drop(jobs);
        erased.await.map_err(|_gone| NotErased::Stopping)?
    }
}
