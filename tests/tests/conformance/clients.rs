//! Uses a repository as Helm users do: `helm repo add`, `update`, `search`, `pull`, `template`,
//! `dependency`, `install`.

use std::path::Path;

use serde_json::Value;
use tests::program::workspace;
use tests::{ChartArchive, Chartdrop};

use crate::helm::{self, Helm};
use crate::kubernetes::ApiServer;

const FORMS: [&str; 2] = ["json", "yaml"];
const STYLES: [&str; 2] = ["absolute", "relative"];

/// A repository with the example chart, packaged by this Helm, and three versions of another chart.
async fn repository(helm: &Helm, form: &str, style: &str) -> Chartdrop {
    let chartdrop = Chartdrop::with_settings(&[("INDEX_FORMAT", form), ("URL_STYLE", style)]).await;
    let example = workspace().join("examples/kube9-operator");
    let archive = helm
        .package(&example, &helm.folder("packaged"))
        .await
        .expect("the example is packed");
    let name = archive.file_name().expect("a name").to_str().expect("text").to_owned();
    chartdrop.put(&format!("staging/{name}"), std::fs::read(&archive).expect("an archive"));
    for version in ["0.9.0", "1.0.0-rc.1", "1.0.0+build.7"] {
        chartdrop.upload(&ChartArchive::new("demo", version));
    }
    chartdrop.settled().await;
    assert_eq!(chartdrop.versions_listed(form), 4, "all are published");
    chartdrop
}

trait Listed {
    fn versions_listed(&self, form: &str) -> usize;
}

impl Listed for Chartdrop {
    fn versions_listed(&self, form: &str) -> usize {
        let urls = if form == "json" { "\"urls\":" } else { "    urls:\n" };
        self.text("charts/index.yaml").matches(urls).count()
    }
}

/// The versions of a chart in `helm search repo -l`.
async fn search(helm: &Helm, chart: &str) -> Vec<String> {
    let found = helm
        .json(["search", "repo", "-l", "--devel", "-o", "json", chart])
        .await;
    let found: Vec<Value> = found.as_array().expect("a list").clone();
    found
        .iter()
        .map(|found| found["version"].as_str().expect("a version").to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn charts_are_found_pulled_and_rendered() {
    for helm in helm::both() {
        for form in FORMS {
            for style in STYLES {
                let chartdrop = repository(&helm, form, style).await;
                let name = format!("{form}-{style}");
                helm.run(["repo", "add", &name, &chartdrop.system.edge_url()]).await;
                finds_pulls_and_renders(&helm, &chartdrop, &name).await;
                helm.run(["repo", "remove", &name]).await;
            }
        }
    }
}

async fn finds_pulls_and_renders(helm: &Helm, chartdrop: &Chartdrop, repository: &str) {
    assert_eq!(search(helm, &format!("{repository}/kube9-operator")).await, ["1.0.0"]);
    assert_eq!(
        search(helm, &format!("{repository}/demo")).await,
        ["1.0.0+build.7", "1.0.0-rc.1", "0.9.0"]
    );

    let pulled = helm.folder(&format!("pulled-{repository}"));
    let chart = format!("{repository}/kube9-operator");
    helm.run(["pull".as_ref(), chart.as_ref(), "-d".as_ref(), pulled.as_os_str()])
        .await;
    let published = chartdrop.object("charts/kube9-operator-1.0.0.tgz").expect("published");
    assert_eq!(
        std::fs::read(pulled.join("kube9-operator-1.0.0.tgz")).expect("pulled"),
        published.bytes
    );

    let rendered = helm.run(["template", "release", &chart, "--version", "1.0.0"]).await;
    assert!(
        rendered.contains("image: \"ghcr.io/alto9/kube9-operator:1.0.0\""),
        "{rendered}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_with_build_metadata_is_pulled() {
    for helm in helm::both() {
        let chartdrop = repository(&helm, "json", "absolute").await;
        helm.run(["repo", "add", "kube9", &chartdrop.system.edge_url()]).await;
        let rendered = helm
            .run(["template", "release", "kube9/demo", "--version", "1.0.0+build.7"])
            .await;
        assert!(rendered.contains("kind: ConfigMap"), "{rendered}");
        helm.run(["pull", "kube9/demo", "--version", "1.0.0+build.7"]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_sees_newly_published_versions() {
    for helm in helm::both() {
        let chartdrop = repository(&helm, "json", "absolute").await;
        helm.run(["repo", "add", "kube9", &chartdrop.system.edge_url()]).await;
        chartdrop.publish(&ChartArchive::new("demo", "2.0.0")).await;
        assert_eq!(search(&helm, "kube9/demo").await.len(), 3);
        helm.run(["repo", "update"]).await;
        assert_eq!(search(&helm, "kube9/demo").await[0], "2.0.0");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_in_a_folder_is_added_by_its_url() {
    for helm in helm::both() {
        let chartdrop = Chartdrop::start().await;
        chartdrop.upload_to("team-a/", &ChartArchive::new("demo", "1.0.0"));
        chartdrop.settled().await;
        helm.run([
            "repo",
            "add",
            "team-a",
            &format!("{}/team-a", chartdrop.system.edge_url()),
        ])
        .await;
        assert_eq!(search(&helm, "team-a/demo").await, ["1.0.0"]);
        helm.run(["pull", "team-a/demo"]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chart_is_pulled_without_adding_the_repository() {
    for helm in helm::both() {
        let chartdrop = repository(&helm, "json", "absolute").await;
        let url = chartdrop.system.edge_url();
        let rendered = helm
            .run(["template", "release", "kube9-operator", "--repo", &url])
            .await;
        assert!(rendered.contains("kind: Deployment"), "{rendered}");
    }
}

/// Helm 3's `dependency build` escapes a relative URL again, so that it requests `%252B` for `%2B`.
#[tokio::test(flavor = "multi_thread")]
async fn dependencies_are_updated_and_built() {
    for helm in helm::both() {
        for form in FORMS {
            for style in STYLES {
                updates_and_builds_dependencies(&helm, form, style).await;
            }
        }
    }
}

async fn updates_and_builds_dependencies(helm: &Helm, form: &str, style: &str) {
    let chartdrop = repository(helm, form, style).await;
    let url = chartdrop.system.edge_url();
    let name = format!("{form}-{style}");
    let chart = helm.folder(&format!("umbrella-{name}"));
    write(
        &chart,
        &format!(
            "apiVersion: v2\nname: umbrella\nversion: 1.0.0\ndependencies:\n  \
             - name: kube9-operator\n    version: ~1.0\n    repository: {url}\n  \
             - name: demo\n    version: 1.0.0+build.7\n    repository: {url}\n"
        ),
    );
    let dependencies = ["demo-1.0.0+build.7.tgz", "kube9-operator-1.0.0.tgz"];
    helm.run(["dependency".as_ref(), "update".as_ref(), chart.as_os_str()])
        .await;
    assert_eq!(charts(&chart), dependencies);
    // From the lock file, as in CI. Helm requires the repository to be added.
    helm.run(["repo", "add", &name, &url]).await;
    std::fs::remove_dir_all(chart.join("charts")).expect("removed");
    helm.run(["dependency".as_ref(), "build".as_ref(), chart.as_os_str()])
        .await;
    assert_eq!(charts(&chart), dependencies);
    let rendered = helm
        .run(["template".as_ref(), "release".as_ref(), chart.as_os_str()])
        .await;
    assert!(
        rendered.contains("kind: Deployment") && rendered.contains("kind: ConfigMap"),
        "{rendered}"
    );
}

fn write(chart: &Path, chart_yaml: &str) {
    std::fs::write(chart.join("Chart.yaml"), chart_yaml).expect("written");
}

fn charts(chart: &Path) -> Vec<String> {
    let files = std::fs::read_dir(chart.join("charts")).expect("dependencies");
    let mut names: Vec<String> = files
        .map(|file| file.expect("a file").file_name().into_string().expect("text"))
        .collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chart_is_installed_in_a_dry_run() {
    let api = ApiServer::start().await;
    for helm in helm::both() {
        let chartdrop = repository(&helm, "json", "absolute").await;
        helm.run(["repo", "add", "kube9", &chartdrop.system.edge_url()]).await;
        let said = helm
            .run([
                "install",
                "operator",
                "kube9/kube9-operator",
                "--dry-run=client",
                "--disable-openapi-validation",
                "--kube-apiserver",
                &api.url,
            ])
            .await;
        assert!(
            said.contains("ghcr.io/alto9/kube9-operator:1.0.0") && said.contains("is installed as operator"),
            "{said}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_chart_passes_lint() {
    for helm in helm::both() {
        let example = workspace().join("examples/kube9-operator");
        helm.run(["lint".as_ref(), "--strict".as_ref(), example.as_os_str()])
            .await;
    }
}
