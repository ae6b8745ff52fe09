//! The image gate against the CNCF distribution registry, with images that crane made.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use local::Options;
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::{ChartArchive, Chartdrop};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};

use crate::tools;

/// A registry on loopback, which anybody or one user may use.
struct Registry {
    host: String,
    folder: TempDir,
    _process: Child,
}

impl Registry {
    async fn start(login: Option<(&str, &str)>) -> Self {
        let folder = TempDir::with_prefix("registry").expect("a temporary folder");
        let free = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let host = free.local_addr().expect("an address").to_string();
        drop(free);
        let mut config = json!({
            "version": 0.1,
            "storage": {"filesystem": {"rootdirectory": folder.path().join("data")}},
            "http": {"addr": host},
        });
        if let Some((user, password)) = login {
            let passwords = folder.path().join("passwords");
            std::fs::write(&passwords, htpasswd(user, password)).expect("written");
            config["auth"] = json!({"htpasswd": {"realm": "registry", "path": passwords}});
        }
        let path = folder.path().join("config.yml");
        std::fs::write(&path, config.to_string()).expect("written");
        let process = Command::new(tools::path("CHARTDROP_REGISTRY"))
            .arg("serve")
            .arg(&path)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("the registry starts");
        for _ in 0..600 {
            if TcpStream::connect(&host).await.is_ok() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Registry {
            host,
            folder,
            _process: process,
        }
    }

    /// Runs crane; it must succeed. Its standard output.
    async fn crane(&self, arguments: &[&str]) -> String {
        let output = Command::new(tools::path("CHARTDROP_CRANE"))
            .args(arguments)
            .arg("--insecure")
            .env("DOCKER_CONFIG", self.folder.path())
            .output()
            .await
            .expect("crane starts");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "crane {arguments:?}: {said}");
        String::from_utf8(output.stdout).expect("text").trim().to_owned()
    }

    /// An image of one platform. Its name with its digest.
    async fn push_one(&self, name: &str, platform: &str) -> String {
        let layer = self.layer();
        let name = format!("{}/{name}", self.host);
        let layer = layer.to_str().expect("text");
        self.crane(&["append", "--new_layer", layer, "--new_tag", &name]).await;
        self.crane(&["mutate", &name, "--set-platform", platform, "--tag", &name])
            .await;
        let digest = self.crane(&["digest", &name]).await;
        format!(
            "{}@{digest}",
            name.rsplit_once(':').map_or(name.as_str(), |(name, _)| name)
        )
    }

    /// An image of several platforms.
    async fn push(&self, name: &str, platforms: &[&str]) {
        let mut arguments = vec!["index".to_owned(), "append".to_owned()];
        for platform in platforms {
            let part = format!("{}-{}", name.replace(':', "-"), platform.replace('/', "-"));
            let part = self.push_one(&format!("parts:{part}"), platform).await;
            arguments.extend(["--manifest".to_owned(), part]);
        }
        arguments.extend(["--tag".to_owned(), format!("{}/{name}", self.host)]);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        self.crane(&arguments).await;
    }

    fn layer(&self) -> PathBuf {
        let path = self.folder.path().join("layer.tar");
        let mut tar = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(2);
        header.set_cksum();
        tar.append_data(&mut header, "hello", &b"hi"[..])
            .expect("memory takes all writes");
        std::fs::write(&path, tar.into_inner().expect("memory takes all writes")).expect("written");
        path
    }
}

/// What `htpasswd -nbB` prints.
fn htpasswd(user: &str, password: &str) -> String {
    assert_eq!(password, "s3cret", "the digest below is of this password");
    format!("{user}:{BCRYPT_OF_S3CRET}\n")
}

const BCRYPT_OF_S3CRET: &str = "$2b$12$ICMTQN0weB5pKIM.Km4pFOwCMU1InevX9nAZgr6LpKSZXuWmvyVcS";

async fn start(registry: &Registry, wait: &str, secret: Value) -> Chartdrop {
    let settings = [
        ("IMAGE_CHECK", "require"),
        ("IMAGE_WAIT", wait),
        ("IMAGE_REGISTRIES", registry.host.as_str()),
    ];
    let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Chartdrop::with(Options {
        settings: BTreeMap::from(settings),
        secret: Some(secret.to_string()),
        ..Options::default()
    })
    .await
}

fn chart(image: &str) -> ChartArchive {
    ChartArchive::new("demo", "1.0.0").values(format!("image: {image}\n"))
}

/// The receipt of a chart with this image: outcome, code and reason.
async fn outcome(registry: &Registry, image: &str, wait: &str, secret: Value) -> String {
    let chartdrop = start(registry, wait, secret).await;
    let receipt = chartdrop.publish(&chart(image)).await;
    format!("{} {} {}", receipt["outcome"], receipt["reasonCode"], receipt["reason"]).replace('"', "")
}

#[tokio::test(flavor = "multi_thread")]
async fn real_images_pass_where_both_platforms_are_there() {
    let registry = Registry::start(None).await;
    registry.push("both:1.0.0", &["linux/amd64", "linux/arm64"]).await;
    registry.push("half:1.0.0", &["linux/amd64"]).await;
    let one = registry.push_one("one:1.0.0", "linux/arm64").await;
    let host = &registry.host;
    let both = registry.crane(&["digest", &format!("{host}/both:1.0.0")]).await;
    let nothing = format!("sha256:{}", "0".repeat(64));
    let amd64 = "is there for linux/amd64, not for linux/arm64";
    let arm64 = "is there for linux/arm64, not for linux/amd64";
    for (image, expected) in [
        (format!("{host}/both:1.0.0"), "published"),
        (format!("{host}/both@{both}"), "published"),
        (format!("{host}/half:1.0.0"), amd64),
        (format!("{host}/one:1.0.0"), arm64),
        (one, arm64),
        (format!("{host}/both:2.0.0"), "rejected no-image"),
        (format!("{host}/none:1.0.0"), "is not there"),
        (format!("{host}/both@{nothing}"), "is not there"),
    ] {
        let outcome = outcome(&registry, &image, "0s", json!({})).await;
        assert!(outcome.contains(expected), "{image}: {outcome}");
    }
}

/// A release whose image takes longer than its chart.
#[tokio::test(flavor = "multi_thread")]
async fn a_chart_is_published_as_soon_as_its_image_is_there_and_not_before() {
    let registry = Registry::start(None).await;
    let chartdrop = start(&registry, "2h", json!({})).await;
    let receipt = chartdrop.publish(&chart(&format!("{}/app:1.0.0", registry.host))).await;
    assert_eq!(receipt["outcome"], "held", "{receipt}");
    for _ in 0..4 {
        tokio::time::sleep(Duration::from_secs(5)).await;
        chartdrop.sweep().await;
        assert_eq!(chartdrop.receipt("staging/demo-1.0.0.tgz")["outcome"], "held");
        assert_eq!(chartdrop.keys("charts/"), [""; 0]);
    }
    registry.push("app:1.0.0", &["linux/amd64", "linux/arm64"]).await;
    chartdrop.sweep().await;
    assert_eq!(chartdrop.receipt("staging/demo-1.0.0.tgz")["outcome"], "published");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_image_is_found_with_the_right_login() {
    let registry = Registry::start(Some(("user", "s3cret"))).await;
    let login = ["auth", "login", &registry.host, "-u", "user", "-p", "s3cret"];
    registry.crane(&login).await;
    registry.push("app:1.0.0", &["linux/amd64", "linux/arm64"]).await;
    let image = format!("{}/app:1.0.0", registry.host);
    let secret = |password: &str| json!({"registries": {&registry.host: {"username": "user", "password": password}}});
    for (secret, expected) in [
        (json!({}), "held awaits-image"),
        (secret("wr0ng"), "held awaits-image"),
        (secret("s3cret"), "published"),
    ] {
        let outcome = outcome(&registry, &image, "2h", secret).await;
        assert!(outcome.contains(expected), "{outcome}");
    }
}
