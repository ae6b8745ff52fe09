//! The fields of a chart version and the types that Helm gives them.

/// What the value of a field must be, so that Helm can load the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text.
    Text,
    /// RFC 3339.
    Time,
    /// `true` or `false`.
    Flag,
    /// A list of texts.
    Texts,
    /// Texts by name.
    TextMap,
    /// A list of [`maintainer`]s.
    Maintainers,
    /// A list of [`dependency`]s.
    Dependencies,
    /// A list of anything.
    List,
}

/// A known field: its place in the order of names, counted from 0, and its kind.
pub(super) type Field = (u8, Kind);

/// A field of a chart version.
pub(super) fn version(name: &[u8]) -> Option<Field> {
    Some(match name {
        b"annotations" => (0, Kind::TextMap),
        b"apiVersion" => (1, Kind::Text),
        b"appVersion" => (2, Kind::Text),
        b"checksum" => (3, Kind::Text),
        b"condition" => (4, Kind::Text),
        b"created" => (5, Kind::Time),
        b"dependencies" => (6, Kind::Dependencies),
        b"deprecated" => (7, Kind::Flag),
        b"description" => (8, Kind::Text),
        b"digest" => (DIGEST, Kind::Text),
        b"engine" => (10, Kind::Text),
        b"home" => (11, Kind::Text),
        b"icon" => (12, Kind::Text),
        b"keywords" => (13, Kind::Texts),
        b"kubeVersion" => (14, Kind::Text),
        b"maintainers" => (15, Kind::Maintainers),
        b"name" => (16, Kind::Text),
        b"removed" => (17, Kind::Flag),
        b"sources" => (18, Kind::Texts),
        b"tags" => (19, Kind::Text),
        b"tillerVersion" => (20, Kind::Text),
        b"type" => (21, Kind::Text),
        b"url" => (22, Kind::Text),
        b"urls" => (23, Kind::Texts),
        b"version" => (VERSION, Kind::Text),
        _ => return None,
    })
}

/// Place of `digest` in the order of a chart version's fields.
pub(super) const DIGEST: u8 = 9;
/// Place of `version`.
pub(super) const VERSION: u8 = 24;

/// A field of a maintainer.
pub(super) fn maintainer(name: &[u8]) -> Option<Field> {
    Some(match name {
        b"email" => (0, Kind::Text),
        b"name" => (1, Kind::Text),
        b"url" => (2, Kind::Text),
        _ => return None,
    })
}

/// A field of a dependency.
pub(super) fn dependency(name: &[u8]) -> Option<Field> {
    Some(match name {
        b"alias" => (0, Kind::Text),
        b"condition" => (1, Kind::Text),
        b"enabled" => (2, Kind::Flag),
        b"import-values" => (3, Kind::List),
        b"name" => (4, Kind::Text),
        b"repository" => (5, Kind::Text),
        b"tags" => (6, Kind::Texts),
        b"version" => (7, Kind::Text),
        _ => return None,
    })
}
