//! Watches the system: its steps, the outcome of each upload, and whether every promise is kept.

pub(crate) mod observer;
pub mod outcomes;
pub(crate) mod promises;
pub mod steps;
pub(crate) mod visibility;

use std::net::SocketAddr;

use self::observer::Observer;
use self::outcomes::Outcomes;
use self::promises::Promises;
use self::steps::Steps;
use self::visibility::Visibility;
use crate::aws::lambda::Lambda;

/// The watchers of a system.
pub(crate) struct Watch {
    pub(crate) steps: Steps,
    pub(crate) outcomes: Outcomes,
    pub(crate) visibility: Visibility,
    pub(crate) promises: Option<Promises>,
}

impl Watch {
    /// Creates the watchers. Promises are watched if the URL of the repository is given.
    pub(crate) fn new(edge: SocketAddr, repository_url: Option<&str>) -> Self {
        let (steps, outcomes) = (Steps::new(), Outcomes::new());
        Self {
            visibility: Visibility::new(edge, outcomes.clone(), steps.clone()),
            promises: repository_url.map(Promises::new),
            steps,
            outcomes,
        }
    }

    /// The observer of the bucket, which also notifies the functions.
    pub(crate) fn observer(&self, notify: Option<Lambda>) -> Observer {
        Observer {
            notify,
            outcomes: self.outcomes.clone(),
            visibility: self.visibility.clone(),
            promises: self.promises.clone(),
            steps: self.steps.clone(),
        }
    }
}
