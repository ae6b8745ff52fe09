//! The headers that objects are served with.

/// The headers that an object is served with. There is never a Content-Encoding, because Helm saves
/// what it receives without decoding it.
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

    /// A provenance file does not change either.
    pub fn provenance() -> Self {
        Self {
            content_type: "text/plain",
            ..Self::archive()
        }
    }

    /// Caches may serve a keyring as long as an index.
    pub fn keyring(max_age: u32) -> Self {
        Self {
            content_type: "application/octet-stream",
            ..Self::index(max_age)
        }
    }

    /// Caches may serve an index for `max_age` seconds if an invalidation does not reach them.
    pub fn index(max_age: u32) -> Self {
        Self {
            content_type: "application/yaml",
            cache_control: Some(format!("public, max-age={max_age}")),
        }
    }

    /// A receipt is for tools. The edge does not serve it.
    pub fn receipt() -> Self {
        Self {
            content_type: "application/json",
            cache_control: None,
        }
    }
}
