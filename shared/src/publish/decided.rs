//! An upload whose outcome is certain but not yet recorded.

use super::checks::verdict::Verdict;
use super::prepare::candidate::{Origin, Prepared};
use super::prepare::upload::Upload;
use super::{Reason, Wait};
use crate::archive::Archive;
use crate::digest::Digest;
use crate::receipt::{Outcome, Receipt};

/// An upload whose outcome is certain but not yet recorded.
#[derive(Debug)]
pub(super) struct Decided {
    pub(super) upload: Upload,
    /// The published archive, or the rejected one as far as it could be read.
    pub(super) archive: Option<Archive>,
    /// SHA-256 of the archive, known even if the archive could not be read.
    pub(super) digest: Option<Digest>,
    pub(super) verdict: Verdict<Visible>,
}

/// What users can install after an upload has passed.
#[derive(Debug)]
pub(super) struct Visible {
    /// Whether this upload was published, or an earlier one with the same content is unchanged.
    pub(super) origin: Origin,
    /// The URL in the index, if it has one.
    pub(super) url: Option<String>,
    /// Whether the mirror may push the stored archive. It may not if that may differ from what was
    /// published.
    pub(super) may_mirror: bool,
}

impl Decided {
    /// The index lists it.
    pub(super) fn visible(upload: Upload, archive: Archive, visible: Visible) -> Self {
        Self::of_archive(upload, archive, Verdict::Pass(visible))
    }

    /// It is held.
    pub(super) fn held(upload: Upload, archive: Archive, wait: Wait) -> Self {
        Self::of_archive(upload, archive, Verdict::Hold(wait))
    }

    /// It is rejected because of its archive.
    pub(super) fn rejected(upload: Upload, archive: Archive, reason: impl Into<Reason>) -> Self {
        Self::of_archive(upload, archive, Verdict::Reject(reason.into()))
    }

    /// It is rejected without its archive having been read.
    pub(super) fn rejected_unread(upload: Upload, digest: Option<Digest>, reason: impl Into<Reason>) -> Self {
        Self {
            upload,
            archive: None,
            digest,
            verdict: Verdict::Reject(reason.into()),
        }
    }

    /// An earlier run recorded the outcome and was killed before it removed the upload.
    pub(super) fn recorded(upload: Upload, archive: Archive, receipt: Receipt) -> Self {
        let visible = |origin| {
            Verdict::Pass(Visible {
                origin,
                url: receipt.url,
                may_mirror: true,
            })
        };
        let verdict = match receipt.outcome {
            Outcome::Published => visible(Origin::ThisUpload),
            Outcome::Unchanged => visible(Origin::EarlierUpload),
            Outcome::Rejected | Outcome::Held => Verdict::Reject(Reason::Recorded {
                reason: receipt.reason.unwrap_or_default(),
                code: receipt.reason_code.unwrap_or_default(),
            }),
        };
        Self::of_archive(upload, archive, verdict)
    }

    fn of_archive(upload: Upload, archive: Archive, verdict: Verdict<Visible>) -> Self {
        Self {
            upload,
            digest: Some(archive.digest),
            archive: Some(archive),
            verdict,
        }
    }

    /// The outcome as the receipt names it.
    pub(super) fn outcome(&self) -> Outcome {
        match &self.verdict {
            Verdict::Pass(Visible { origin, .. }) => match origin {
                Origin::ThisUpload => Outcome::Published,
                Origin::EarlierUpload => Outcome::Unchanged,
            },
            Verdict::Hold(_) => Outcome::Held,
            Verdict::Reject(_) => Outcome::Rejected,
        }
    }

    /// Why the upload is not visible: the message, and a short, stable code.
    pub(super) fn why_not(&self) -> Option<(String, String)> {
        match &self.verdict {
            Verdict::Pass(_) => None,
            Verdict::Hold(wait) => Some((wait.to_string(), wait.code().to_owned())),
            Verdict::Reject(reason) => Some((reason.to_string(), reason.code().to_owned())),
        }
    }
}

impl From<Decided> for Prepared {
    fn from(decided: Decided) -> Self {
        Self::Decided(Box::new(decided))
    }
}
