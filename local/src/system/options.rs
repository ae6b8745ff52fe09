//! The options of a system, and the errors of starting it.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};

use crate::aws::edge::DistributionError;
use crate::aws::iam::{TEMPLATE, TemplateError};
use crate::aws::lambda::RETRY_DELAYS;
use crate::faults::{Faults, NoFaults};
use crate::system::binaries::{Binaries, BuildError};

/// The options of a system. By default, it listens on free ports of 127.0.0.1 and keeps everything
/// in memory.
#[derive(Clone)]
pub struct Options {
    /// The address of the edge; port 0 picks a free port.
    pub edge: SocketAddr,
    /// The address of S3; port 0 picks a free port.
    pub s3: SocketAddr,
    /// The address of CloudFront's API, Secrets Manager and Lambda's Invoke API; port 0 picks a
    /// free port.
    pub aws: SocketAddr,
    /// The folder that keeps the bucket between runs; `None` keeps it in memory.
    pub data: Option<PathBuf>,
    /// How many processes of publish-chart may run at once.
    pub instances: usize,
    /// Environment variables of the functions: their settings, and others to set or override.
    pub settings: BTreeMap<String, String>,
    /// The value of the secret, until [`crate::System::set_secret`] changes it.
    pub secret: Option<String>,
    /// The text of the template whose policies decide what the functions may do.
    pub template: String,
    /// Whether S3 notifies the functions of new objects. Otherwise a test delivers the events.
    pub notifications: bool,
    /// Whether to fetch the index through the edge until each published chart is visible there, and
    /// to report [`crate::StepKind::Visible`].
    pub watch_edge: bool,
    /// Whether to check each change of the bucket against the promises:
    /// [`crate::System::broken_promises`].
    pub watch_promises: bool,
    /// The functions' executables; `None` calls [`crate::system::binaries::build`].
    pub functions: Option<Binaries>,
    /// The timeout of publish-chart.
    pub publish_timeout: Duration,
    /// The timeout of invalidate-cdn.
    pub invalidate_timeout: Duration,
    /// The pause before each retry of an asynchronous event; their number is the number of retries.
    pub retry_delays: Vec<Duration>,
    /// How long an invalidation stays in progress.
    pub invalidation_takes: Duration,
    /// The faults to inject.
    pub faults: Arc<dyn Faults>,
}

impl Default for Options {
    fn default() -> Self {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            edge: any,
            s3: any,
            aws: any,
            data: None,
            instances: 10,
            settings: BTreeMap::new(),
            secret: None,
            template: TEMPLATE.to_owned(),
            notifications: true,
            watch_edge: false,
            watch_promises: false,
            functions: None,
            publish_timeout: Duration::from_secs(60),
            invalidate_timeout: Duration::from_secs(30),
            retry_delays: RETRY_DELAYS.to_vec(),
            invalidation_takes: Duration::from_millis(100),
            faults: Arc::new(NoFaults),
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("edge", &self.edge)
            .field("s3", &self.s3)
            .field("aws", &self.aws)
            .field("data", &self.data)
            .field("instances", &self.instances)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// Why a system cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A port is in use or not permitted.
    #[error("{what} cannot listen on {address}: {error}; choose another port with {option}, 0 for any free one")]
    Listen {
        /// Which stand-in.
        what: &'static str,
        /// The address that it should listen on.
        address: SocketAddr,
        /// The option that changes it.
        option: &'static str,
        /// Why, in the words of the operating system.
        error: io::Error,
    },
    /// The folder for the bucket cannot be used.
    #[error(
        "the bucket cannot be kept in {folder}: {error}; choose another folder with --data",
        folder = .folder.display()
    )]
    Data {
        /// The folder.
        folder: PathBuf,
        /// Why, in the words of the operating system.
        error: io::Error,
    },
    /// The functions' permissions in the template cannot be read.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The distribution in the template cannot be read.
    #[error(transparent)]
    Distribution(#[from] DistributionError),
    /// The functions are not available.
    #[error(transparent)]
    Functions(#[from] BuildError),
}
