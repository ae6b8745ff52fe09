//! The fields of an index, and their types in Helm
//! (<https://github.com/helm/helm/blob/main/pkg/repo/v1/index.go>).
//!
//! Go's `encoding/json` matches a field's name in any case: `apiversion` and `APIVERSION` also set
//! `apiVersion`.

use crate::chart::is_another_case_of;

/// The type that a field must have, so that Helm can load the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text.
    Text,
    /// Text, but in YAML a number or boolean is accepted too: see [`yaml`](super::yaml).
    Scalar,
    /// RFC 3339.
    Time,
    /// `true` or `false`.
    Flag,
    /// A list of texts.
    Texts,
    /// A list of [`Kind::Scalar`]s.
    Scalars,
    /// Texts by name.
    TextMap,
    /// A list of [`maintainer`]s.
    Maintainers,
    /// A list of [`dependency`]s.
    Dependencies,
    /// A list of anything.
    List,
    /// Anything by name.
    Map,
}

/// A known field: its position in the order of names, from 0, and its type.
pub(super) type Field = (u8, Kind);

/// Fields at the top of an index. `entries` is handled separately.
const TOP: [&str; 6] = [
    "annotations",
    "apiVersion",
    "entries",
    "generated",
    "publicKeys",
    "serverInfo",
];

const VERSION_FIELDS: [&str; 25] = [
    "annotations",
    "apiVersion",
    "appVersion",
    "checksum",
    "condition",
    "created",
    "dependencies",
    "deprecated",
    "description",
    "digest",
    "engine",
    "home",
    "icon",
    "keywords",
    "kubeVersion",
    "maintainers",
    "name",
    "removed",
    "sources",
    "tags",
    "tillerVersion",
    "type",
    "url",
    "urls",
    "version",
];

const MAINTAINER_FIELDS: [&str; 3] = ["email", "name", "url"];

const DEPENDENCY_FIELDS: [&str; 8] = [
    "alias",
    "condition",
    "enabled",
    "import-values",
    "name",
    "repository",
    "tags",
    "version",
];

/// Position of `created` among a chart version's fields.
pub(super) const CREATED: u8 = 5;
/// Position of `digest`.
pub(super) const DIGEST: u8 = 9;
/// Position of `name`.
pub(super) const NAME: u8 = 16;
/// Position of `urls`.
pub(super) const URLS: u8 = 23;
/// Position of `version`.
pub(super) const VERSION: u8 = 24;

/// An object with fields that Helm knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Object {
    Version,
    Maintainer,
    Dependency,
}

impl Object {
    /// The field that a name sets.
    pub(super) fn field(self, name: &[u8]) -> Option<Field> {
        match self {
            Self::Version => version(name),
            Self::Maintainer => maintainer(name),
            Self::Dependency => dependency(name),
        }
    }

    /// The name of the field at this position, as Helm writes it.
    pub(super) fn name(self, place: u8) -> &'static str {
        let names: &[&'static str] = match self {
            Self::Version => &VERSION_FIELDS,
            Self::Maintainer => &MAINTAINER_FIELDS,
            Self::Dependency => &DEPENDENCY_FIELDS,
        };
        names.get(usize::from(place)).copied().unwrap_or_default()
    }
}

/// The top-level field that a name sets, as Helm writes it.
pub(super) fn top(name: &str) -> Option<&'static str> {
    TOP.into_iter()
        .find(|known| *known == name)
        .or_else(|| another_case(&TOP, name.as_bytes()))
}

/// The type of a top-level field, by its name as Helm writes it. `entries` is handled separately,
/// and `generated` is checked where it is read, because it is rewritten.
pub(super) fn kind_at_top(name: &str) -> Option<Kind> {
    Some(match name {
        "annotations" => Kind::TextMap,
        "apiVersion" => Kind::Text,
        "publicKeys" => Kind::Texts,
        "serverInfo" => Kind::Map,
        _ => return None,
    })
}

/// A field of a chart version.
pub(super) fn version(name: &[u8]) -> Option<Field> {
    exact_version(name).or_else(|| exact_version(another_case(&VERSION_FIELDS, name)?.as_bytes()))
}

/// A field of a maintainer.
pub(super) fn maintainer(name: &[u8]) -> Option<Field> {
    exact_maintainer(name).or_else(|| exact_maintainer(another_case(&MAINTAINER_FIELDS, name)?.as_bytes()))
}

/// A field of a dependency.
pub(super) fn dependency(name: &[u8]) -> Option<Field> {
    exact_dependency(name).or_else(|| exact_dependency(another_case(&DEPENDENCY_FIELDS, name)?.as_bytes()))
}

/// The fields seen so far, one bit each by position, with new ones added: `None` if one occurs
/// twice.
pub(super) fn once(seen: u32, new: u32) -> Option<u32> {
    (seen & new == 0).then_some(seen | new)
}

fn another_case(names: &[&'static str], name: &[u8]) -> Option<&'static str> {
    let name = std::str::from_utf8(name).ok()?;
    names.iter().find(|known| is_another_case_of(name, known)).copied()
}

fn exact_version(name: &[u8]) -> Option<Field> {
    Some(match name {
        b"annotations" => (0, Kind::TextMap),
        b"apiVersion" => (1, Kind::Text),
        b"appVersion" => (2, Kind::Text),
        b"checksum" => (3, Kind::Scalar),
        b"condition" => (4, Kind::Text),
        b"created" => (CREATED, Kind::Time),
        b"dependencies" => (6, Kind::Dependencies),
        b"deprecated" => (7, Kind::Flag),
        b"description" => (8, Kind::Text),
        b"digest" => (DIGEST, Kind::Scalar),
        b"engine" => (10, Kind::Scalar),
        b"home" => (11, Kind::Text),
        b"icon" => (12, Kind::Text),
        b"keywords" => (13, Kind::Texts),
        b"kubeVersion" => (14, Kind::Text),
        b"maintainers" => (15, Kind::Maintainers),
        b"name" => (NAME, Kind::Text),
        b"removed" => (17, Kind::Flag),
        b"sources" => (18, Kind::Texts),
        b"tags" => (19, Kind::Text),
        b"tillerVersion" => (20, Kind::Scalar),
        b"type" => (21, Kind::Text),
        b"url" => (22, Kind::Scalar),
        b"urls" => (URLS, Kind::Scalars),
        b"version" => (VERSION, Kind::Text),
        _ => return None,
    })
}

fn exact_maintainer(name: &[u8]) -> Option<Field> {
    Some(match name {
        b"email" => (0, Kind::Text),
        b"name" => (1, Kind::Text),
        b"url" => (2, Kind::Text),
        _ => return None,
    })
}

fn exact_dependency(name: &[u8]) -> Option<Field> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_a_field_is_that_of_its_name() {
        for (object, names) in [
            (Object::Version, &VERSION_FIELDS[..]),
            (Object::Maintainer, &MAINTAINER_FIELDS),
            (Object::Dependency, &DEPENDENCY_FIELDS),
        ] {
            for (place, name) in names.iter().enumerate() {
                let place = u8::try_from(place).unwrap();
                assert_eq!(object.field(name.as_bytes()).unwrap().0, place, "{name}");
                assert_eq!(object.field(name.to_uppercase().as_bytes()).unwrap().0, place, "{name}");
                assert_eq!(object.name(place), *name);
            }
        }
    }

    #[test]
    fn a_name_in_any_case_is_a_field_and_a_longer_one_is_not() {
        assert_eq!(top("APIVERSION"), Some("apiVersion"));
        assert_eq!(top("api-version"), None);
        // Unicode's simple case folding, as in Go: a long s, and the Kelvin sign.
        assert_eq!(version("urlſ".as_bytes()), version(b"urls"));
        assert_eq!(version("\u{212a}eywords".as_bytes()), version(b"keywords"));
        assert_eq!(version(b"versions"), None);
    }
}
