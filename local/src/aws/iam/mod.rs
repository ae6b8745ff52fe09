//! IAM: allows each function only what `template.yaml` grants it.
//!
//! Every request that a function makes to S3, CloudFront and Secrets Manager is checked against the
//! policy statements of that function in the template, which is compiled into this program:
//! [`template`] reads them, [`policy`] evaluates them, and [`needs`] knows which permissions an S3
//! request requires. Requests of other callers are not checked; [`access`] lets tests check what
//! the template allows the edge, the release role and anyone to do with the bucket.

mod access;
mod needs;
mod policy;
mod template;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

pub use self::access::{BucketAccess, Visit, Visitor};
pub(crate) use self::needs::Asked;
pub(crate) use self::policy::Access;
use self::policy::{Decision, decide};
pub use self::policy::{Effect, Permission};
pub use self::template::TemplateError;
use crate::identity::role_arn;
use crate::sync::lock;

/// The template that is deployed.
pub const TEMPLATE: &str = include_str!("../../../../template.yaml");

/// A request of a function that its policies do not allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "User: {} is not authorized to perform: {action} on resource: \"{resource}\" {because}",
    role_arn(function)
)]
pub struct Denied {
    /// `publish-chart` or `invalidate-cdn`.
    pub function: String,
    /// Such as `s3:GetObject`.
    pub action: String,
    /// The ARN of the resource.
    pub resource: String,
    /// Why, worded as AWS does.
    pub because: String,
}

/// What each function may do, and which permissions it has used. Clones share the same state.
#[derive(Clone)]
pub(crate) struct Iam {
    inner: Arc<Inner>,
}

struct Inner {
    policies: BTreeMap<String, Vec<Permission>>,
    needed: Mutex<BTreeSet<(String, Permission)>>,
    denied: Mutex<Vec<Denied>>,
    on_denied: Box<dyn Fn(&Denied) + Send + Sync>,
}

impl Iam {
    /// Reads the functions' policies in the text of a template. `on_denied` is called for each
    /// request that they do not allow.
    pub(crate) fn new(
        template: &str,
        on_denied: impl Fn(&Denied) + Send + Sync + 'static,
    ) -> Result<Self, TemplateError> {
        let inner = Inner {
            policies: template::policies(template)?,
            needed: Mutex::default(),
            denied: Mutex::default(),
            on_denied: Box::new(on_denied),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Checks that a function may do all of this, and reports a denial. Any other caller (`None`)
    /// may.
    pub(crate) fn authorize(&self, function: Option<&str>, accesses: &[Access]) -> Result<(), Denied> {
        let Some(function) = function else { return Ok(()) };
        let permissions = self.inner.policies.get(function).map(Vec::as_slice).unwrap_or_default();
        let mut needed = Vec::new();
        for access in accesses {
            match decide(permissions, access) {
                Decision::Allowed(by) => needed.extend(by),
                Decision::Denied { because } => {
                    return Err(self.deny(function, access.action, &access.resource, because));
                }
            }
        }
        let needed = needed.into_iter().cloned();
        lock(&self.inner.needed).extend(needed.map(|permission| (function.to_owned(), permission)));
        Ok(())
    }

    /// Denies a request whose required permissions [`needs`] does not know.
    pub(crate) fn deny_unknown(&self, function: &str, operation: &str, resource: &str) -> Denied {
        let because =
            "because `local` does not know which permissions it requires; add them in local/src/aws/iam/needs.rs"
                .to_owned();
        self.deny(function, operation, resource, because)
    }

    fn deny(&self, function: &str, action: &str, resource: &str, because: String) -> Denied {
        let denied = Denied {
            function: function.to_owned(),
            action: action.to_owned(),
            resource: resource.to_owned(),
            because,
        };
        lock(&self.inner.denied).push(denied.clone());
        (self.inner.on_denied)(&denied);
        denied
    }

    /// The requests that were denied, oldest first.
    pub(crate) fn denied(&self) -> Vec<Denied> {
        lock(&self.inner.denied).clone()
    }

    /// The permissions in the template that no request so far has needed, each with its function.
    pub(crate) fn unneeded(&self) -> Vec<(String, Permission)> {
        let needed = lock(&self.inner.needed);
        let all = self.inner.policies.iter().flat_map(|(function, permissions)| {
            let allowing = permissions
                .iter()
                .filter(|permission| permission.effect == Effect::Allow);
            allowing.map(|permission| (function.clone(), permission.clone()))
        });
        all.filter(|permission| !needed.contains(permission)).collect()
    }
}
