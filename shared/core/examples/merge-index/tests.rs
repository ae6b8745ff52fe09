//! The program without its process: files in, files out.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;

use super::*;

/// A folder with charts.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// The names of everything in it.
    fn files(&self) -> Vec<String> {
        let files = fs::read_dir(self.0.path()).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    /// Packs `demo` at a version; its path.
    fn chart(&self, version: &str, description: &str) -> PathBuf {
        let text = format!("apiVersion: v2\nname: demo\nversion: {version}\ndescription: {description}\n");
        let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, "demo/Chart.yaml", text.as_bytes())
            .unwrap();
        let path = self.path(&format!("demo-{version}.tgz"));
        fs::write(&path, tar.into_inner().unwrap().finish().unwrap()).unwrap();
        path
    }

    fn merge(&self, index: &str, chart: &Path, format: Form, output: &str) -> Result<String, String> {
        let index = if index == "-" {
            PathBuf::from(index)
        } else {
            self.path(index)
        };
        let arguments = Arguments {
            index,
            charts: vec![chart.to_owned()],
            url: "https://charts.example.com/".to_owned(),
            format,
            output: self.path(output),
        };
        let summary = run(arguments).map_err(|error| error.to_string())?;
        Ok(summary.to_string())
    }
}

#[test]
fn a_new_index_has_the_form_that_was_asked_for() {
    let place = Place::new();
    let chart = place.chart("1.0.0", "one");
    place.merge("-", &chart, Form::Json, "index.json").unwrap();
    place.merge("-", &chart, Form::Yaml, "index.yaml").unwrap();
    assert!(place.text("index.json").starts_with('{'));
    assert!(place.text("index.yaml").starts_with("apiVersion: v1\n"));
    for index in ["index.json", "index.yaml"] {
        assert!(place.text(index).contains("https://charts.example.com/demo-1.0.0.tgz"));
    }
}

#[test]
fn an_index_takes_its_own_place_and_keeps_its_form() {
    let place = Place::new();
    place
        .merge("-", &place.chart("1.0.0", "one"), Form::Yaml, "index.yaml")
        .unwrap();
    let said = place.merge("index.yaml", &place.chart("1.1.0", "two"), Form::Json, "index.yaml");
    assert!(said.unwrap().contains("added demo 1.1.0"));
    let text = place.text("index.yaml");
    assert!(
        text.contains("version: 1.0.0\n") && text.contains("version: 1.1.0\n"),
        "{text}"
    );
    assert_eq!(place.files(), ["demo-1.0.0.tgz", "demo-1.1.0.tgz", "index.yaml"]);
}

#[test]
fn an_index_that_is_missing_is_an_error() {
    let place = Place::new();
    let error = place
        .merge("index.yaml", &place.chart("1.0.0", "one"), Form::Json, "new")
        .unwrap_err();
    assert!(error.contains("there is no index") && error.contains('-'), "{error}");
    assert_eq!(place.files(), ["demo-1.0.0.tgz"]);
}

#[test]
fn the_same_chart_again_changes_no_byte() {
    let place = Place::new();
    let chart = place.chart("1.0.0", "one");
    place.merge("-", &chart, Form::Json, "index.yaml").unwrap();
    // A layout that would be rewritten if there were something to add.
    let text = place.text("index.yaml").replace("\"entries\":", "  \"entries\" : ");
    fs::write(place.path("index.yaml"), &text).unwrap();
    let said = place.merge("index.yaml", &chart, Form::Json, "again.yaml").unwrap();
    assert!(said.contains("nothing to do"), "{said}");
    assert_eq!(place.text("again.yaml"), text);
}

#[test]
fn other_content_under_a_published_version_is_rejected() {
    let place = Place::new();
    place
        .merge("-", &place.chart("1.0.0", "one"), Form::Json, "index.yaml")
        .unwrap();
    let text = place.text("index.yaml");
    let error = place
        .merge("index.yaml", &place.chart("1.0.0", "two"), Form::Json, "index.yaml")
        .unwrap_err();
    assert!(error.contains("other content"), "{error}");
    assert_eq!(place.text("index.yaml"), text);
}

#[test]
fn a_chart_under_another_name_is_rejected() {
    let place = Place::new();
    let chart = place.path("renamed.tgz");
    fs::rename(place.chart("1.0.0", "one"), &chart).unwrap();
    let error = place.merge("-", &chart, Form::Json, "index.yaml").unwrap_err();
    assert!(error.contains("demo-1.0.0.tgz"), "{error}");
    assert!(
        place
            .merge("-", place.0.path(), Form::Json, "index.yaml")
            .unwrap_err()
            .contains("helm package")
    );
    assert_eq!(place.files(), ["renamed.tgz"]);
}

#[test]
fn a_link_stays_a_link_and_a_file_keeps_its_permissions() {
    let place = Place::new();
    place
        .merge("-", &place.chart("1.0.0", "one"), Form::Json, "real.yaml")
        .unwrap();
    fs::set_permissions(place.path("real.yaml"), fs::Permissions::from_mode(0o640)).unwrap();
    symlink("real.yaml", place.path("index.yaml")).unwrap();
    place
        .merge("index.yaml", &place.chart("1.1.0", "two"), Form::Json, "index.yaml")
        .unwrap();
    assert!(fs::symlink_metadata(place.path("index.yaml")).unwrap().is_symlink());
    assert!(place.text("real.yaml").contains("1.1.0"));
    let mode = fs::metadata(place.path("real.yaml")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
}
