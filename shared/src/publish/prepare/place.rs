//! Compares an upload that has passed its checks with what is published.

use bytes::Bytes;

use super::candidate::{Origin, Prepared};
use super::repair::no_url;
use super::store_archive::Destination;
use super::upload::Upload;
use crate::archive::Archive;
use crate::index::Promise;
use crate::publish::decided::{Decided, Visible};
use crate::publish::index::state::IndexState;
use crate::publish::{PublishError, Publisher, Reason};
use crate::unpublished::Unpublished;

impl Publisher {
    /// Finds the place of an upload that has passed its checks.
    pub(in crate::publish) async fn place(
        &self,
        state: &IndexState,
        upload: Upload,
        archive: Archive,
        bytes: Bytes,
    ) -> Result<Prepared, PublishError> {
        let file_name = upload.staged.file_name();
        let own_key = upload.file().archive_key();
        match (promise(state, &archive), state.unpublished.get(file_name)) {
            (Some(promise), _) => self.place_listed(state, upload, archive, bytes, promise).await,
            (None, Some(unpublished)) => self.bring_back(upload, archive, bytes, unpublished).await,
            (None, None) => {
                self.store_archive(upload, archive, bytes, Destination::new(own_key))
                    .await
            }
        }
    }

    /// Handles a version that the index lists. The archive that its entry names decides, wherever
    /// that is.
    async fn place_listed(
        &self,
        state: &IndexState,
        upload: Upload,
        own: Archive,
        bytes: Bytes,
        promise: Promise,
    ) -> Result<Prepared, PublishError> {
        let mut own = own;
        if promise.url.is_none() {
            let warning = no_url(&upload, &own);
            own.warnings.push(warning);
        }
        let key = match &promise.url {
            Some(url) => self.settings.key_at(&upload.repository, url),
            // An entry without a URL can only mean the archive with its name.
            None => Some(upload.file().archive_key()),
        };
        if promise.comparable() != Some(own.digest) {
            let key = match key {
                None => self.under_an_earlier_address(&upload, &promise).await?,
                key => key,
            };
            return self.compare_with_listed(upload, own, promise, key).await;
        }
        match key {
            Some(key) => {
                let returned_after = state.unpublished.get(upload.staged.file_name()).map(Unpublished::id);
                let destination = Destination {
                    key,
                    is_listed: true,
                    returned_after,
                };
                self.store_archive(upload, own, bytes, destination).await
            }
            // The entry points elsewhere, so no client would request a second copy here.
            None => Ok(unchanged(upload, own, promise.url, false)),
        }
    }

    /// The key of the archive of an entry that points to another host, if the archive is in this
    /// bucket: the repository may have had another address.
    async fn under_an_earlier_address(
        &self,
        upload: &Upload,
        promise: &Promise,
    ) -> Result<Option<String>, PublishError> {
        let Some(listed) = promise.comparable() else {
            return Ok(None);
        };
        let key = upload.file().archive_key();
        let stored = self.repositories.read_archive(&key).await?;
        Ok((stored.digest() == Some(listed)).then_some(key))
    }

    /// Handles an unpublished version. Only the same content may be published again under its name.
    async fn bring_back(
        &self,
        upload: Upload,
        own: Archive,
        bytes: Bytes,
        unpublished: &Unpublished,
    ) -> Result<Prepared, PublishError> {
        if !unpublished.allows(&own) {
            let reason = Reason::Unpublished {
                chart: own.metadata.name.clone(),
                version: own.metadata.version.clone(),
                at: unpublished.at,
                published: unpublished.digest.map(|digest| digest.to_string()).unwrap_or_default(),
                own: own.digest,
            };
            return Ok(Decided::rejected(upload, own, reason).into());
        }
        // This very upload may be the one that was unpublished, if its run was killed before
        // removing it.
        if let Some(receipt) = self.recorded(&upload).await? {
            return Ok(Decided::recorded(upload, own, receipt).into());
        }
        let destination = Destination {
            returned_after: Some(unpublished.id()),
            ..Destination::new(upload.file().archive_key())
        };
        self.store_archive(upload, own, bytes, destination).await
    }
}

/// The index already lists it, at `url`.
pub(in crate::publish) fn unchanged(
    upload: Upload,
    archive: Archive,
    url: Option<String>,
    may_mirror: bool,
) -> Prepared {
    let visible = Visible {
        origin: Origin::EarlierUpload,
        url,
        may_mirror,
    };
    Decided::visible(upload, archive, visible).into()
}

/// What the index says about this version, if it lists it.
pub(in crate::publish) fn promise(state: &IndexState, archive: &Archive) -> Option<Promise> {
    let metadata = &archive.metadata;
    state.index.promise(&metadata.name, &metadata.version)
}
