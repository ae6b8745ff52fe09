//! The stand-ins against what AWS does, spoken to by the real SDKs. The functions here are fakes:
//! see [`fake`].

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::exit,
    reason = "tests may stop at the first surprise, and clippy.toml means only functions marked as tests"
)]

mod cloudfront;
mod data;
mod edge;
mod fake;
mod faults;
mod lambda;
mod outcomes;
mod permissions;
mod s3_conditions;
mod s3_objects;
mod secrets;
mod support;
mod visibility;
