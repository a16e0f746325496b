//! Output that waits until what it promises is durable.
//!
//! Everything behind a held packet waits with it, so that the order is that of the protocol. While
//! nothing is held this costs a look at an empty queue.

use std::collections::VecDeque;

use tokio::sync::watch;

use crate::keep::ledger::{Durable, Ticket};
use crate::pending::Unkept;

/// How much of a connection's output may be written.
pub(super) struct Holds {
    /// Absent where nothing is kept.
    durable: Option<watch::Receiver<Durable>>,
    marks: VecDeque<Mark>,
    /// How much has been written since the connection began.
    n_written: u64,
    /// Up to where it may be, while something is held.
    free_until: u64,
}

/// Output up to here waits for the ticket.
struct Mark {
    end: u64,
    ticket: Ticket,
}

impl Holds {
    pub(super) fn new(durable: Option<watch::Receiver<Durable>>) -> Self {
        Self {
            durable,
            marks: VecDeque::new(),
            n_written: 0,
            free_until: 0,
        }
    }

    /// Has all output of now, of which so many bytes are not written, wait for the ticket.
    pub(super) fn hold(&mut self, ticket: Ticket, n_waiting: usize) {
        if ticket == 0 {
            return;
        }
        if self.marks.is_empty() {
            self.free_until = self.n_written;
        }
        let end = self.n_written + n_waiting as u64;
        match self.marks.back_mut() {
            // Tickets may come in another order than they were given; none is let go too early.
            Some(last) if last.ticket >= ticket => last.end = end,
            Some(_) | None => self.marks.push_back(Mark { end, ticket }),
        }
    }

    /// Whether output waits for a commit.
    pub(super) fn is_holding(&self) -> bool {
        !self.marks.is_empty()
    }

    /// How many of the bytes that are not written may be.
    pub(super) fn n_free(&self, n_waiting: usize) -> usize {
        if self.marks.is_empty() {
            return n_waiting;
        }
        let n_free = self.free_until.saturating_sub(self.n_written);
        usize::try_from(n_free).map_or(n_waiting, |n_free| n_free.min(n_waiting))
    }

    pub(super) fn wrote(&mut self, n_bytes: usize) {
        self.n_written += n_bytes as u64;
    }

    /// Forgets what is held, because nobody will read it.
    pub(super) fn clear(&mut self) {
        self.marks.clear();
    }

    /// Lets go what is durable by now.
    ///
    /// # Errors
    /// Nothing will be durable any more.
    pub(super) fn let_go(&mut self) -> Result<(), Unkept> {
        let Some(durable) = self.durable.as_mut().filter(|_| !self.marks.is_empty()) else {
            return Ok(());
        };
        let durable = durable.borrow_and_update().ok_or(Unkept)?;
        while let Some(mark) = self.marks.front().filter(|mark| mark.ticket <= durable) {
            self.free_until = mark.end;
            self.marks.pop_front();
        }
        Ok(())
    }

    /// Waits for the next commit. Loses nothing if it is dropped early.
    pub(super) async fn committed(&mut self) {
        match &mut self.durable {
            Some(durable) => {
                if durable.changed().await.is_err() {
                    // The endpoint goes, which ends the connection by another way.
                    std::future::pending::<()>().await;
                }
            }
            None => std::future::pending().await,
        }
    }

    /// Waits until nothing is held.
    ///
    /// # Errors
    /// Nothing will be durable any more.
    pub(super) async fn all_let_go(&mut self) -> Result<(), Unkept> {
        loop {
            self.let_go()?;
            if !self.is_holding() {
                return Ok(());
            }
            self.committed().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_waits_with_all_that_is_behind_it_and_what_is_before_it_does_not() {
        let (sender, receiver) = watch::channel(Some(0));
        let mut holds = Holds::new(Some(receiver));
        assert_eq!(holds.n_free(10), 10);
        holds.wrote(10);
        holds.hold(0, 5);
        assert_eq!(holds.n_free(5), 5, "nothing to wait for");
        holds.hold(2, 5);
        holds.hold(1, 7);
        holds.hold(3, 9);
        holds.let_go().unwrap();
        assert_eq!(holds.n_free(12), 0);
        sender.send_replace(Some(1));
        holds.let_go().unwrap();
        assert_eq!(holds.n_free(12), 0);
        sender.send_replace(Some(2));
        holds.let_go().unwrap();
        assert_eq!(
            holds.n_free(12),
            7,
            "what came after the ticket waits with it"
        );
        holds.wrote(3);
        assert_eq!(holds.n_free(9), 4);
        sender.send_replace(Some(7));
        holds.let_go().unwrap();
        assert!(!holds.is_holding());
        assert_eq!(holds.n_free(9), 9);
    }

    #[test]
    fn nothing_is_let_go_once_nothing_is_kept_any_more() {
        let (sender, receiver) = watch::channel(Some(0));
        let mut holds = Holds::new(Some(receiver));
        holds.hold(1, 4);
        sender.send_replace(None);
        assert_eq!(holds.let_go(), Err(Unkept));
        assert_eq!(holds.n_free(4), 0);
    }
}
