//! The cache of the edge: what it keeps, for how long, and what an invalidation removes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use super::distribution::{Distribution, Ttl};
use crate::aws::s3::{Object, Store};
use crate::events::decode_plus_and_percent;
use crate::sync::lock;

/// The edge's cache in front of a bucket. Clones are handles to the same one.
#[derive(Clone)]
pub struct Edge {
    store: Store,
    pub(super) distribution: Arc<Distribution>,
    /// By path, as the CloudFront function returned it.
    cached: Arc<Mutex<HashMap<String, Entry>>>,
}

struct Entry {
    /// `None` if the origin answered that the object does not exist.
    object: Option<Arc<Object>>,
    since: Instant,
    fresh: Duration,
}

/// Where an answer came from, as CloudFront reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CacheResult {
    /// From the cache.
    Hit,
    /// From the origin.
    Miss,
    /// From the cache after it had expired: the origin still has the same object.
    RefreshHit,
    /// The object does not exist; `true` if that came from the cache.
    Error(bool),
}

/// The answer of the cache.
pub(crate) struct Served {
    pub(crate) object: Option<Arc<Object>>,
    pub(crate) result: CacheResult,
    pub(crate) age: Duration,
}

impl Edge {
    pub(crate) fn new(store: Store, distribution: Distribution) -> Self {
        Self {
            store,
            distribution: Arc::new(distribution),
            cached: Arc::default(),
        }
    }

    /// Serves a path as the CloudFront function returned it, still percent-encoded.
    ///
    /// The cache stays locked while the origin is read, so that an answer from before an
    /// invalidation cannot be cached after it.
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
        let fresh = match &object {
            None => self.distribution.error_ttl(404),
            Some(object) => fresh(self.distribution.ttl, object),
        };
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

    /// Reads the object from the bucket. Like S3's REST endpoint, it decodes the path, reads a raw
    /// `+` as a space, and gives `..` no special meaning.
    fn origin(&self, path: &str) -> Option<Arc<Object>> {
        let key = decode_plus_and_percent(path)?;
        self.store.get(&format!("{}{key}", self.distribution.origin))
    }

    /// Removes the paths of an invalidation; a `*` at the end matches anything.
    pub(crate) fn invalidate(&self, paths: &[String]) {
        let patterns: Vec<String> = paths
            .iter()
            .map(|path| normalized(path))
            // "CloudFront doesn't support this character for invalidation purposes, whether you
            // URL-encode it or not."
            .filter(|path| !path.contains('~'))
            .collect();
        lock(&self.cached).retain(|path, _| {
            let path = normalized(path);
            !patterns.iter().any(|pattern| matches(pattern, &path))
        });
    }
}

/// A path in the form that is compared. An encoded plus and a raw one stay different: "Don't
/// URL-encode any other characters, or CloudFront won't invalidate the old version."
/// <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-specifying-objects.html>
fn normalized(path: &str) -> String {
    let parts = path.split("%2B").flat_map(|part| part.split("%2b"));
    let decoded = parts.map(|part| percent_encoding::percent_decode_str(part).decode_utf8_lossy());
    decoded.collect::<Vec<_>>().join("%2B")
}

/// CloudFront: "The path can include an asterisk (*) as a wildcard […] which must appear at the end
/// of the path."
fn matches(pattern: &str, path: &str) -> bool {
    let pattern = pattern.strip_prefix('/').unwrap_or(pattern);
    let path = path.strip_prefix('/').unwrap_or(path);
    match pattern.strip_suffix('*') {
        Some(start) => path.starts_with(start),
        None => path == pattern,
    }
}

/// How long an object stays fresh: as its headers say, within the limits of the cache policy.
/// <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/Expiration.html>
fn fresh(ttl: Ttl, object: &Object) -> Duration {
    let headers = &object.headers;
    let age = match headers.cache_control.as_deref().map(directives) {
        Some(Directives::DoNotCache) => return ttl.shortest,
        Some(Directives::For(age)) => Some(age),
        Some(Directives::Nothing) | None => headers.expires.as_deref().map(until),
    };
    age.unwrap_or(ttl.default)
        .clamp(ttl.shortest, ttl.longest.max(ttl.shortest))
}

/// What a `Cache-Control` header says about the time in a shared cache.
enum Directives {
    Nothing,
    For(Duration),
    DoNotCache,
}

fn directives(cache_control: &str) -> Directives {
    let parts = cache_control.split(',').map(|part| part.trim().to_ascii_lowercase());
    let (mut max_age, mut s_maxage) = (None, None);
    for directive in parts {
        match directive.split_once('=') {
            Some(("max-age", seconds)) => max_age = seconds.trim_matches('"').parse().ok(),
            Some(("s-maxage", seconds)) => s_maxage = seconds.trim_matches('"').parse().ok(),
            None if matches!(directive.as_str(), "no-store" | "no-cache" | "private") => return Directives::DoNotCache,
            _ => {}
        }
    }
    let age = s_maxage.or(max_age).map(Duration::from_secs);
    age.map_or(Directives::Nothing, Directives::For)
}

/// The time until a date; zero if the date is past or invalid.
fn until(expires: &str) -> Duration {
    let expires = httpdate::parse_http_date(expires).ok();
    let left = expires.and_then(|date| date.duration_since(SystemTime::now()).ok());
    left.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(cache_control: Option<&str>, expires: Option<&str>) -> u64 {
        let ttl = Ttl {
            shortest: Duration::from_secs(2),
            default: Duration::from_secs(300),
            longest: Duration::from_secs(1_000),
        };
        let store = Store::in_memory();
        store.put("a", "text", std::collections::BTreeMap::new()).unwrap();
        let mut object = (*store.get("a").unwrap()).clone();
        object.headers.cache_control = cache_control.map(str::to_owned);
        object.headers.expires = expires.map(str::to_owned);
        fresh(ttl, &object).as_secs()
    }

    #[test]
    fn an_object_stays_fresh_as_its_headers_say_within_the_limits_of_the_policy() {
        assert_eq!(seconds(Some("public, max-age=400"), None), 400);
        assert_eq!(seconds(Some("max-age=300, s-maxage=5"), None), 5);
        assert_eq!(seconds(Some("no-cache, max-age=300"), None), 2);
        assert_eq!(seconds(Some("max-age=1"), None), 2);
        assert_eq!(seconds(Some("max-age=31536000"), None), 1_000);
        assert_eq!(seconds(None, None), 300);
        assert_eq!(seconds(Some("public"), None), 300);
        assert_eq!(seconds(None, Some("Thu, 01 Jan 1970 00:00:00 GMT")), 2);
        assert_eq!(seconds(Some("max-age=7"), Some("Thu, 01 Jan 1970 00:00:00 GMT")), 7);
    }

    #[test]
    fn an_encoded_plus_and_a_raw_plus_are_different_paths() {
        assert_eq!(normalized("/team%20a/x%2bb"), normalized("/team a/x%2Bb"));
        assert_ne!(normalized("/x%2Bb"), normalized("/x+b"));
    }

    #[test]
    fn a_wildcard_works_only_at_the_end() {
        assert!(matches("/*", "/team-a/index.yaml"));
        assert!(matches("/team-a/*", "/team-a/index.yaml"));
        assert!(!matches("/team-a/*", "/index.yaml"));
        assert!(!matches("/index.yaml", "/team-a/index.yaml"));
        assert!(!matches("/*/index.yaml", "/team-a/index.yaml"));
    }
}
