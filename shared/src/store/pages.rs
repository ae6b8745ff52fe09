//! Listings, page by page. A search for a few among many keeps one page in memory, and can stop
//! early.

use aws_sdk_s3::types::EncodingType;

use super::{Listed, Store, StoreError, etag, timestamp};
use crate::keys::decode_key;

/// The pages of a listing, in the order of the keys. Each is a request.
#[derive(Debug)]
pub struct Pages<'a> {
    store: &'a Store,
    prefix: String,
    delimiter: Option<&'static str>,
    after: Option<String>,
    next: Next,
}

#[derive(Debug)]
enum Next {
    First,
    Behind(String),
    None,
}

/// One page of a listing.
#[derive(Debug, Default)]
pub struct Page {
    /// The objects.
    pub objects: Vec<Listed>,
    /// The folders, with a slash at the end, only in a listing [`Pages::of_folder`].
    pub folders: Vec<String>,
}

impl<'a> Pages<'a> {
    pub(super) fn new(store: &'a Store, prefix: &str) -> Self {
        Pages {
            store,
            prefix: prefix.to_owned(),
            delimiter: None,
            after: None,
            next: Next::First,
        }
    }

    /// Lists only the objects of one folder, and the names of its subfolders.
    #[must_use]
    pub fn of_folder(self) -> Self {
        Pages {
            delimiter: Some("/"),
            ..self
        }
    }

    /// Lists only the objects behind this key.
    #[must_use]
    pub fn after(self, key: Option<&str>) -> Self {
        Pages {
            after: key.map(str::to_owned),
            ..self
        }
    }

    /// The next page; `None` after the last one.
    ///
    /// Keys are requested in URL encoding. A key may contain any character, and a single one that
    /// XML cannot represent would make the whole page unreadable
    /// (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>, `encoding-type`).
    ///
    /// # Errors
    ///
    /// [`StoreError`] if S3 does not answer with the page.
    pub async fn next(&mut self) -> Result<Option<Page>, StoreError> {
        let token = match std::mem::replace(&mut self.next, Next::None) {
            Next::First => None,
            Next::Behind(token) => Some(token),
            Next::None => return Ok(None),
        };
        let page = self
            .store
            .client()
            .list_objects_v2()
            .bucket(&self.store.bucket)
            .prefix(&self.prefix)
            .encoding_type(EncodingType::Url)
            .set_delimiter(self.delimiter.map(str::to_owned))
            .set_start_after(self.after.clone())
            .set_continuation_token(token)
            .send()
            .await
            .map_err(|error| StoreError::new("ListObjectsV2", &self.prefix, error))?;
        // A server that does not encode does not announce it.
        let encoded = page.encoding_type == Some(EncodingType::Url);
        let decoded = |text: String| match encoded {
            true => decode_key(&text).unwrap_or(text),
            false => text,
        };
        self.next = page.next_continuation_token.map_or(Next::None, Next::Behind);
        let objects = page.contents.unwrap_or_default().into_iter().filter_map(|object| {
            Some(Listed {
                key: decoded(object.key?),
                etag: etag(object.e_tag),
                modified: timestamp(object.last_modified),
                size: object
                    .size
                    .and_then(|size| u64::try_from(size).ok())
                    .unwrap_or_default(),
            })
        });
        let folders = page.common_prefixes.unwrap_or_default().into_iter();
        Ok(Some(Page {
            objects: objects.collect(),
            folders: folders.filter_map(|folder| folder.prefix.map(decoded)).collect(),
        }))
    }
}
