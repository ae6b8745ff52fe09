//! Tests that the stand-ins behave like AWS, with the real SDKs as clients. The functions are
//! fakes: see [`fake`].

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::exit,
    reason = "tests may panic, and clippy.toml allows it only in functions marked as tests"
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
