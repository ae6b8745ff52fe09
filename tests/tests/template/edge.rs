//! What the code says in headers, the edge's policies keep.

use chartdrop::keys::Headers;
use serde_yaml::Value;

use crate::text::{only, referred, template};

fn policy() -> Value {
    only("AWS::CloudFront::CachePolicy")["Properties"]["CachePolicyConfig"].clone()
}

fn seconds(value: &Value) -> u64 {
    value.as_u64().expect("seconds")
}

fn max_age(headers: &Headers) -> u64 {
    let cache_control = headers.cache_control.as_deref().expect("a Cache-Control");
    let mut directives = cache_control.split(", ");
    let max_age = directives.find_map(|directive| directive.strip_prefix("max-age="));
    max_age.expect("a max-age").parse().expect("seconds")
}

#[test]
fn the_edge_keeps_everything_as_long_as_its_headers_say() {
    let (policy, parameter) = (policy(), template()["Parameters"]["IndexMaxAge"].clone());
    let (shortest, longest) = (seconds(&policy["MinTTL"]), seconds(&policy["MaxTTL"]));
    let mut told = vec![max_age(&Headers::archive())];
    for bound in ["MinValue", "Default", "MaxValue"] {
        told.push(max_age(&Headers::index(
            u32::try_from(seconds(&parameter[bound])).expect("seconds"),
        )));
    }
    for max_age in told {
        assert!(
            (shortest..=longest).contains(&max_age),
            "max-age={max_age} would become something between {shortest} and {longest}"
        );
    }
    // What says nothing, an index copied from elsewhere, must not be kept for a day, CloudFront's own default.
    assert_eq!(referred(&policy["DefaultTTL"]), Some("IndexMaxAge"));
}

/// `/?list-type=2` would list the bucket if the origin ever saw it: the edge may list, so that missing is 404.
#[test]
fn the_edge_passes_no_query_cookie_or_header_on() {
    let policy = policy();
    let passed = &policy["ParametersInCacheKeyAndForwardedToOrigin"];
    assert_eq!(passed["QueryStringsConfig"]["QueryStringBehavior"], "none");
    assert_eq!(passed["CookiesConfig"]["CookieBehavior"], "none");
    assert_eq!(passed["HeadersConfig"]["HeaderBehavior"], "none");
    let distribution = only("AWS::CloudFront::Distribution")["Properties"]["DistributionConfig"].clone();
    let behavior = &distribution["DefaultCacheBehavior"];
    assert_eq!(referred(&behavior["CachePolicyId"]), Some("CachePolicy"));
    assert!(
        behavior.get("OriginRequestPolicyId").is_none(),
        "it could pass queries on"
    );
    assert!(
        distribution.get("CacheBehaviors").is_none(),
        "each could pass queries on"
    );
    let origins = distribution["Origins"].as_sequence().expect("origins");
    assert_eq!(origins.len(), 1);
    let below = format!(
        "{}/",
        origins[0]["OriginPath"]
            .as_str()
            .expect("a path")
            .trim_start_matches('/')
    );
    assert_eq!(
        below,
        chartdrop::keys::CHARTS,
        "the edge must see nothing beside the charts"
    );
}

/// Helm asks for no compression and saves what it gets; a compressed index would be saved compressed.
#[test]
fn the_edge_compresses_nothing() {
    let distribution = only("AWS::CloudFront::Distribution")["Properties"]["DistributionConfig"].clone();
    assert_eq!(distribution["DefaultCacheBehavior"]["Compress"], false);
    let policy = policy();
    let key = &policy["ParametersInCacheKeyAndForwardedToOrigin"];
    assert_eq!(
        (&key["EnableAcceptEncodingGzip"], &key["EnableAcceptEncodingBrotli"]),
        (&false.into(), &false.into())
    );
}

/// The sweep of invalidate-cdn goes back a day: an index that caches may keep for longer would be left to them.
#[test]
fn no_index_may_be_kept_for_longer_than_the_sweep_goes_back() {
    let longest = seconds(&template()["Parameters"]["IndexMaxAge"]["MaxValue"]);
    assert!(longest <= chartdrop::cdn::SWEPT_BACK.as_secs(), "{longest}");
}
