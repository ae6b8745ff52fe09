//! The mirror with the CNCF distribution registry: both Helms pull what Chartdrop pushes, and push
//! to the same registry.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use tests::{ChartArchive, Chartdrop};

use crate::gpg::Gpg;
use crate::helm::{self, Helm};
use crate::registry::Registry;

fn demo() -> ChartArchive {
    ChartArchive::new("demo", "1.0.0").with_chart_yaml(
        "description: for a test\nhome: https://example.com\nsources: [https://example.com/a, https://example.com/b]\n\
         maintainers: [{name: A, email: a@example.com}, {name: B, url: https://example.com/b}]\nkeywords: [x]\n\
         annotations: {org.opencontainers.image.title: another, org.opencontainers.image.licenses: MIT, empty: ''}\n",
    )
}

/// Publishes `demo`, signed, with a mirror in this registry.
async fn publish_signed(registry: &Registry, gpg: &Gpg) -> Chartdrop {
    gpg.key("charts", &["ed25519", "sign,cert", "never"]);
    let mirror = format!("oci://{}/charts", registry.host);
    let settings = [("OCI_MIRROR", mirror.as_str()), ("PROVENANCE", "sign")];
    let secret = json!({"signingKey": gpg.private("charts", "")});
    let chartdrop = Chartdrop::with_secret(&settings, secret).await;
    for chart in [demo(), ChartArchive::new("demo", "1.1.0+build.7")] {
        let receipt = chartdrop.publish(&chart).await;
        assert_eq!(receipt["outcome"], "published", "{receipt}");
    }
    assert_eq!(chartdrop.keys("mirror/"), [""; 0]);
    chartdrop
}

async fn pull(helm: &Helm, chart: &str, version: &str, into: &Path, more: &[&str]) -> Result<Vec<u8>, String> {
    let into = into.to_str().expect("text");
    let pull = ["pull", chart, "--version", version, "--plain-http", "-d", into];
    helm.try_run(pull.iter().chain(more)).await?;
    let file = format!("{into}/demo-{version}.tgz");
    Ok(std::fs::read(file).expect("what Helm pulled"))
}

#[tokio::test(flavor = "multi_thread")]
async fn helm_pulls_the_same_bytes_and_verifies_them() {
    let (registry, gpg) = (Registry::start(None).await, Gpg::new());
    let chartdrop = publish_signed(&registry, &gpg).await;
    for helm in helm::both() {
        let folder = helm.folder("pulled");
        let keyring = folder.join("keyring.gpg");
        std::fs::write(&keyring, chartdrop.edge("/keyring.gpg").await.body).expect("written");
        let verify = ["--verify", "--keyring", keyring.to_str().expect("text")];
        let chart = format!("oci://{}/charts/demo", registry.host);
        for version in ["1.0.0", "1.1.0+build.7"] {
            let pulled = pull(&helm, &chart, version, &folder, &verify).await;
            let published = chartdrop
                .object(&format!("charts/demo-{version}.tgz"))
                .expect("published");
            assert_eq!(pulled.as_deref(), Ok(&published.bytes[..]), "{}", helm.label);
        }
        // Without a version, Helm sorts the tags and shows the newest chart.
        let newest = helm.run(["show", "chart", &chart, "--plain-http"]).await;
        assert!(newest.contains("version: 1.1.0+build.7"), "{newest}");
        let template = ["template", "x", &chart, "--version", "1.0.0", "--plain-http"];
        helm.run(template).await;
    }
}

/// Writes `demo` and its provenance file to a folder, with the time of the published archive.
fn lay(chartdrop: &Chartdrop, folder: &Path, created: &str) -> PathBuf {
    let archive = folder.join("demo-1.0.0.tgz");
    for file in ["demo-1.0.0.tgz", "demo-1.0.0.tgz.prov"] {
        let published = chartdrop.object(&format!("charts/{file}")).expect("published");
        std::fs::write(folder.join(file), &published.bytes).expect("written");
    }
    let created: jiff::Timestamp = created.parse().expect("a time");
    let seconds = u64::try_from(created.as_second()).expect("after 1970");
    let file = std::fs::File::options().append(true).open(&archive).expect("there");
    file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
        .expect("its time is set");
    archive
}

#[tokio::test(flavor = "multi_thread")]
async fn chartdrop_pushes_exactly_what_helm_pushes() {
    let (registry, gpg) = (Registry::start(None).await, Gpg::new());
    let chartdrop = publish_signed(&registry, &gpg).await;
    let ours = registry
        .crane(&["manifest", &format!("{}/charts/demo:1.0.0", registry.host)])
        .await;
    let read: Value = serde_json::from_str(&ours).expect("JSON");
    let created = read["annotations"]["org.opencontainers.image.created"]
        .as_str()
        .expect("a time");
    for helm in helm::both() {
        let archive = lay(&chartdrop, &helm.folder("pushed"), created);
        let to = format!("oci://{}/{}", registry.host, helm.label);
        helm.run(["push", archive.to_str().expect("text"), &to, "--plain-http"])
            .await;
        let theirs = format!("{}/{}/demo:1.0.0", registry.host, helm.label);
        assert_eq!(registry.crane(&["manifest", &theirs]).await, ours, "{}", helm.label);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chart_that_helm_pushed_before_is_not_replaced() {
    let registry = Registry::start(None).await;
    let mirror = format!("oci://{}/charts", registry.host);
    let helm = Helm::four();
    let folder = helm.folder("pushed");
    let other = ChartArchive::new("demo", "2.0.0").file("templates/other.txt", "other");
    for (chart, version) in [(demo(), "1.0.0"), (other, "2.0.0")] {
        let file = folder.join(format!("demo-{version}.tgz"));
        std::fs::write(&file, chart.bytes()).expect("written");
        let push = ["push", file.to_str().expect("text"), &mirror, "--plain-http"];
        helm.run(push).await;
    }
    let name = |version: &str| format!("{}/charts/demo:{version}", registry.host);
    let before = [
        registry.crane(&["digest", &name("1.0.0")]).await,
        registry.crane(&["digest", &name("2.0.0")]).await,
    ];
    let chartdrop = Chartdrop::with_secret(&[("OCI_MIRROR", &mirror)], json!({})).await;
    // If the registry has the same archive, the push is done. If it has another one, it never is.
    chartdrop.publish(&demo()).await;
    chartdrop.publish(&ChartArchive::new("demo", "2.0.0")).await;
    assert_eq!(chartdrop.keys("mirror/"), ["mirror/demo-2.0.0.tgz"]);
    let said = chartdrop.sweep().await;
    assert!(
        said["mirrored"][0]["problem"].to_string().contains("another archive"),
        "{said}"
    );
    let after = [
        registry.crane(&["digest", &name("1.0.0")]).await,
        registry.crane(&["digest", &name("2.0.0")]).await,
    ];
    assert_eq!(before, after);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_registry_accepts_the_login_in_the_secret() {
    let registry = Registry::start(Some(("user", "s3cret"))).await;
    let mirror = format!("oci://{}/charts", registry.host);
    let secret = |password: &str| json!({"registries": {&registry.host: {"username": "user", "password": password}}});
    for (secret, owed) in [(json!({}), true), (secret("wr0ng"), true), (secret("s3cret"), false)] {
        let chartdrop = Chartdrop::with_secret(&[("OCI_MIRROR", &mirror)], secret).await;
        let receipt = chartdrop.publish(&demo()).await;
        assert_eq!(receipt["outcome"], "published", "{receipt}");
        assert_eq!(!chartdrop.keys("mirror/").is_empty(), owed);
        if owed {
            let said = chartdrop.sweep().await;
            assert!(
                said["mirrored"][0]["problem"].to_string().contains("registries."),
                "{said}"
            );
        }
    }
    for helm in helm::both() {
        let login = [
            "registry",
            "login",
            &registry.host,
            "-u",
            "user",
            "-p",
            "s3cret",
            "--plain-http",
        ];
        helm.run(login).await;
        let chart = format!("oci://{}/charts/demo", registry.host);
        let pulled = pull(&helm, &chart, "1.0.0", &helm.folder("private"), &[]).await;
        assert_eq!(pulled, Ok(demo().bytes()), "{}", helm.label);
    }
}
