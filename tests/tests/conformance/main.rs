//! Tests Chartdrop with real tools: Helm 3 and 4, cargo-lambda, SAM CLI, the AWS CLI, and the YAML
//! readers of other tools.
//!
//! `.ci/tools` installs them, and prints the environment variables with which these tests find
//! them.

mod aws_cli;
mod cargo_lambda;
mod clients;
mod deploy;
mod entries;
mod foreign;
mod gpg;
mod hard;
mod helm;
mod images;
mod indexes;
mod kubernetes;
mod loading;
mod mirror;
mod packing;
mod provenance;
mod quick_start;
mod readers;
mod reading;
mod registry;
mod servers;
mod stricter;
mod tools;
mod variations;
mod verdicts;
