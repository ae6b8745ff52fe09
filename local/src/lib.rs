//! The whole of Chartdrop on one machine.
//!
//! [`System::start`] brings up stand-ins for the parts of AWS that the two functions talk to, and runs the functions
//! themselves unchanged, as processes under the real Lambda Runtime API:
//!
//! | module | stands in for |
//! | --- | --- |
//! | [`s3`] | the bucket, over HTTP, with conditional writes and notifications |
//! | [`lambda`] | asynchronous invocations, retries, the dead-letter queue, one process per instance |
//! | [`cloudfront`] | `CreateInvalidation` and its relatives |
//! | [`edge`] | the CDN as a client sees it: serves `charts/` only, really caches |
//! | [`secrets`] | `GetSecretValue` |
//! | [`iam`] | what `template.yaml` lets each function do |
//!
//! The command line (`cargo run -p local`) is a thin user of the same library; so are the end-to-end tests.
//! `README.md` beside this crate says where each stand-in is known to differ from AWS.

mod aws;
pub mod binaries;
pub mod chaos;
pub mod cli;
pub mod cloudfront;
pub mod edge;
pub mod faults;
mod http;
pub mod iam;
pub mod lambda;
mod observer;
mod options;
pub mod outcomes;
pub mod package;
mod promises;
mod report;
pub mod s3;
pub mod secrets;
mod session;
pub mod steps;
mod story;
mod sync;
mod system;
mod visibility;

pub use options::{Options, StartError};
pub use outcomes::{Outcome, OutcomeKind, Upload};
pub use steps::{Step, StepKind};
pub use system::{System, undone};
