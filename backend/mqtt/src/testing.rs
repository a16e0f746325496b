//! What tests of several modules need: a principal whose rights can change, and a gate that knows
//! such principals by their user names.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use crate::gate::{Denied, Gate, Label, Pass, Visitor};

type Filters = Box<dyn Fn(&str) -> bool + Send>;

type Predicate = Box<dyn Fn(&str, Option<&str>) -> bool + Send>;

/// A principal. Publishes and subscribes as it likes until it is told otherwise.
pub(crate) struct Guest {
    owner: String,
    may_receive: Mutex<Predicate>,
    may_subscribe: Mutex<Filters>,
    may_publish: AtomicBool,
    revoked: CancellationToken,
}

impl Guest {
    /// One that may receive what the predicate says of topic and label.
    pub(crate) fn new(
        owner: &str,
        may_receive: impl Fn(&str, Option<&str>) -> bool + Send + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            owner: owner.into(),
            may_receive: Mutex::new(Box::new(may_receive)),
            may_subscribe: Mutex::new(Box::new(|_| true)),
            may_publish: AtomicBool::new(true),
            revoked: CancellationToken::new(),
        })
    }

    pub(crate) fn grant(&self, may_receive: impl Fn(&str, Option<&str>) -> bool + Send + 'static) {
        *self.may_receive.lock().unwrap() = Box::new(may_receive);
    }

    pub(crate) fn allow_filters(&self, may_subscribe: impl Fn(&str) -> bool + Send + 'static) {
        *self.may_subscribe.lock().unwrap() = Box::new(may_subscribe);
    }

    pub(crate) fn forbid_publishing(&self) {
        self.may_publish.store(false, Ordering::Relaxed);
    }

    pub(crate) fn revoke(&self) {
        self.revoked.cancel();
    }
}

impl Pass for Guest {
    fn owner(&self) -> &str {
        &self.owner
    }

    fn may_publish(&self, _topic: &str) -> bool {
        self.may_publish.load(Ordering::Relaxed)
    }

    fn may_subscribe(&self, filter: &str) -> bool {
        (self.may_subscribe.lock().unwrap())(filter)
    }

    fn may_receive(&self, topic: &str, label: Option<&Label>) -> bool {
        let label = label.map(|label| label.downcast_ref::<String>().expect("a label of ours"));
        (self.may_receive.lock().unwrap())(topic, label.map(String::as_str))
    }

    fn ended(&self) -> BoxFuture<'static, ()> {
        Box::pin(self.revoked.clone().cancelled_owned())
    }
}

/// Lets the guests it knows in, by user name.
pub(crate) struct GuestList(BTreeMap<String, Arc<Guest>>);

impl GuestList {
    pub(crate) fn new<const N: usize>(guests: [(&str, &Arc<Guest>); N]) -> Arc<Self> {
        let guests = guests.map(|(user, guest)| (user.to_owned(), Arc::clone(guest)));
        Arc::new(Self(guests.into()))
    }
}

impl Gate for GuestList {
    fn admit(&self, visitor: Visitor) -> BoxFuture<'_, Result<Arc<dyn Pass>, Denied>> {
        let guest = visitor.user.and_then(|user| self.0.get(&user).cloned());
        Box::pin(async move { Ok(guest.ok_or(Denied::Credentials)? as Arc<dyn Pass>) })
    }

    fn recall(&self, owner: &str) -> Option<Arc<dyn Pass>> {
        let mut guests = self.0.values();
        let guest = guests.find(|guest| guest.owner == owner && !guest.revoked.is_cancelled())?;
        Some(Arc::clone(guest) as Arc<dyn Pass>)
    }
}
