//! What to do about an archive whose bytes are not what was published: the explanation, and the
//! commands that restore the right version.

use super::Maintainer;
use crate::digest::short;
use crate::keys::Repository;
use crate::repository::command;

impl Maintainer {
    /// The instructions for an archive that should have the digest `published`.
    ///
    /// They delete the wrong version of the object instead of copying the right one over it,
    /// because the event of a deletion makes the edge drop its cached copy.
    pub(super) fn how_to_restore(&self, repository: &Repository, key: &str, published: &str) -> String {
        let bucket = &self.settings.bucket;
        let key = quoted(key);
        format!(
            "It was damaged or tampered with, so it should not be installed. To restore it, upload the archive with the digest \
             {} again. Or list its versions, which are kept for 30 days, with `aws s3api list-object-versions --bucket {bucket} \
             --prefix {key}`, and delete the wrong one, which is above the right one, with `aws s3api delete-object --bucket \
             {bucket} --key {key} --version-id ID`. Only if the present archive is right, run {}",
            short(published),
            command::accept_changed(repository)
        )
    }
}

/// Quotes an argument for a shell.
pub(super) fn quoted(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./+".contains(&byte);
    if text.bytes().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_one_argument_for_a_shell() {
        assert_eq!(quoted("charts/team-a/a-1.0.0+b.tgz"), "charts/team-a/a-1.0.0+b.tgz");
        assert_eq!(quoted("charts/$(x) y'z.tgz"), r"'charts/$(x) y'\''z.tgz'");
    }
}
