//! Field names. Helm decodes with Go's `encoding/json`, which matches names in any case.

/// The fields of `Chart.yaml`.
pub(crate) const METADATA: &[&str] = &[
    "name",
    "home",
    "sources",
    "version",
    "description",
    "keywords",
    "maintainers",
    "icon",
    "apiVersion",
    "condition",
    "tags",
    "appVersion",
    "deprecated",
    "annotations",
    "kubeVersion",
    "dependencies",
    "type",
];

/// The fields of a maintainer.
pub(super) const MAINTAINER: &[&str] = &["name", "email", "url"];

/// The fields of a dependency.
pub(super) const DEPENDENCY: &[&str] = &[
    "name",
    "version",
    "repository",
    "condition",
    "tags",
    "enabled",
    "import-values",
    "alias",
];

/// The fields of a lock.
pub(super) const LOCK: &[&str] = &["generated", "digest", "dependencies"];

/// The field that a key sets. An exact match comes before a match in another case.
pub(crate) fn named(key: &str, fields: &'static [&'static str]) -> Option<&'static str> {
    let exact = fields.iter().find(|field| **field == key);
    exact
        .or_else(|| fields.iter().find(|field| folds_to(key, field)))
        .copied()
}

/// Whether a key is the name of a field, in any case. Go uses Unicode's simple case folding, in
/// which two letters beyond ASCII are equal to ASCII ones.
pub(crate) fn folds_to(key: &str, field: &str) -> bool {
    let fold = |character: char| match character {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        _ => character.to_ascii_lowercase(),
    };
    key.chars().map(fold).eq(field.chars().map(fold))
}

/// The field of `Chart.yaml` that an unknown key was probably meant to be: `keyword`,
/// `app-version`, `kube_version`.
pub(super) fn meant(key: &str) -> Option<&'static str> {
    let plain = |text: &str| {
        let text = text.replace(['-', '_', ' '], "").to_ascii_lowercase();
        text.strip_suffix('s').map_or_else(|| text.clone(), str::to_owned)
    };
    let key = plain(key);
    METADATA.iter().find(|field| plain(field) == key).copied()
}
