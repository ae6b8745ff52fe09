//! Every error message of this crate in one snapshot, so that a reviewer reads them in one place.

use std::error::Error;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use clap::Parser as _;

use crate::aws::cloudfront::Cut;
use crate::aws::edge::{DistributionError, Function, FunctionError, Viewer};
use crate::aws::iam::TemplateError;
use crate::aws::lambda;
use crate::aws::s3::store::WriteError;
use crate::http::client::{SendError, send};
use crate::http::server::listen;
use crate::package;
use crate::run::arguments::Arguments;
use crate::run::cli::{CliError, first_paragraph};
use crate::run::uploads::UploadError;
use crate::system::binaries::BuildError;
use crate::system::options::StartError;

/// Errors that AWS words; the stand-ins repeat its messages.
const WORDED_BY_AWS: [&str; 3] = [
    "aws::cloudfront::invalidations::CreateError",
    "aws::iam::Denied",
    "aws::s3::conditions::ConditionFailed",
];

/// The message of an error, under the path of the error's type and variant.
pub(crate) struct Sample {
    name: String,
    message: String,
}

impl Sample {
    pub(crate) fn of<E: Error>(error: &E) -> Self {
        let path = std::any::type_name::<E>();
        let path = path.strip_prefix("local::").unwrap_or(path);
        let debug = format!("{error:?}");
        let variant = debug.split(|character: char| !character.is_alphanumeric()).next();
        let variant = variant.filter(|variant| !path.ends_with(&format!("::{variant}")));
        Self {
            name: variant.map_or(path.to_owned(), |variant| format!("{path}::{variant}")),
            message: error.to_string(),
        }
    }

    /// The same, with `…` in place of a part that another crate words.
    pub(crate) fn quoting<E: Error>(error: &E, quoted: &str) -> Self {
        let mut sample = Self::of(error);
        assert!(sample.message.contains(quoted), "{}: {quoted}", sample.message);
        sample.message = sample.message.replace(quoted, "…");
        sample
    }
}

fn not_found() -> io::Error {
    io::Error::from(io::ErrorKind::NotFound)
}

fn denied() -> io::Error {
    io::Error::from(io::ErrorKind::PermissionDenied)
}

fn text(text: &str) -> String {
    text.to_owned()
}

fn samples_of_run() -> Vec<Sample> {
    let path = || PathBuf::from("charts/demo");
    vec![
        Sample::of(&UploadError::Missing(PathBuf::from("publish"))),
        Sample::of(&UploadError::NoArchive(PathBuf::from("README.md"))),
        Sample::of(&UploadError::Unreadable {
            path: path(),
            error: denied(),
        }),
        Sample::of(&CliError::Secret {
            path: PathBuf::from("secret.json"),
            error: not_found(),
        }),
    ]
}

fn samples_of_system() -> Vec<Sample> {
    let folder = || PathBuf::from("target/lambda");
    vec![
        Sample::of(&BuildError::NotInFolder(folder(), "publish-chart")),
        Sample::of(&BuildError::NoCargo(not_found().to_string())),
        Sample::of(&BuildError::Failed(text(
            "cargo built no executable named publish-chart",
        ))),
        Sample::of(&StartError::Listen {
            what: "the edge",
            address: SocketAddr::from(([127, 0, 0, 1], 8080)),
            option: "--listen",
            error: io::Error::from(io::ErrorKind::AddrInUse),
        }),
        Sample::of(&StartError::Data {
            folder: PathBuf::from("data"),
            error: denied(),
        }),
    ]
}

fn broken_yaml() -> serde_yaml::Error {
    serde_yaml::from_str::<serde_yaml::Value>("a: [").expect_err("not YAML")
}

fn samples_of_the_template() -> Vec<Sample> {
    let yaml = broken_yaml().to_string();
    vec![
        Sample::quoting(&TemplateError::from(broken_yaml()), &yaml),
        Sample::quoting(
            &TemplateError::Policy {
                function: text("PublishChart"),
                error: broken_yaml(),
            },
            &yaml,
        ),
        Sample::of(&TemplateError::Access(text(
            "the chart bucket has no AWS::S3::BucketPolicy",
        ))),
        Sample::of(&TemplateError::Unresolved(text("!ImportValue x"))),
        Sample::quoting(&DistributionError::from(broken_yaml()), &yaml),
        Sample::of(&DistributionError::Value {
            field: text("MinTTL"),
            expected: "a whole number",
        }),
        Sample::of(&DistributionError::Unsupported(text("the method PUT"))),
        Sample::of(&DistributionError::Function {
            name: text("NormalizePath"),
            error: FunctionError::Feature("class"),
        }),
    ]
}

fn samples_of_the_cloudfront_function() -> Vec<Sample> {
    const RUNTIME: &str = "cloudfront-js-2.0";
    let fails = |code: &str, runtime: &str| {
        let run = |function: Function| function.answer(&Viewer::default()).map(|_| ());
        Sample::of(&Function::new(code, runtime).and_then(run).expect_err("it fails"))
    };
    vec![
        fails("", "cloudfront-js-1.0"),
        fails(&"x".repeat(20 << 10), RUNTIME),
        fails("class A {}", RUNTIME),
        fails("var x = 1;", RUNTIME),
        fails("function handler(event) { return { uri: 'relative' }; }", RUNTIME),
    ]
}

fn samples_of_aws() -> Vec<Sample> {
    vec![
        Sample::of(&Cut),
        Sample::of(&lambda::FunctionError::new(
            "publish-chart",
            "Local.Stopped",
            "the system is shutting down",
        )),
        Sample::of(&WriteError::from(denied())),
    ]
}

async fn samples_of_http() -> Vec<Sample> {
    let invalid = http::Request::builder().method("NOT VALID").body(());
    let invalid = invalid.expect_err("not a method");
    let quoted = invalid.to_string();
    let invalid = Sample::quoting(&SendError::from(invalid), &quoted);

    let (listener, address) = listen().await.expect("a free port");
    let hang_up = tokio::spawn(async move { drop(listener.accept().await) });
    let request = http::Request::get(format!("http://{address}/")).body(Bytes::new());
    let closed = send(request.expect("a request")).await.expect_err("no answer");
    hang_up.await.expect("no panic");
    let quoted = match &closed {
        SendError::Http(error) => error.to_string(),
        other => panic!("{other}"),
    };
    vec![
        invalid,
        Sample::of(&SendError::Url(http::Uri::from_static("/index.yaml"))),
        Sample::of(&SendError::from(io::Error::from(io::ErrorKind::ConnectionRefused))),
        Sample::quoting(&closed, &quoted),
    ]
}

/// The errors in a source file that have a message of their own, in the form of [`Sample::name`].
fn declared_in(module: &str, source: &str) -> Vec<String> {
    let mut declared = Vec::new();
    let (mut owner, mut in_attribute, mut has_message) = (String::new(), false, false);
    for line in source.lines().map(str::trim) {
        if in_attribute {
            in_attribute = !line.ends_with(")]");
            continue;
        }
        if line.starts_with("#[error(") {
            has_message = line != "#[error(transparent)]";
            in_attribute = !line.ends_with(")]");
            continue;
        }
        if line.is_empty() || line.starts_with("//") || line.starts_with("#[") {
            continue;
        }
        let words: Vec<&str> = line.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
        let name_after = |keyword| {
            let at = words.iter().position(|word| *word == keyword)?;
            words.get(at + 1).copied()
        };
        let item = name_after("enum").or_else(|| name_after("struct"));
        if let Some(item) = item {
            owner = format!("{module}::{item}");
        }
        if has_message {
            let variant = words.first().copied().unwrap_or_default();
            declared.push(item.map_or_else(|| format!("{owner}::{variant}"), |_| owner.clone()));
            has_message = false;
        }
    }
    declared
}

fn declared(folder: &Path, module: &str) -> Vec<String> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).expect("the sources") {
        let path = entry.expect("an entry").path();
        let name = path.file_stem().and_then(|name| name.to_str()).expect("text");
        let inner = [module, name]
            .into_iter()
            .filter(|part| !part.is_empty() && *part != "mod");
        let inner = inner.collect::<Vec<_>>().join("::");
        if path.is_dir() {
            all.extend(declared(&path, &inner));
        } else if name != "messages" {
            all.extend(declared_in(&inner, &fs::read_to_string(&path).expect("text")));
        }
    }
    all
}

#[tokio::test]
async fn every_error_message_is_in_the_snapshot() {
    let mut samples = samples_of_run();
    samples.extend(samples_of_system());
    samples.extend(samples_of_the_template());
    samples.extend(samples_of_the_cloudfront_function());
    samples.extend(samples_of_aws());
    samples.extend(samples_of_http().await);
    samples.extend(package::messages::samples());
    samples.sort_by(|one, other| one.name.cmp(&other.name));

    let own = |name: &String| !WORDED_BY_AWS.iter().any(|aws| name.starts_with(aws));
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut declared: Vec<String> = declared(&sources, "").into_iter().filter(own).collect();
    declared.sort();
    let mut sampled: Vec<String> = samples.iter().map(|sample| sample.name.clone()).collect();
    sampled.dedup();
    assert_eq!(sampled, declared, "each error with a message needs a sample");

    let lines = samples
        .iter()
        .map(|sample| format!("{}\n  {}\n", sample.name, sample.message));
    let messages: String = lines.collect();
    insta::assert_snapshot!("errors", messages);
}

#[test]
fn usage_errors_are_one_line_that_names_the_mistake() {
    let wrong: [&[&str]; 7] = [
        &["--no-such-option"],
        &["--listen", "nowhere"],
        &["--instances", "0"],
        &["--chaos", "seven"],
        &["--chaos", "7", "--chaos-rate", "2"],
        &["--chaos-rate", "0.5"],
        &["--data"],
    ];
    let messages: Vec<String> = wrong
        .iter()
        .map(|arguments| {
            let error = Arguments::try_parse_from([&["local"], *arguments].concat()).expect_err("wrong usage");
            format!("{}\n  {}\n", arguments.join(" "), first_paragraph(&error.to_string()))
        })
        .collect();
    let messages = messages.concat();
    insta::assert_snapshot!("usage", messages);
}
