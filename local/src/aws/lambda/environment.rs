//! The environment variables of a function process: those that Lambda sets and those that
//! `template.yaml` sets. Almost nothing is inherited from this program.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::spec::FunctionSpec;
use crate::aws::caller::access_key;
use crate::identity::{BUCKET, DISTRIBUTION, REGION, SECRET_ACCESS_KEY, SECRET_NAME};

/// The inherited variables: they let the process find programs, print backtraces and record
/// coverage.
const INHERITED: [&str; 4] = ["PATH", "RUST_BACKTRACE", "RUST_LIB_BACKTRACE", "LLVM_PROFILE_FILE"];

/// The URLs of the stand-ins.
#[derive(Debug, Clone)]
pub(crate) struct Endpoints {
    pub(crate) s3: String,
    /// CloudFront's API, Secrets Manager and the Invoke API.
    pub(crate) aws: String,
    pub(crate) edge: String,
}

/// The parts of the environment that all functions share.
#[derive(Debug, Clone)]
pub(crate) struct Environment {
    pub(crate) endpoints: Endpoints,
    /// Settings of the functions; they override every other variable.
    pub(crate) settings: BTreeMap<String, String>,
}

impl Environment {
    /// The variables of one process.
    pub(super) fn of_process(
        &self,
        spec: &FunctionSpec,
        runtime_api: SocketAddr,
        process: &str,
    ) -> BTreeMap<String, String> {
        let name = spec.name.as_str();
        let endpoints = &self.endpoints;
        let ours = [
            ("AWS_LAMBDA_RUNTIME_API", runtime_api.to_string()),
            ("AWS_LAMBDA_FUNCTION_NAME", name.to_owned()),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", spec.memory_mib.to_string()),
            ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
            ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{name}")),
            ("AWS_LAMBDA_LOG_STREAM_NAME", format!("local/[$LATEST]{process}")),
            ("AWS_LAMBDA_LOG_FORMAT", "JSON".to_owned()),
            ("_HANDLER", "bootstrap".to_owned()),
            ("TZ", ":UTC".to_owned()),
            ("LANG", "en_US.UTF-8".to_owned()),
            ("AWS_REGION", REGION.to_owned()),
            ("AWS_DEFAULT_REGION", REGION.to_owned()),
            ("AWS_ACCESS_KEY_ID", access_key(name)),
            ("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY.to_owned()),
            // Identifies the process to the S3 listener, so that a fault can kill it.
            ("AWS_SESSION_TOKEN", process.to_owned()),
            ("AWS_ENDPOINT_URL_S3", endpoints.s3.clone()),
            ("AWS_ENDPOINT_URL_CLOUDFRONT", endpoints.aws.clone()),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", endpoints.aws.clone()),
            ("CHART_BUCKET", BUCKET.to_owned()),
            ("REPOSITORY_URL", endpoints.edge.clone()),
            ("DISTRIBUTION_ID", DISTRIBUTION.to_owned()),
            ("SECRET_ID", SECRET_NAME.to_owned()),
        ];
        let inherited = INHERITED
            .iter()
            .filter_map(|&name| Some((name, std::env::var(name).ok()?)));
        let mut all: BTreeMap<String, String> = inherited
            .chain(ours)
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        all.extend(self.settings.clone());
        all
    }
}
