//! The arguments of the command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;

use crate::faults::chaos::MODERATE_RATE;

/// The whole of Chartdrop on this machine: drops charts into a local bucket, runs the real
/// functions on them and serves the repository to Helm until Ctrl-C.
#[derive(Debug, Parser)]
#[command(name = "local", version, after_help = AFTER_HELP)]
pub struct Arguments {
    /// Chart folders (packed as `helm package` packs them) and packaged charts (uploaded as they
    /// are), in this order [default: examples/kube9-operator, or nothing if the folder of --data
    /// has a repository]
    #[arg(value_name = "CHART")]
    pub charts: Vec<PathBuf>,

    /// Exit when every upload has its outcome and the published ones are visible at the edge: 0 if
    /// all are live, 1 if any was rejected or failed, 3 if none was, but any is held
    #[arg(long)]
    pub once: bool,

    /// Where the edge listens, for Helm; port 0 for any free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080", value_parser = address)]
    pub listen: SocketAddr,

    /// Where S3 listens, for the AWS CLI and SDKs; port 0 for any free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9000", value_parser = address)]
    pub s3: SocketAddr,

    /// Where CloudFront's API, Secrets Manager and Lambda's Invoke API listen; port 0 for any free
    /// one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9001", value_parser = address)]
    pub aws: SocketAddr,

    /// Keep the bucket in this folder between runs [default: in memory]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,

    /// Processes of publish-chart at once
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = at_least_one)]
    pub instances: usize,

    /// The tag of the release that the charts belong to, such as v1.2.3: metadata of their uploads,
    /// which publish-chart compares with their versions (VERSION_CHECK)
    #[arg(long, value_name = "TAG")]
    pub release: Option<String>,

    /// What Secrets Manager holds: a file with the JSON that docs/secret.md describes
    #[arg(long, value_name = "FILE")]
    pub secret: Option<PathBuf>,

    /// The worst day: requests and events go wrong and processes die, the same for the same SEED as
    /// far as timing allows. With --once it ends with a sweep, as the schedule would make one, and
    /// says which promise was broken
    #[arg(long, value_name = "SEED")]
    pub chaos: Option<u64>,

    /// The share of requests and events that go wrong, from 0 to 1
    #[arg(long, value_name = "RATE", requires = "chaos", default_value_t = MODERATE_RATE, value_parser = share)]
    pub chaos_rate: f64,

    /// A line of JSON for each outcome instead of the story; with --once a summary at the end, else
    /// the addresses at the start
    #[arg(long)]
    pub json: bool,
}

const AFTER_HELP: &str = "\
Settings of the functions are taken from the environment: INDEX_FORMAT=yaml cargo run -p local
CHARTDROP_FUNCTIONS names a folder with the two functions; then they are not built.";

fn address(text: &str) -> Result<SocketAddr, String> {
    let text = text
        .strip_prefix("localhost")
        .map_or_else(|| text.to_owned(), |port| format!("127.0.0.1{port}"));
    text.parse()
        .map_err(|_| "an IP address and a port, such as 127.0.0.1:8080".to_owned())
}

fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|count| *count > 0)
        .ok_or_else(|| "a whole number from 1 on".to_owned())
}

fn share(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|share| (0.0..=1.0).contains(share))
        .ok_or_else(|| "a number from 0 to 1, such as 0.05".to_owned())
}
