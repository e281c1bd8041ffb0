//! What goes from one connection to others.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use djscope_live::{Application, Push, Raised, TaskId};
use djscope_template::value::Value;
use tokio::sync::mpsc::{self, Receiver, Sender, WeakSender};

/// So many deliveries wait for a connection that is busy; more pushes are lost.
const MAX_WAITING: usize = 256;

/// What a connection is handed from elsewhere.
#[derive(Debug)]
pub enum Delivery {
    /// Somebody pushed to its view.
    Push(Arc<Push>),
    /// Work in the background is done.
    Done(Box<(TaskId, Result<Value, Raised>)>),
}

/// All connections.
pub struct Hub {
    application: Arc<Application>,
    /// `None` after the end.
    members: Mutex<Option<HashMap<u64, Member>>>,
    last_number: AtomicU64,
    lost_pushes: AtomicU64,
}

struct Member {
    /// The only one that stays: without it the connection ends.
    sender: Sender<Delivery>,
    view: Option<Arc<str>>,
}

/// The connection's part: it is a member for as long as this value lives.
pub struct Membership {
    hub: Arc<Hub>,
    number: u64,
    /// What comes; `None` when the host stops.
    pub inbox: Receiver<Delivery>,
    /// For the results of its own work.
    pub results: WeakSender<Delivery>,
}

impl Hub {
    pub fn new(application: Arc<Application>) -> Self {
        Self {
            application,
            members: Mutex::new(Some(HashMap::new())),
            last_number: AtomicU64::new(0),
            lost_pushes: AtomicU64::new(0),
        }
    }

    /// Takes a connection in. After [`Hub::close`] its inbox has ended already.
    pub fn join(self: &Arc<Self>) -> Membership {
        let (sender, inbox) = mpsc::channel(MAX_WAITING);
        let results = sender.downgrade();
        let number = self.last_number.fetch_add(1, Ordering::Relaxed);
        if let Some(members) = &mut *self.members.lock().unwrap_or_else(PoisonError::into_inner) {
            members.insert(number, Member { sender, view: None });
        }
        Membership {
            hub: Arc::clone(self),
            number,
            inbox,
            results,
        }
    }

    /// Hands a push to all connections whose view is meant, but the one that it comes from.
    ///
    /// Nobody waits: a connection that is busy and has many deliveries waiting loses it.
    fn push(&self, push: Push, from: Option<u64>) {
        let is_target = |view: &Arc<str>| {
            self.application
                .view(view)
                .is_some_and(|registered| registered.declaration().is_target(&push.target))
        };
        let targets: Vec<Arc<str>> = self
            .application
            .views()
            .map(|registered| Arc::clone(&registered.declaration().path))
            .filter(is_target)
            .collect();
        let push = Arc::new(push);
        let members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        for (number, member) in members.iter().flatten() {
            let is_meant = member.view.as_ref().is_some_and(|view| targets.contains(view));
            if !is_meant || Some(*number) == from {
                continue;
            }
            if let Err(mpsc::error::TrySendError::Full(_)) =
                member.sender.try_send(Delivery::Push(Arc::clone(&push)))
            {
                self.lost_pushes.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Ends all connections, and all that will be.
    pub fn close(&self) {
        let members = self.members.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(members);
    }

    /// Pushes that did not reach a connection because too much was waiting for it.
    pub fn lost_pushes(&self) -> u64 {
        self.lost_pushes.load(Ordering::Relaxed)
    }
}

impl Membership {
    /// Tells which view is mounted.
    pub fn shows(&self, view: Option<&Arc<str>>) {
        let mut members = self.hub.members.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(member) = members.as_mut().and_then(|members| members.get_mut(&self.number)) {
            member.view = view.cloned();
        }
    }

    /// Hands a push to all others whose view is meant.
    pub fn push(&self, push: Push) {
        self.hub.push(push, Some(self.number));
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        let mut members = self.hub.members.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(members) = &mut *members {
            members.remove(&self.number);
        }
    }
}

/// Pushes from outside of any view: from a thread in the background.
#[derive(Clone)]
pub struct Pusher {
    hub: Arc<Hub>,
}

impl Pusher {
    pub(crate) fn new(hub: Arc<Hub>) -> Self {
        Self { hub }
    }

    /// Hands a push to all connections whose view is meant. Waits for nothing.
    pub fn push(&self, push: Push) {
        self.hub.push(push, None);
    }
}

impl fmt::Debug for Pusher {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Pusher")
    }
}
