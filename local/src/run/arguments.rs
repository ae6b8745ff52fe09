//! The arguments of the command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;

use crate::faults::chaos::MODERATE_RATE;

/// Runs all of Chartdrop on this machine: uploads charts to a local bucket, publishes them with the
/// real functions and serves the repository to Helm until Ctrl-C.
#[derive(Debug, Parser)]
#[command(name = "local", version, after_help = AFTER_HELP)]
pub struct Arguments {
    /// Chart folders (packaged as `helm package` does it) and packaged charts (uploaded unchanged),
    /// in this order [default: examples/kube9-operator, or nothing if the --data folder already
    /// holds a repository]
    #[arg(value_name = "CHART")]
    pub charts: Vec<PathBuf>,

    /// Exit when every upload has an outcome and every published chart is visible at the edge. Exit
    /// code 0: all charts are live; 1: at least one was rejected, failed or never became visible;
    /// 3: at least one is held, and nothing went wrong
    #[arg(long)]
    pub once: bool,

    /// Address of the edge, for Helm; port 0 picks a free port
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080", value_parser = address)]
    pub listen: SocketAddr,

    /// Address of S3, for the AWS CLI and SDKs; port 0 picks a free port
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9000", value_parser = address)]
    pub s3: SocketAddr,

    /// Address of CloudFront's API, Secrets Manager and Lambda's Invoke API; port 0 picks a free
    /// port
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9001", value_parser = address)]
    pub aws: SocketAddr,

    /// Keep the bucket in this folder between runs [default: in memory]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,

    /// How many processes of publish-chart may run at once
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = at_least_one)]
    pub instances: usize,

    /// The tag of the release that the charts belong to, such as v1.2.3. Each upload carries it as
    /// metadata, and publish-chart compares it with the chart's version (VERSION_CHECK)
    #[arg(long, value_name = "TAG")]
    pub release: Option<String>,

    /// A file with the secret that Secrets Manager returns: the JSON that docs/secret.md describes
    #[arg(long, value_name = "FILE")]
    pub secret: Option<PathBuf>,

    /// Inject faults: requests fail, events are lost, repeated or delayed, and processes are
    /// killed. The same SEED injects the same faults as far as timing allows. With --once, the run
    /// ends with a sweep, as the schedule would start it, and reports every broken promise
    #[arg(long, value_name = "SEED", value_parser = seed)]
    pub chaos: Option<u64>,

    /// The share of requests and events that meet a fault, from 0 to 1
    #[arg(long, value_name = "RATE", requires = "chaos", default_value_t = MODERATE_RATE, value_parser = share)]
    pub chaos_rate: f64,

    /// Print one line of JSON per outcome instead of the story. With --once, the last line is a
    /// summary; without it, the first line lists the addresses
    #[arg(long)]
    pub json: bool,
}

const AFTER_HELP: &str = "\
The functions read their settings from the environment: INDEX_FORMAT=yaml cargo run -p local
To skip building the functions, set CHARTDROP_FUNCTIONS to a folder that holds both of them.";

fn address(text: &str) -> Result<SocketAddr, String> {
    let text = text
        .strip_prefix("localhost")
        .map_or_else(|| text.to_owned(), |port| format!("127.0.0.1{port}"));
    text.parse()
        .map_err(|_| "expected an IP address and a port, such as 127.0.0.1:8080".to_owned())
}

fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|count| *count > 0)
        .ok_or_else(|| "expected a whole number, 1 or more".to_owned())
}

fn seed(text: &str) -> Result<u64, String> {
    text.parse()
        .map_err(|_| "expected a whole number, such as 7".to_owned())
}

fn share(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|share| (0.0..=1.0).contains(share))
        .ok_or_else(|| "expected a number from 0 to 1, such as 0.05".to_owned())
}
