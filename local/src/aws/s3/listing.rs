//! Listings (ListObjectsV2 and ListObjects) over the ordered keys.

use std::collections::BTreeMap;
use std::sync::Arc;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::object::Object;
use super::store::keys_from;

/// The characters that `encoding-type=url` does not encode; S3 leaves `/` readable.
const LEFT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/')
    .remove(b'*');

/// The request for a page of a listing.
pub(super) struct Query<'a> {
    pub(super) prefix: &'a str,
    pub(super) delimiter: Option<&'a str>,
    /// Only keys and common prefixes after this one.
    pub(super) after: Option<&'a str>,
    pub(super) max: usize,
}

/// One page of a listing.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) objects: Vec<(String, Arc<Object>)>,
    pub(super) prefixes: Vec<String>,
    /// The last key or prefix of this page, if another page follows.
    pub(super) next: Option<String>,
}

impl Page {
    pub(super) fn count(&self) -> usize {
        self.objects.len() + self.prefixes.len()
    }
}

pub(super) fn page(all: &BTreeMap<String, Arc<Object>>, query: &Query<'_>) -> Page {
    let mut page = Page::default();
    let mut last = None;
    for (key, object) in keys_from(all, query.prefix, query.after.unwrap_or_default()) {
        let common = query.delimiter.filter(|d| !d.is_empty()).and_then(|delimiter| {
            let rest = key.get(query.prefix.len()..)?;
            let end = rest.find(delimiter)? + delimiter.len();
            key.get(..query.prefix.len() + end).map(str::to_owned)
        });
        let name = common.as_deref().unwrap_or(key);
        if query.after.is_some_and(|after| name <= after) || page.prefixes.last().is_some_and(|seen| seen == name) {
            continue;
        }
        if page.count() == query.max {
            page.next = last;
            break;
        }
        last = Some(name.to_owned());
        match common {
            Some(prefix) => page.prefixes.push(prefix),
            None => page.objects.push((key.clone(), Arc::clone(object))),
        }
    }
    page
}

pub(super) fn encode(text: &str, url: bool) -> String {
    if url {
        utf8_percent_encode(text, LEFT).to_string()
    } else {
        text.to_owned()
    }
}
