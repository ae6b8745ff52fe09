//! A sample of every error message of this module, for [`crate::messages`].

use std::io;
use std::path::PathBuf;

use chartdrop::chart::{ChartYamlError, Metadata};
use chartdrop::yaml::{self, Duplicates, Limits};

use super::PackageError;
use super::chart::ChartError;
use super::go_yaml::WriteError;
use super::ignore::Rules;
use super::lock::LockError;
use super::unpack::UnpackError;
use crate::messages::Sample;

fn broken_yaml() -> yaml::Error {
    yaml::parse(b"a: [", &Limits::for_index(4), Duplicates::LastWins).expect_err("not YAML")
}

fn broken_chart() -> ChartYamlError {
    Metadata::from_chart_yaml(b"- a\n").expect_err("not a chart")
}

pub(crate) fn samples() -> Vec<Sample> {
    let mut samples = samples_of_folders();
    samples.extend(samples_of_charts());
    samples.extend(samples_of_parts());
    samples
}

fn samples_of_folders() -> Vec<Sample> {
    let folder = || PathBuf::from("charts/demo");
    let ignore = |text: &str| match Rules::parse(text) {
        Ok(_) => panic!("{text} is valid"),
        Err(problem) => Sample::of(&PackageError::Ignore(folder(), problem)),
    };
    vec![
        Sample::of(&PackageError::NoChart(folder())),
        Sample::of(&PackageError::BadChart(
            folder(),
            ChartError::ValuesKind("a list").to_string(),
        )),
        Sample::of(&PackageError::Io(
            folder(),
            io::Error::from(io::ErrorKind::PermissionDenied),
        )),
        ignore("build/**"),
        ignore("[a"),
    ]
}

fn samples_of_charts() -> Vec<Sample> {
    let (yaml, chart) = (broken_yaml().to_string(), broken_chart().to_string());
    let json = || serde_json::from_str::<()>("{").expect_err("not JSON");
    let name = || "demo-1.0.0.tgz".to_owned();
    vec![
        Sample::of(&ChartError::NoChartYaml),
        Sample::quoting(&ChartError::ChartYaml(broken_chart()), &chart),
        Sample::quoting(&ChartError::Requirements(broken_chart()), &chart),
        Sample::of(&ChartError::Lock {
            file: "Chart.lock",
            error: LockError::Generated,
        }),
        Sample::quoting(&ChartError::Values(broken_yaml()), &yaml),
        Sample::of(&ChartError::ValuesKind("a list")),
        Sample::quoting(&ChartError::Schema(json()), &json().to_string()),
        Sample::of(&ChartError::PackedFolder { name: name() }),
        Sample::of(&ChartError::Unpack {
            name: name(),
            error: UnpackError::Empty,
        }),
        Sample::of(&ChartError::Subchart {
            name: name(),
            error: Box::new(ChartError::NoChartYaml),
        }),
        Sample::of(&ChartError::MissingDependencies("redis, postgresql".to_owned())),
        Sample::quoting(
            &ChartError::Write {
                file: "Chart.yaml",
                error: broken_yaml().into(),
            },
            &yaml,
        ),
    ]
}

fn samples_of_parts() -> Vec<Sample> {
    let yaml = broken_yaml().to_string();
    let unexpected_end = || io::Error::from(io::ErrorKind::UnexpectedEof);
    vec![
        Sample::of(&LockError::Kind("a list")),
        Sample::of(&LockError::Digest("a list")),
        Sample::of(&LockError::Generated),
        Sample::of(&UnpackError::Archive(unexpected_end())),
        Sample::of(&UnpackError::PathEncoding(b"demo/caf\xe9.txt".to_vec())),
        Sample::of(&UnpackError::Outside("../demo/values.yaml".to_owned())),
        Sample::of(&UnpackError::Empty),
        Sample::of(&UnpackError::TooLarge),
        Sample::quoting(&WriteError::from(broken_yaml()), &yaml),
    ]
}
