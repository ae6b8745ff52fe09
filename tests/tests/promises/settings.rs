//! A missing or wrong setting stops the function at start, with a message that names the setting
//! and what it accepts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tests::{ChartArchive, Chartdrop};
use tokio::net::TcpListener;
use tokio::process::Command;

/// Runs a function with only these settings. It must exit by itself, before it requests an event.
/// Returns its output.
async fn stopped(function: &Path, settings: &BTreeMap<&str, &str>) -> String {
    // The address of Lambda's Runtime API; nothing answers there.
    let runtime_api = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let output = Command::new(function)
        .env_clear()
        .envs(settings)
        .env(
            "AWS_LAMBDA_RUNTIME_API",
            runtime_api.local_addr().expect("an address").to_string(),
        )
        .env("AWS_LAMBDA_FUNCTION_NAME", "function")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
        .env("AWS_REGION", "us-east-1")
        .kill_on_drop(true)
        .output();
    let time = std::time::Duration::from_secs(20);
    let output = tokio::time::timeout(time, output)
        .await
        .expect("the function stops at once")
        .expect("it runs");
    assert!(
        !output.status.success(),
        "a function that cannot work must not say that it ended well"
    );
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

fn functions() -> (PathBuf, PathBuf) {
    let binaries = local::system::binaries::build().expect("the functions are built");
    (binaries.publish_chart, binaries.invalidate_cdn)
}

#[tokio::test]
async fn a_missing_setting_stops_its_function() {
    let (publish, invalidate) = functions();
    let complete = [
        (
            &publish,
            vec![
                ("CHART_BUCKET", "charts-bucket"),
                ("REPOSITORY_URL", "https://charts.example.com"),
            ],
        ),
        (
            &invalidate,
            vec![("CHART_BUCKET", "charts-bucket"), ("DISTRIBUTION_ID", "E2EXAMPLE1ABCD")],
        ),
    ];
    for (function, settings) in complete {
        for (missing, _) in &settings {
            let others = settings.iter().filter(|(name, _)| name != missing).copied().collect();
            let said = stopped(function, &others).await;
            assert!(said.contains(missing) && said.contains("not set"), "{missing}: {said}");
        }
    }
}

#[tokio::test]
async fn a_wrong_setting_stops_its_function_with_a_message_about_what_it_accepts() {
    let (publish, _) = functions();
    for (name, value, takes) in [
        ("REPOSITORY_URL", "charts.example.com", "https://"),
        ("INDEX_FORMAT", "toml", "json or yaml"),
        ("INDEX_MAX_AGE", "five minutes", "seconds"),
        ("URL_STYLE", "both", "absolute or relative"),
        ("MAX_CHART_BYTES", "20MB", "bytes"),
        ("MAX_INDEX_BYTES", "0", "bytes"),
    ] {
        let mut settings = BTreeMap::from([
            ("CHART_BUCKET", "charts-bucket"),
            ("REPOSITORY_URL", "https://charts.example.com"),
        ]);
        settings.insert(name, value);
        let said = stopped(&publish, &settings).await;
        for part in [name, value, takes] {
            assert!(said.contains(part), "{name}={value}: {said}");
        }
    }
}

#[tokio::test]
async fn an_upload_stays_until_the_setting_is_fixed() {
    let chartdrop = Chartdrop::with(local::Options {
        settings: BTreeMap::from([("URL_STYLE".to_owned(), "both".to_owned())]),
        retry_delays: Vec::new(),
        ..local::Options::default()
    })
    .await;
    let key = chartdrop.upload(&ChartArchive::new("demo", "1.0.0"));
    chartdrop.system.settled().await;
    assert_eq!(chartdrop.keys(""), [key]);
    assert_eq!(chartdrop.system.dead_letters().len(), 1);
}
