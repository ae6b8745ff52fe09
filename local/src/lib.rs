//! The whole of Chartdrop on one machine.
//!
//! [`System::start`] brings up stand-ins for the parts of AWS that the two functions talk to, and
//! runs the functions themselves unchanged, as processes under the real Lambda Runtime API.
//!
//! | module | stands in for |
//! | --- | --- |
//! | [`aws::s3`] | the bucket, over HTTP, with conditional writes and notifications |
//! | [`aws::lambda`] | asynchronous invocations, retries, the dead-letter queue, one process per instance |
//! | [`aws::cloudfront`] | `CreateInvalidation` and its relatives |
//! | [`aws::edge`] | the CDN as a client sees it: serves `charts/` only, really caches |
//! | [`aws::secrets`] | `GetSecretValue` |
//! | [`aws::iam`] | what `template.yaml` lets each function do |
//!
//! The other modules stand in for nothing. Each imports only from those below it:
//!
//! | module | what it does |
//! | --- | --- |
//! | [`run`] | runs the program: the command line, the session, what is printed |
//! | [`system`] | starts the stand-ins, wires them together and stops them; finds or builds the functions |
//! | [`watch`] | watches the system: steps, outcomes, visibility at the edge, promises |
//! | [`aws`] | the stand-ins |
//! | [`faults`] | makes the stand-ins misbehave, as a test or a seed asks |
//! | [`package`] | packs a chart folder as `helm package` does |
//! | [`http`], [`identity`], `events`, `sync` | HTTP, names, S3's events and locks, for all of them |
//!
//! The command line (`cargo run -p local`) is a thin user of the same library; so are the
//! end-to-end tests. `README.md` beside this crate says where each stand-in is known to differ from
//! AWS.

pub mod aws;
mod events;
pub mod faults;
pub mod http;
pub mod identity;
pub mod package;
pub mod run;
mod sync;
pub mod system;
pub mod watch;

pub use system::options::{Options, StartError};
pub use system::{System, undone};
pub use watch::outcomes::{Outcome, OutcomeKind, Upload};
pub use watch::steps::{Step, StepKind};
