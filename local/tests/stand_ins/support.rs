//! Starts a system with fake functions, and creates SDK clients for it.

use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region, retry::RetryConfig};
use local::identity::{REGION, SECRET_ACCESS_KEY};
use local::system::binaries::Binaries;
use local::{Options, System};

/// Starts a system whose functions are [`crate::fake`]s.
pub(crate) async fn start(options: Options) -> System {
    let fake = crate::fake::binary();
    let functions = Binaries {
        publish_chart: fake.clone(),
        invalidate_cdn: fake,
    };
    System::start(Options {
        functions: Some(functions),
        ..options
    })
    .await
    .unwrap()
}

/// Starts a system without notifications.
pub(crate) async fn start_bucket() -> System {
    start(Options {
        notifications: false,
        ..Options::default()
    })
    .await
}

/// Options with short pauses between retries.
pub(crate) fn impatient() -> Options {
    Options {
        retry_delays: vec![std::time::Duration::from_millis(20); 2],
        ..Options::default()
    }
}

pub(crate) fn s3(system: &System) -> aws_sdk_s3::Client {
    s3_as(system, "test")
}

pub(crate) fn s3_as(system: &System, access_key: &str) -> aws_sdk_s3::Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .endpoint_url(system.s3_endpoint())
        .credentials_provider(Credentials::new(access_key, SECRET_ACCESS_KEY, None, None, "test"))
        .retry_config(RetryConfig::disabled())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    aws_sdk_s3::Client::from_conf(config)
}

pub(crate) fn cloudfront(system: &System) -> aws_sdk_cloudfront::Client {
    let config = aws_sdk_cloudfront::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .endpoint_url(system.aws_endpoint())
        .credentials_provider(Credentials::new("test", SECRET_ACCESS_KEY, None, None, "test"))
        .retry_config(RetryConfig::disabled())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    aws_sdk_cloudfront::Client::from_conf(config)
}

pub(crate) fn secrets(system: &System) -> aws_sdk_secretsmanager::Client {
    let config = aws_sdk_secretsmanager::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .endpoint_url(system.aws_endpoint())
        .credentials_provider(Credentials::new("test", SECRET_ACCESS_KEY, None, None, "test"))
        .retry_config(RetryConfig::disabled())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    aws_sdk_secretsmanager::Client::from_conf(config)
}

/// The error code in the answer of the service.
pub(crate) fn code<T, E, R>(result: Result<T, aws_sdk_s3::error::SdkError<E, R>>) -> String
where
    E: aws_sdk_s3::error::ProvideErrorMetadata + std::fmt::Debug,
    R: std::fmt::Debug,
    T: std::fmt::Debug,
{
    let error = result.expect_err("an error");
    let service = error
        .as_service_error()
        .unwrap_or_else(|| panic!("not the service's: {error:?}"));
    service.code().unwrap_or_default().to_owned()
}

/// A complete HTTP answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

/// Sends bytes as they are and reads the answer until the connection ends.
///
/// [`local::http::client`] would reject a path without a slash, such as `x`.
pub(crate) async fn raw(url: &str, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let address = url.strip_prefix("http://").unwrap();
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let mut request = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.write_all(body).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let end = answer
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .expect("an answer with headers");
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines.map(|line| line.split_once(": ").unwrap());
    let headers = headers
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    Answer {
        status,
        headers,
        body: answer[end + 4..].to_vec(),
    }
}
