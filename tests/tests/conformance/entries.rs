//! The entry that Chartdrop writes equals, field by field, the one that `helm repo index` writes
//! for the same archive.

use std::collections::BTreeMap;
use std::path::Path;

use local::Options;
use serde_json::{Map, Value, json};
use tests::Chartdrop;

use crate::helm::Helm;
use crate::variations::{self, Variation};

/// Entries by chart name and version.
type Entries = BTreeMap<(String, String), Value>;

#[tokio::test(flavor = "multi_thread")]
async fn entries_equal_those_of_helm_3() {
    entries_equal_those_of(Helm::three()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_equal_those_of_helm_4() {
    entries_equal_those_of(Helm::four()).await;
}

async fn entries_equal_those_of(helm: Helm) {
    let folder = helm.folder("packaged");
    let created = created(&helm).await;
    for variation in variations::all() {
        if let Err(said) = variation.package(&helm, &created, &folder).await {
            panic!("{} rejects {}, so it tests nothing: {said}", helm.label, variation.name);
        }
    }
    let archives = archives(&folder);
    compare(&helm, &folder, &archives).await;
}

/// Archives with an unchanged Chart.yaml, as `tar`, older Helms and other tools make them.
#[tokio::test(flavor = "multi_thread")]
async fn entries_of_charts_packed_by_other_tools_equal_those_of_helm_3() {
    other_tools(Helm::three()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_of_charts_packed_by_other_tools_equal_those_of_helm_4() {
    other_tools(Helm::four()).await;
}

async fn other_tools(helm: Helm) {
    let folder = helm.folder("packed-otherwise");
    for variation in variations::all() {
        let archive = variation.pack_as_it_stands();
        let name = file_name(&helm, &variation, &archive).await;
        std::fs::write(folder.join(name), archive).expect("written");
    }
    let archives = archives(&folder);
    compare(&helm, &folder, &archives).await;
}

/// The file name `NAME-VERSION.tgz`, with the version as Helm reads it.
async fn file_name(helm: &Helm, variation: &Variation, archive: &[u8]) -> String {
    let path = helm.folder("shown").join("chart.tgz");
    std::fs::write(&path, archive).expect("written");
    let shown = helm.run(["show".as_ref(), "chart".as_ref(), path.as_os_str()]).await;
    let version = shown
        .lines()
        .find_map(|line| line.strip_prefix("version: "))
        .expect("a version");
    format!("{}-{}.tgz", variation.name, version.trim_matches(['"', '\'']))
}

pub async fn created(helm: &Helm) -> std::path::PathBuf {
    let folder = helm.folder("created").join("chart");
    helm.run(["create".as_ref(), folder.as_os_str()]).await;
    folder
}

fn archives(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|file| file.expect("a file").path());
    files
        .map(|path| {
            let name = path.file_name().expect("a name").to_str().expect("text").to_owned();
            (name, std::fs::read(path).expect("an archive"))
        })
        .collect()
}

/// Publishes the archives, and compares the indexes of Helm and Chartdrop in both forms.
async fn compare(helm: &Helm, folder: &Path, archives: &BTreeMap<String, Vec<u8>>) {
    let url = "https://charts.example.com/stable";
    helm.run([
        "repo".as_ref(),
        "index".as_ref(),
        "--json".as_ref(),
        "--url".as_ref(),
        url.as_ref(),
        folder,
    ])
    .await;
    let theirs =
        entries(&serde_json::from_slice(&std::fs::read(folder.join("index.yaml")).expect("an index")).expect("JSON"));
    assert_eq!(theirs.len(), archives.len(), "{} lists every archive", helm.label);

    for form in ["json", "yaml"] {
        let chartdrop = published(url, form, archives).await;
        let path = helm.folder("ours").join(format!("{form}.yaml"));
        std::fs::write(&path, chartdrop.text("charts/index.yaml")).expect("written");
        // The YAML form is compared as Helm reads it, the JSON form directly.
        let ours = match form {
            "json" => entries(&chartdrop.index()),
            _ => entries(&helm.reads_index(&path).await),
        };
        assert_same(helm.label, form, &theirs, &ours);
    }
}

/// Starts Chartdrop, and publishes all of them in one run.
async fn published(url: &str, form: &str, archives: &BTreeMap<String, Vec<u8>>) -> Chartdrop {
    let settings = [("REPOSITORY_URL", url), ("INDEX_FORMAT", form)];
    let options = Options {
        notifications: false,
        settings: settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        ..Options::default()
    };
    let chartdrop = Chartdrop::with(options).await;
    for (name, archive) in archives {
        chartdrop.put(&format!("staging/{name}"), archive.clone());
    }
    chartdrop.sweep().await;
    let receipts = archives
        .keys()
        .map(|name| chartdrop.receipt(&format!("staging/{name}")));
    let rejected: Vec<String> = receipts
        .filter(|receipt| receipt["outcome"] != "published")
        .map(|receipt| format!("{}: {}", receipt["upload"], receipt["reason"]))
        .collect();
    assert!(rejected.is_empty(), "Helm accepts these:\n{}", rejected.join("\n"));
    chartdrop
}

fn entries(index: &Value) -> Entries {
    let all = tests::system::entries(index).into_iter();
    all.map(|entry| {
        let text = |field: &str| entry[field].as_str().expect("text").to_owned();
        ((text("name"), text("version")), entry.clone())
    })
    .collect()
}

fn assert_same(helm: &str, form: &str, theirs: &Entries, ours: &Entries) {
    let mut differences = Vec::new();
    for (id, their) in theirs {
        match ours.get(id) {
            None => differences.push(format!("{id:?} is missing")),
            Some(our) => differences.extend(
                fields_that_differ(their, our)
                    .into_iter()
                    .map(|what| format!("{id:?}: {what}")),
            ),
        }
    }
    differences.extend(
        ours.keys()
            .filter(|id| !theirs.contains_key(*id))
            .map(|id| format!("{id:?} is too much")),
    );
    assert!(differences.is_empty(), "{helm}, {form}:\n{}", differences.join("\n"));
}

fn fields_that_differ(their: &Value, our: &Value) -> Vec<String> {
    let their = comparable(their);
    let our = comparable(our);
    let names: std::collections::BTreeSet<&String> = their.keys().chain(our.keys()).collect();
    let differing = names.into_iter().filter(|name| their.get(*name) != our.get(*name));
    differing
        .map(|name| format!("{name}: Helm has {:?}, we have {:?}", their.get(name), our.get(name)))
        .collect()
}

/// An entry without the parts that always differ: `created` is the time of indexing, and Chartdrop
/// escapes a `+` in a URL because S3 reads it as a space.
fn comparable(entry: &Value) -> Map<String, Value> {
    let mut entry = entry.as_object().expect("an entry").clone();
    let created = entry.remove("created").expect("a time");
    assert!(
        created
            .as_str()
            .is_some_and(|time| time.starts_with("20") && time.contains('T')),
        "{created}"
    );
    if let Some(url) = entry["urls"][0].as_str() {
        entry["urls"] = json!([url.replace('+', "%2B")]);
    }
    entry
}
