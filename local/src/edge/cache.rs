//! What the edge remembers, for how long, and what an invalidation makes it forget.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::s3::{Object, Store, decode_plus_and_percent};
use crate::sync::lock;

/// CloudFront's DefaultTTL, for objects without Cache-Control.
const DEFAULT_TTL: Duration = Duration::from_secs(24 * 60 * 60);
/// CloudFront's minimum for error answers.
const ERROR_TTL: Duration = Duration::from_secs(10);
/// The folder behind the distribution (its OriginPath).
const ORIGIN: &str = "charts";

/// The edge's cache in front of a bucket. Clones are handles to the same one.
#[derive(Clone)]
pub struct Edge {
    store: Store,
    cached: Arc<Mutex<HashMap<String, Entry>>>,
}

struct Entry {
    /// `None`: the origin said that there is nothing.
    object: Option<Arc<Object>>,
    since: Instant,
    fresh: Duration,
}

/// CloudFront's words for where an answer came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CacheResult {
    /// From the cache.
    Hit,
    /// From the origin.
    Miss,
    /// Too old, but the origin still had the same.
    RefreshHit,
    /// There is nothing; `true`: known from the cache.
    Error(bool),
}

/// What the edge answers with.
pub(crate) struct Served {
    pub(crate) object: Option<Arc<Object>>,
    pub(crate) result: CacheResult,
    pub(crate) age: Duration,
}

impl Edge {
    pub(crate) fn new(store: Store) -> Self {
        Self {
            store,
            cached: Arc::default(),
        }
    }

    /// Serves a path as it stands in the request, still percent-encoded.
    ///
    /// The cache is locked over the look at the origin, so an answer from before an invalidation cannot be remembered
    /// after it.
    pub(crate) fn serve(&self, path: &str) -> Served {
        let mut cached = lock(&self.cached);
        let before = cached.get(path);
        if let Some(entry) = before
            && entry.since.elapsed() < entry.fresh
        {
            let result = if entry.object.is_some() {
                CacheResult::Hit
            } else {
                CacheResult::Error(true)
            };
            return Served {
                object: entry.object.clone(),
                result,
                age: entry.since.elapsed(),
            };
        }
        let object = self.origin(path);
        let result = match (&object, before.and_then(|entry| entry.object.as_ref())) {
            (None, _) => CacheResult::Error(false),
            (Some(now), Some(then)) if now.etag == then.etag => CacheResult::RefreshHit,
            (Some(_), _) => CacheResult::Miss,
        };
        let fresh = object
            .as_ref()
            .map_or(ERROR_TTL, |object| ttl(object.headers.cache_control.as_deref()));
        cached.insert(
            path.to_owned(),
            Entry {
                object: object.clone(),
                since: Instant::now(),
                fresh,
            },
        );
        Served {
            object,
            result,
            age: Duration::ZERO,
        }
    }

    /// S3's REST endpoint decodes the path, and takes a raw `+` for a space. `..` has no meaning to it.
    fn origin(&self, path: &str) -> Option<Arc<Object>> {
        let key = decode_plus_and_percent(path)?;
        self.store.get(&format!("{ORIGIN}{key}"))
    }

    /// Forgets what the paths name; a `*` at the end stands for anything.
    pub(crate) fn forget(&self, paths: &[String]) {
        let patterns: Vec<String> = paths.iter().map(|path| normalized(path)).collect();
        lock(&self.cached).retain(|path, _| {
            let path = normalized(path);
            !patterns.iter().any(|pattern| matches(pattern, &path))
        });
    }
}

/// `/a%2Bb` and `/a+b` are different objects to S3, so `+` stays what it is here.
fn normalized(path: &str) -> String {
    percent_encoding::percent_decode_str(&path.replace('+', "%20"))
        .decode_utf8_lossy()
        .into_owned()
}

/// CloudFront: "The path can include an asterisk (*) as a wildcard […] which must appear at the end of the path."
fn matches(pattern: &str, path: &str) -> bool {
    let pattern = pattern.strip_prefix('/').unwrap_or(pattern);
    let path = path.strip_prefix('/').unwrap_or(path);
    match pattern.strip_suffix('*') {
        Some(start) => path.starts_with(start),
        None => path == pattern,
    }
}

fn ttl(cache_control: Option<&str>) -> Duration {
    let Some(cache_control) = cache_control else {
        return DEFAULT_TTL;
    };
    let directives = cache_control.split(',').map(|part| part.trim().to_ascii_lowercase());
    let (mut max_age, mut s_maxage) = (None, None);
    for directive in directives {
        match directive.split_once('=') {
            Some(("max-age", seconds)) => max_age = seconds.trim_matches('"').parse().ok(),
            Some(("s-maxage", seconds)) => s_maxage = seconds.trim_matches('"').parse().ok(),
            None if matches!(directive.as_str(), "no-store" | "no-cache" | "private") => return Duration::ZERO,
            _ => {}
        }
    }
    s_maxage.or(max_age).map_or(DEFAULT_TTL, Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_stays_for_as_long_as_its_cache_control_says() {
        assert_eq!(ttl(Some("public, max-age=300")), Duration::from_secs(300));
        assert_eq!(ttl(Some("max-age=300, s-maxage=5")), Duration::from_secs(5));
        assert_eq!(ttl(Some("no-cache, max-age=300")), Duration::ZERO);
        assert_eq!(ttl(None), DEFAULT_TTL);
    }

    #[test]
    fn a_wildcard_stands_at_the_end_only() {
        assert!(matches("/*", "/team-a/index.yaml"));
        assert!(matches("/team-a/*", "/team-a/index.yaml"));
        assert!(!matches("/team-a/*", "/index.yaml"));
        assert!(!matches("/index.yaml", "/team-a/index.yaml"));
        assert!(!matches("/*/index.yaml", "/team-a/index.yaml"));
    }
}
