//! Runs all of Chartdrop on one machine.
//!
//! [`System::start`] starts stand-ins for the parts of AWS that the two functions use. The functions
//! themselves run unchanged, as processes under the real Lambda Runtime API.
//!
//! | module | stands in for |
//! | --- | --- |
//! | [`aws::s3`] | the bucket, over HTTP, with conditional writes and notifications |
//! | [`aws::lambda`] | invocations, retries, the dead-letter queue, one process per instance |
//! | [`aws::cloudfront`] | `CreateInvalidation`, `GetInvalidation` and `ListInvalidations` |
//! | [`aws::edge`] | CloudFront as a client sees it: serves only `charts/`, and caches |
//! | [`aws::secrets`] | `GetSecretValue` |
//! | [`aws::iam`] | permissions: each function may do only what `template.yaml` grants |
//!
//! The modules of the crate. Each imports only from those below it:
//!
//! | module | what it does |
//! | --- | --- |
//! | [`run`] | runs the program: the command line, the session and the output |
//! | [`system`] | starts the stand-ins, wires them together and stops them; finds or builds the functions |
//! | [`watch`] | watches the system: steps, outcomes, visibility at the edge, promises |
//! | [`aws`] | the stand-ins |
//! | [`faults`] | injects faults into the stand-ins, chosen by a test or a seed |
//! | [`package`] | packages a chart folder as `helm package` does |
//! | [`http`], [`identity`], `events`, `sync` | shared helpers: HTTP, names, S3's events, locks |
//!
//! The command line (`cargo run -p local`) and the end-to-end tests use the same library. The
//! `README.md` of this crate lists where each stand-in is known to differ from AWS.

pub mod aws;
mod events;
pub mod faults;
pub mod http;
pub mod identity;
#[cfg(test)]
mod messages;
pub mod package;
pub mod run;
mod sync;
pub mod system;
pub mod watch;

pub use system::options::{Options, StartError};
pub use system::{System, undone};
pub use watch::outcomes::{Outcome, OutcomeKind, Upload};
pub use watch::steps::{Step, StepKind};
