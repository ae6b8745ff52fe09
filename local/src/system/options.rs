//! How a system is set up, and why it may not start.

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

/// How a system is set up. The default listens on free ports of 127.0.0.1 and keeps everything in
/// memory.
#[derive(Clone)]
pub struct Options {
    /// Where the edge listens; port 0 for any free one.
    pub edge: SocketAddr,
    /// Where S3 listens; port 0 for any free one.
    pub s3: SocketAddr,
    /// Where CloudFront's API, Secrets Manager and Lambda's Invoke API listen; port 0 for any free
    /// one.
    pub aws: SocketAddr,
    /// The bucket is kept in that folder between runs.
    pub data: Option<PathBuf>,
    /// Processes of publish-chart at once.
    pub instances: usize,
    /// Environment of the functions: their settings, and whatever else is to be set or overridden.
    pub settings: BTreeMap<String, String>,
    /// The value of the one secret, until [`crate::System::set_secret`] changes it.
    pub secret: Option<String>,
    /// The text of the template whose policies the functions are held to.
    pub template: String,
    /// S3 tells the functions about new objects. Without, a test delivers events by itself.
    pub notifications: bool,
    /// Fetches the index through the edge until each published chart is visible there, and tells
    /// [`crate::StepKind::Visible`].
    pub watch_edge: bool,
    /// Watches each change of the bucket for promises that it breaks:
    /// [`crate::System::broken_promises`].
    pub watch_promises: bool,
    /// The functions' executables; `None`: [`crate::system::binaries::build`].
    pub functions: Option<Binaries>,
    /// How long publish-chart may take.
    pub publish_timeout: Duration,
    /// How long invalidate-cdn may take.
    pub invalidate_timeout: Duration,
    /// Pauses before an asynchronous event is tried again; as many retries as there are pauses.
    pub retry_delays: Vec<Duration>,
    /// How long an invalidation is in progress.
    pub invalidation_takes: Duration,
    /// What goes wrong.
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

/// Why a system does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A port is taken, or may not be used.
    #[error("{what} cannot listen on {address}: {error}; {option} chooses another address, port 0 any free one")]
    Listen {
        /// Which stand-in.
        what: &'static str,
        /// Where it should listen.
        address: SocketAddr,
        /// The option that changes it.
        option: &'static str,
        /// The system's words.
        error: io::Error,
    },
    /// The folder for the bucket cannot be used.
    #[error("the bucket cannot be kept in {folder}: {error}", folder = .folder.display())]
    Data {
        /// The folder.
        folder: PathBuf,
        /// The system's words.
        error: io::Error,
    },
    /// What the functions may do is not known.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// What the edge does is not known.
    #[error(transparent)]
    Distribution(#[from] DistributionError),
    /// There are no functions to run.
    #[error(transparent)]
    Functions(#[from] BuildError),
}
