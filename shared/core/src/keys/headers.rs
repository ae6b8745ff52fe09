//! What an object is served with.

/// The headers that an object is served with. Never a Content-Encoding: Helm asks for none and
/// saves what it gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Headers {
    /// `Content-Type`.
    pub content_type: &'static str,
    /// `Cache-Control`.
    pub cache_control: Option<String>,
}

impl Headers {
    /// A published archive never changes.
    pub fn archive() -> Self {
        Self {
            content_type: "application/gzip",
            cache_control: Some("public, max-age=31536000, immutable".to_owned()),
        }
    }

    /// A provenance file changes as little as its archive.
    pub fn provenance() -> Self {
        Self {
            content_type: "text/plain",
            ..Self::archive()
        }
    }

    /// A keyring may be served from a cache for as long as an index.
    pub fn keyring(max_age: u32) -> Self {
        Self {
            content_type: "application/octet-stream",
            ..Self::index(max_age)
        }
    }

    /// An index may be served from a cache for `max_age` seconds where an invalidation does not
    /// reach it.
    pub fn index(max_age: u32) -> Self {
        Self {
            content_type: "application/yaml",
            cache_control: Some(format!("public, max-age={max_age}")),
        }
    }

    /// A receipt is for tools and is never served by the CDN.
    pub fn receipt() -> Self {
        Self {
            content_type: "application/json",
            cache_control: None,
        }
    }
}
