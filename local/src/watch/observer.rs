//! Turns events of the stand-ins into notifications, outcomes and steps.

use crate::aws::cloudfront::Invalidation;
use crate::aws::iam::Denied;
use crate::aws::lambda::{Lambda, Progress};
use crate::aws::s3::Object;
use crate::aws::s3::notifications::RULES;
use crate::aws::s3::store::Change;
use crate::identity::PUBLISH_CHART;
use crate::watch::outcomes::{Outcome, Outcomes};
use crate::watch::promises::Promises;
use crate::watch::steps::{StepKind, Steps};
use crate::watch::visibility::Visibility;

/// Handles each change of the bucket while the bucket is locked.
pub(crate) struct Observer {
    /// Where notifications are sent; `None` sends none.
    pub(crate) notify: Option<Lambda>,
    pub(crate) outcomes: Outcomes,
    pub(crate) visibility: Visibility,
    pub(crate) promises: Option<Promises>,
    pub(crate) steps: Steps,
}

impl Observer {
    pub(crate) fn see(&self, change: &Change<'_>) {
        if let Some(promises) = &self.promises {
            promises.see(change);
        }
        match change.object {
            Some(object) => self.written(change, object),
            None => {
                if change.key.starts_with("staging/") {
                    let by_publish_chart = change.cause.by.as_deref() == Some(PUBLISH_CHART);
                    if let Some(outcome) = self.outcomes.withdrawn(change.key, by_publish_chart) {
                        self.concluded(outcome);
                    }
                }
                self.steps.report(StepKind::Removed {
                    key: change.key.to_owned(),
                    by: change.cause.by.clone(),
                });
            }
        }
        if let Some(lambda) = &self.notify {
            for rule in &RULES {
                if let Some(event) = rule.event(change) {
                    lambda.invoke_async(rule.function, &event);
                }
            }
        }
    }

    fn written(&self, change: &Change<'_>, object: &Object) {
        let (key, etag, size) = (change.key.to_owned(), object.etag.clone(), object.bytes.len());
        if key.starts_with("staging/") {
            if key.ends_with(".tgz") {
                self.outcomes.uploaded(&key, &etag);
            }
            self.steps.report(StepKind::Uploaded { key, etag, size });
            return;
        }
        self.steps.report(StepKind::Written {
            key,
            etag,
            size,
            by: change.cause.by.clone(),
        });
        if change.key.starts_with("receipts/")
            && let Some(outcome) = self.outcomes.receipt(&object.bytes)
        {
            self.concluded(outcome);
        }
    }

    fn concluded(&self, outcome: Outcome) {
        self.visibility.expect(&outcome);
        self.steps.report(StepKind::Outcome(Box::new(outcome)));
    }
}

/// Handles the progress of an event.
pub(crate) fn on_progress(outcomes: Outcomes, steps: Steps) -> impl Fn(Progress) + Send + Sync {
    move |progress| match progress {
        Progress::Invoked(invoked) => steps.report(StepKind::Invoked(invoked)),
        Progress::Finished(finished) => steps.report(StepKind::Finished(finished)),
        Progress::Buried(letter) if letter.function == PUBLISH_CHART => {
            for outcome in outcomes.dead(&letter) {
                steps.report(StepKind::Outcome(Box::new(outcome)));
            }
        }
        Progress::Buried(_) => {}
    }
}

/// Handles an invalidation when CloudFront accepts it, and when it has taken effect.
pub(crate) fn on_invalidation(steps: Steps) -> impl Fn(&Invalidation) + Send + Sync {
    move |invalidation| {
        let Invalidation { id, paths, by, .. } = invalidation.clone();
        steps.report(if invalidation.completed {
            StepKind::InvalidationCompleted { id, paths }
        } else {
            StepKind::Invalidated { id, paths, by }
        });
    }
}

/// Handles a request that IAM denies.
pub(crate) fn on_denied(steps: Steps) -> impl Fn(&Denied) + Send + Sync {
    move |denied| steps.report(StepKind::Denied(denied.clone()))
}
