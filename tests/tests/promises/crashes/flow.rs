//! The flows: the state before, the trigger, and the required outcome of each upload.

use chartdrop::digest::Digest;
use local::aws::s3::Store;
use serde_json::{Value, json};
use tests::{ChartArchive, Chartdrop};

/// One flow.
#[derive(Debug)]
pub(crate) struct Flow {
    pub(crate) name: &'static str,
    /// Versions that are published before it starts.
    pub(crate) before: &'static [&'static str],
    /// Versions that are uploaded, with the outcome of each. A rejected one has other content than
    /// the published one.
    pub(crate) uploads: &'static [(&'static str, &'static str)],
    pub(crate) started_by: StartedBy,
    /// The version that the command unpublishes.
    pub(crate) unpublished: Option<&'static str>,
    /// Whether another writer changes the index between the read and the write of publish-chart.
    pub(crate) rival: bool,
}

/// What starts a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StartedBy {
    /// The notification of each upload.
    Uploads,
    /// One notification of all of them.
    OneEvent,
    /// The schedule, without any notification. A sweep finds everything under `staging/`, so this
    /// needs its own system.
    Sweep,
    /// The command of an operator, who repeats it after a failure.
    Unpublish,
}

const PLAIN: Flow = Flow {
    name: "",
    before: &[],
    uploads: &[("1.1.0", "published")],
    started_by: StartedBy::Uploads,
    unpublished: None,
    rival: false,
};

pub(crate) const FLOWS: &[Flow] = &[
    Flow {
        name: "first chart",
        ..PLAIN
    },
    Flow {
        name: "later chart",
        before: &["1.0.0"],
        ..PLAIN
    },
    Flow {
        name: "lost race",
        before: &["1.0.0"],
        rival: true,
        ..PLAIN
    },
    Flow {
        name: "unchanged",
        before: &["1.0.0"],
        uploads: &[("1.0.0", "unchanged")],
        ..PLAIN
    },
    Flow {
        name: "rejection",
        before: &["1.0.0"],
        uploads: &[("1.0.0", "rejected")],
        ..PLAIN
    },
    Flow {
        name: "batch",
        before: &["1.0.0"],
        uploads: &[("1.1.0", "published"), ("1.0.0", "rejected"), ("1.2.0", "published")],
        started_by: StartedBy::OneEvent,
        ..PLAIN
    },
    Flow {
        name: "sweep",
        before: &["1.0.0"],
        uploads: &[("1.1.0", "published"), ("1.2.0", "published")],
        started_by: StartedBy::Sweep,
        ..PLAIN
    },
    Flow {
        name: "unpublish",
        before: &["1.0.0", "1.1.0"],
        uploads: &[],
        started_by: StartedBy::Unpublish,
        unpublished: Some("1.0.0"),
        ..PLAIN
    },
];

impl Flow {
    /// Publishes `demo` in the versions that exist before the flow.
    pub(crate) fn prepare(&self, chartdrop: &Chartdrop, folder: &str) {
        for version in self.before {
            chartdrop.upload_to(&format!("{folder}/"), &ChartArchive::new("demo", version));
        }
        if self.rival {
            let rival = Rival::archive();
            chartdrop.put(&format!("charts/{folder}/{}", rival.file_name()), rival.bytes());
        }
    }

    pub(crate) fn rival(&self, chartdrop: &Chartdrop, folder: &str) -> Option<Rival> {
        self.rival.then(|| Rival {
            index: format!("charts/{folder}/index.yaml"),
            url: format!(
                "{}/{folder}/{}",
                chartdrop.system.edge_url(),
                Rival::archive().file_name()
            ),
        })
    }

    /// Uploads the charts, and triggers the flow.
    pub(crate) fn start(&self, chartdrop: &Chartdrop, folder: &str) {
        let keys: Vec<String> = self
            .uploads
            .iter()
            .map(|upload| chartdrop.upload_to(&format!("{folder}/"), &archive(*upload)))
            .collect();
        let publish_chart = |event: &Value| {
            chartdrop.system.invoke_async("publish-chart", event);
        };
        match self.started_by {
            StartedBy::Uploads => {}
            StartedBy::OneEvent => {
                let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
                publish_chart(&chartdrop.notification(&keys));
            }
            StartedBy::Sweep => publish_chart(&json!({"command": "sweep"})),
            StartedBy::Unpublish => publish_chart(&self.command(folder)),
        }
    }

    /// The command that unpublishes the version.
    pub(crate) fn command(&self, folder: &str) -> Value {
        let version = self.unpublished.unwrap_or_default();
        json!({"command": "unpublish", "repository": folder, "chart": "demo", "version": version})
    }

    /// The charts and versions that the index lists in the end.
    pub(crate) fn listed(&self) -> Vec<(String, String)> {
        let published = self.uploads.iter().filter(|(_, outcome)| *outcome == "published");
        let before = self.before.iter().copied();
        let demo = before
            .filter(|version| self.unpublished != Some(version))
            .chain(published.map(|(version, _)| *version));
        let mut listed: Vec<_> = demo.map(|version| ("demo".to_owned(), version.to_owned())).collect();
        if self.rival {
            listed.push(("rival".to_owned(), "1.0.0".to_owned()));
        }
        listed.sort();
        listed
    }
}

/// The archive of an upload with this outcome.
pub(crate) fn archive((version, outcome): (&str, &str)) -> ChartArchive {
    let chart = ChartArchive::new("demo", version);
    match outcome {
        "rejected" => chart.file("values.yaml", "other: content\n"),
        "unchanged" => chart.packed_at(1_767_300_000),
        _ => chart,
    }
}

/// Another writer, which adds its own chart to an index once.
#[derive(Debug, Clone)]
pub(crate) struct Rival {
    index: String,
    url: String,
}

impl Rival {
    fn archive() -> ChartArchive {
        ChartArchive::new("rival", "1.0.0")
    }

    pub(crate) fn writes(&self, store: &Store) {
        let object = store.get(&self.index).expect("an index");
        let mut index: Value = serde_json::from_slice(&object.bytes).expect("an index in JSON form");
        index["entries"]["rival"] = json!([{
            "apiVersion": "v2",
            "name": "rival",
            "version": "1.0.0",
            "created": "2026-01-01T00:00:00Z",
            "digest": Digest::of(&Self::archive().bytes()).to_string(),
            "urls": [self.url],
        }]);
        store
            .put(&self.index, index.to_string(), std::collections::BTreeMap::new())
            .expect("the bucket accepts every write");
    }
}
