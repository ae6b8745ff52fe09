//! Builds chart archives in memory: normal ones, and ones that `helm package` would never make.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{EntryType, Header};

/// Builds a chart archive. It starts as a small valid chart; each method adds something or breaks
/// something.
#[derive(Debug, Clone)]
pub struct ChartArchive {
    name: String,
    version: String,
    folder: Option<String>,
    chart_yaml: Option<Vec<u8>>,
    entries: Vec<Entry>,
    packed_at: u64,
}

#[derive(Debug, Clone)]
struct Entry {
    path: Vec<u8>,
    kind: EntryType,
    link: Vec<u8>,
    content: Vec<u8>,
}

impl ChartArchive {
    /// The chart `name` at `version`: a `Chart.yaml`, a `values.yaml` and one template.
    pub fn new(name: &str, version: &str) -> Self {
        let chart = ChartArchive {
            name: name.to_owned(),
            version: version.to_owned(),
            folder: None,
            chart_yaml: None,
            entries: Vec::new(),
            packed_at: 1_767_225_600,
        };
        chart
            .chart_yaml(format!(
                "apiVersion: v2\nname: {name}\ndescription: A chart of the tests\ntype: application\nversion: {version}\nappVersion: \"{version}\"\n"
            ))
            .file("values.yaml", "replicas: 1\n")
            .file("templates/config.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\n")
    }

    /// Uses another top-level folder than `NAME`, such as `.`, as `tar -C NAME .` does.
    #[must_use]
    pub fn in_folder(mut self, folder: &str) -> Self {
        self.folder = Some(folder.to_owned());
        self
    }

    /// Replaces `Chart.yaml`.
    #[must_use]
    pub fn chart_yaml(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.chart_yaml = Some(text.into());
        self
    }

    /// Appends lines to `Chart.yaml`.
    #[must_use]
    pub fn with_chart_yaml(mut self, lines: &str) -> Self {
        self.chart_yaml
            .get_or_insert_default()
            .extend_from_slice(lines.as_bytes());
        self
    }

    /// Omits `Chart.yaml`.
    #[must_use]
    pub fn without_chart_yaml(mut self) -> Self {
        self.chart_yaml = None;
        self
    }

    /// Replaces `values.yaml`.
    #[must_use]
    pub fn values(mut self, text: impl Into<Vec<u8>>) -> Self {
        let path = format!("{}/values.yaml", self.name).into_bytes();
        self.entries.retain(|entry| entry.path != path);
        self.file("values.yaml", text)
    }

    /// Adds a file in the chart's folder.
    #[must_use]
    pub fn file(self, path: &str, content: impl Into<Vec<u8>>) -> Self {
        let path = format!("{}/{path}", self.name);
        self.raw(path, EntryType::Regular, "", content)
    }

    /// Adds a file at exactly this path in the archive, even if the path is invalid.
    #[must_use]
    pub fn file_at(self, path: impl Into<Vec<u8>>, content: impl Into<Vec<u8>>) -> Self {
        self.raw(path, EntryType::Regular, "", content)
    }

    /// Adds a symbolic link in the chart's folder.
    #[must_use]
    pub fn symlink(self, path: &str, target: &str) -> Self {
        let path = format!("{}/{path}", self.name);
        self.raw(path, EntryType::Symlink, target, "")
    }

    /// Adds a hard link in the chart's folder.
    #[must_use]
    pub fn hard_link(self, path: &str, target: &str) -> Self {
        let path = format!("{}/{path}", self.name);
        self.raw(path, EntryType::Link, target, "")
    }

    /// Adds a character device in the chart's folder.
    #[must_use]
    pub fn device(self, path: &str) -> Self {
        let path = format!("{}/{path}", self.name);
        self.raw(path, EntryType::Char, "", "")
    }

    /// Sets the time of packaging, which each entry has, in seconds since 1970.
    #[must_use]
    pub fn packed_at(mut self, seconds: u64) -> Self {
        self.packed_at = seconds;
        self
    }

    fn raw(
        mut self,
        path: impl Into<Vec<u8>>,
        kind: EntryType,
        link: impl Into<Vec<u8>>,
        content: impl Into<Vec<u8>>,
    ) -> Self {
        self.entries.push(Entry {
            path: path.into(),
            kind,
            link: link.into(),
            content: content.into(),
        });
        self
    }

    /// `NAME-VERSION.tgz`.
    pub fn file_name(&self) -> String {
        format!("{}-{}.tgz", self.name, self.version)
    }

    /// The bytes of the archive.
    pub fn bytes(&self) -> Vec<u8> {
        gzip(&self.tar())
    }

    /// The uncompressed tar.
    pub fn tar(&self) -> Vec<u8> {
        let mut tar = tar::Builder::new(Vec::new());
        let chart_yaml = self.chart_yaml.iter().map(|text| Entry {
            path: format!("{}/Chart.yaml", self.name).into_bytes(),
            kind: EntryType::Regular,
            link: Vec::new(),
            content: text.clone(),
        });
        for entry in chart_yaml.chain(self.entries.iter().cloned()) {
            tar.append(&self.header(&entry), entry.content.as_slice())
                .expect("memory accepts every write");
        }
        tar.into_inner().expect("memory accepts every write")
    }

    /// A header with its fields set directly, because the `tar` crate does not write most of the
    /// broken entries that the tests need.
    fn header(&self, entry: &Entry) -> Header {
        let mut header = Header::new_gnu();
        let fields = header.as_old_mut();
        let within = entry.path.strip_prefix(format!("{}/", self.name).as_bytes());
        let path = match (&self.folder, within) {
            (Some(folder), Some(within)) => [folder.as_bytes(), b"/", within].concat(),
            _ => entry.path.clone(),
        };
        fields.name[..path.len()].copy_from_slice(&path);
        fields.linkname[..entry.link.len()].copy_from_slice(&entry.link);
        header.set_entry_type(entry.kind);
        header.set_mode(0o644);
        header.set_size(entry.content.len() as u64);
        header.set_mtime(self.packed_at);
        header.set_cksum();
        header
    }
}

/// Compresses bytes as `helm package` does.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(bytes).expect("memory accepts every write");
    gzip.finish().expect("memory accepts every write")
}
