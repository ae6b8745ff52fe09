//! The differences that are meant, each with its reason.

use std::fmt::Write as _;

/// A row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Allowed {
    /// The classes of difference that it is about (see [`Difference`](super::Difference)).
    pub classes: &'static [&'static str],
    /// What is in the file.
    pub what: &'static str,
    /// What Helm 3 does with it.
    pub helm3: &'static str,
    /// What Helm 4 does with it.
    pub helm4: &'static str,
    /// What Chartdrop does with it.
    pub chartdrop: &'static str,
    /// Why.
    pub why: &'static str,
}

/// The whole table.
pub const ALLOWED: &[Allowed] = &[
    Allowed {
        classes: &["archive: path-twice", "archive: dependency-twice"],
        what: "a path twice with different content; `helm package` makes such archives if `charts/` has a dependency twice",
        helm3: "loads a mix of the two",
        helm4: "loads a mix of the two",
        chartdrop: "rejects an upload (`path-twice`, `dependency-twice`), reads what is published",
        why: "which of the files counts depends on who unpacks; the message names both versions and the file to delete",
    },
    Allowed {
        classes: &["archive: bad-path"],
        what: "a path that is absolute, has `..`, both separators or control characters in it, begins with a drive letter, is not UTF-8, or has over 1,024 bytes",
        helm3: "loads it as a path in the chart",
        helm4: "loads it as a path in the chart",
        chartdrop: "rejects an upload (`bad-path`), reads what is published",
        why: "other unpackers follow it out of the chart's folder, or show another name",
    },
    Allowed {
        classes: &["archive: link-leaves"],
        what: "a link to a file outside of the chart",
        helm3: "loads an empty file",
        helm4: "loads an empty file",
        chartdrop: "rejects an upload (`link-leaves`), reads what is published",
        why: "other unpackers follow it, and the chart lacks the file that its packager meant",
    },
    Allowed {
        classes: &["archive: not-a-file"],
        what: "a device or a pipe",
        helm3: "loads an empty file",
        helm4: "loads an empty file",
        chartdrop: "rejects an upload (`not-a-file`), reads what is published",
        why: "no chart needs one, and an unpacker that runs as root creates it",
    },
    Allowed {
        classes: &["archive: bad-headers", "published: bad-headers"],
        what: "sparse files, and sizes in pax headers",
        helm3: "loads it",
        helm4: "loads it",
        chartdrop: "rejects it (`bad-headers`)",
        why: "unpackers disagree on where such a file ends; `helm package` writes none",
    },
    Allowed {
        classes: &["archive: two-charts"],
        what: "two folders at the top, beside what macOS adds (`./._NAME`, `__MACOSX/`)",
        helm3: "loads all files as one chart",
        helm4: "loads all files as one chart",
        chartdrop: "rejects an upload (`two-charts`), reads what is published",
        why: "a mix of two charts would be installed",
    },
    Allowed {
        classes: &["archive: damaged"],
        what: "other bytes than zeros behind the gzip stream",
        helm3: "ignores them",
        helm4: "ignores them",
        chartdrop: "rejects an upload (`damaged`), reads what is published",
        why: "nobody reads these bytes, so nothing tells what they are",
    },
    Allowed {
        classes: &["archive: file-name"],
        what: "a file name other than `NAME-VERSION.tgz`",
        helm3: "loads it",
        helm4: "loads it",
        chartdrop: "rejects an upload (`file-name`), reads what is published",
        why: "the file name is the identity of what is published: two charts could claim the same",
    },
    Allowed {
        classes: &["archive: chart-yaml-unreadable", "published: chart-yaml-unreadable"],
        what: "U+0085, U+2028 or U+2029 outside of single quotes, a byte order mark or a lone carriage return within the text of `Chart.yaml`",
        helm3: "loads it",
        helm4: "loads it",
        chartdrop: "rejects it (`chart-yaml-unreadable`)",
        why: "readers of YAML disagree on what it says",
    },
    Allowed {
        classes: &["archive: long-name", "published: long-name"],
        what: "a name of an annotation of more than 512 bytes",
        helm3: "loads it",
        helm4: "loads it",
        chartdrop: "rejects it (`long-name`)",
        why: "many readers of YAML accept no key of more than 1,024 bytes, so the whole index would break for them",
    },
    Allowed {
        classes: &["archive: metadata-too-large"],
        what: "a `Chart.yaml` of more than 256 KiB",
        helm3: "loads it",
        helm4: "loads it",
        chartdrop: "rejects an upload (`metadata-too-large`), reads what is published",
        why: "bounds what an upload costs",
    },
    Allowed {
        classes: &["archive: entry-too-large"],
        what: "metadata that takes more than 64 KiB in an index",
        helm3: "loads it",
        helm4: "loads it",
        chartdrop: "rejects an upload (`entry-too-large`), reads what is published",
        why: "every client downloads it with the index; the largest real entry has 32,497 bytes",
    },
    Allowed {
        classes: &["archive: too-many-entries", "published: too-many-entries"],
        what: "more than 20,000 files",
        helm3: "loads it",
        helm4: "loads it",
        chartdrop: "rejects it (`too-many-entries`)",
        why: "bounds what an upload costs",
    },
    Allowed {
        classes: &["archive: too-nested", "published: too-nested"],
        what: "archives in archives in `charts/`, more than four levels deep",
        helm3: "loads it",
        helm4: "loads it",
        chartdrop: "rejects it (`too-nested`)",
        why: "bounds what an upload costs",
    },
    Allowed {
        classes: &["archive: unpacked-too-large", "published: unpacked-too-large"],
        what: "files of nearly 100 MiB together, over 100 MiB with the headers of the tar",
        helm3: "loads it: it does not count the headers",
        helm4: "loads it: it does not count the headers",
        chartdrop: "rejects it (`unpacked-too-large`)",
        why: "bounds what an upload costs; headers cost as well",
    },
    Allowed {
        classes: &["archive: too-large"],
        what: "an archive of more than 20 MiB",
        helm3: "loads it",
        helm4: "loads it",
        chartdrop: "rejects an upload (`too-large`) over `MAX_CHART_BYTES`, reads what is published",
        why: "the function has the archive in memory",
    },
];

/// The row about this class of difference.
pub fn allows(class: &str) -> Option<&'static Allowed> {
    ALLOWED.iter().find(|allowed| allowed.classes.contains(&class))
}

/// The table as it stands in `docs/stricter-than-helm.md`.
pub fn markdown() -> String {
    let mut text = String::from("| what | Helm 3 | Helm 4 | Chartdrop | why |\n| --- | --- | --- | --- | --- |\n");
    for Allowed {
        what,
        helm3,
        helm4,
        chartdrop,
        why,
        ..
    } in ALLOWED
    {
        writeln!(text, "| {what} | {helm3} | {helm4} | {chartdrop} | {why} |").expect("memory takes all writes");
    }
    text
}
