//! What real tools make of Chartdrop: Helm 3 and 4, cargo-lambda, the AWS CLI.
//!
//! `.ci/tools` installs them and prints the environment variables in which these tests look for them.

mod aws_cli;
mod cargo_lambda;
mod clients;
mod entries;
mod helm;
mod indexes;
mod kubernetes;
mod tools;
mod variations;
