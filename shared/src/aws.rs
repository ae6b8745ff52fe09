//! The AWS clients: only the parts that Lambda needs, created on first use.
//!
//! In Lambda, credentials and region are environment variables. So the crate `aws-config` is left
//! out, with its chain of other sources (profiles, STS, instance metadata). TLS uses `ring`,
//! because aws-lc makes the binary two thirds of a megabyte larger and slower to build.
//!
//! Creating a client reads the root certificates, which takes three times as long as the rest of a
//! function's start.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::future::ProvideCredentials as Provided;
use aws_credential_types::provider::{self, ProvideCredentials, SharedCredentialsProvider};
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{BehaviorVersion, Region};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_types::SdkConfig;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};

/// Attempts per request, including the first. Lambda's own retries cover what fails after that.
const ATTEMPTS: u32 = 4;

/// The connector that all clients of a process share, created with the first of them.
#[derive(Debug, Clone, Default)]
pub struct Aws(Arc<OnceLock<SdkConfig>>);

impl Aws {
    /// The configuration of the clients.
    pub(crate) fn config(&self) -> &SdkConfig {
        self.0.get_or_init(config)
    }
}

fn config() -> SdkConfig {
    let http = Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https();
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(3))
        .read_timeout(Duration::from_secs(15))
        .operation_attempt_timeout(Duration::from_secs(30))
        .build();
    let region = variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION"));
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(http)
        .region(region.map(Region::new))
        .credentials_provider(SharedCredentialsProvider::new(Environment))
        .service_config(Environment)
        .use_fips(is_on("AWS_USE_FIPS_ENDPOINT"))
        .use_dual_stack(is_on("AWS_USE_DUALSTACK_ENDPOINT"))
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .timeout_config(timeouts)
        .build()
}

/// The variables that Lambda sets, and service endpoints, which only tests set.
#[derive(Debug)]
struct Environment;

impl Environment {
    fn credentials() -> provider::Result {
        let required = |name| variable(name).ok_or_else(|| CredentialsError::not_loaded(format!("{name} is not set")));
        let mut credentials = Credentials::builder()
            .access_key_id(required("AWS_ACCESS_KEY_ID")?)
            .secret_access_key(required("AWS_SECRET_ACCESS_KEY")?)
            .provider_name("Environment");
        credentials.set_session_token(variable("AWS_SESSION_TOKEN"));
        Ok(credentials.build())
    }
}

impl ProvideCredentials for Environment {
    fn provide_credentials<'a>(&'a self) -> Provided<'a>
    where
        Self: 'a,
    {
        Provided::ready(Self::credentials())
    }
}

impl LoadServiceConfig for Environment {
    /// `AWS_ENDPOINT_URL_S3`, else `AWS_ENDPOINT_URL`
    /// (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html>).
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let service = key.service_id().to_ascii_uppercase().replace(' ', "_");
        variable(&format!("{}_{service}", key.env())).or_else(|| variable(key.env()))
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn is_on(name: &str) -> bool {
    variable(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
}
