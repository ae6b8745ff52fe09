//! The notes of repairs.

use super::{ARCHIVE_SUFFIX, CHARTS, REPAIRED};

/// The key of the note that the archive with this key was repaired.
pub fn repaired_key(archive: &str) -> String {
    format!("{REPAIRED}{}", archive.strip_prefix(CHARTS).unwrap_or(archive))
}

/// The archive of such a note; `None` if the key is not of one.
pub fn of_repaired(key: &str) -> Option<String> {
    let rest = key.strip_prefix(REPAIRED)?;
    rest.ends_with(ARCHIVE_SUFFIX).then(|| format!("{CHARTS}{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_note_of_a_repair_names_its_archive() {
        let note = repaired_key("charts/team-a/a-1+b.tgz");
        assert_eq!(note, "repaired/team-a/a-1+b.tgz");
        assert_eq!(of_repaired(&note).as_deref(), Some("charts/team-a/a-1+b.tgz"));
        assert_eq!(of_repaired("repaired/index.yaml"), None);
    }
}
