//! What the code says in headers, the edge's policies keep.

use chartdrop::keys::Headers;
use local::edge::{Answer, Function, Viewer};
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

/// The function at the edge, executed.
fn function() -> impl Fn(&str) -> String {
    let properties = only("AWS::CloudFront::Function")["Properties"].clone();
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let (code, runtime) = (
        text(&properties["FunctionCode"]),
        text(&properties["FunctionConfig"]["Runtime"]),
    );
    let function = Function::new(&code, &runtime).expect("a function that CloudFront accepts");
    move |uri| {
        let viewer = Viewer {
            method: "GET",
            uri,
            ..Viewer::default()
        };
        match function.answer(&viewer).expect("an answer") {
            Answer::Request { uri } => uri,
            Answer::Response { .. } => panic!("an answer of its own to {uri}"),
        }
    }
}

#[test]
fn the_function_makes_one_path_of_all_forms_that_clients_send() {
    let function = function();
    for (sent, path) in [
        ("/a-1.0.0+b1.tgz", "/a-1.0.0%2Bb1.tgz"),
        ("/a-1.0.0%2Bb1.tgz", "/a-1.0.0%2Bb1.tgz"),
        ("/a-1.0.0%2bb1.tgz", "/a-1.0.0%2Bb1.tgz"),
        // Helm 3's `dependency build`, Artifact Hub and Kubeapps encode what is encoded.
        ("/a-1.0.0%252Bb1.tgz", "/a-1.0.0%2Bb1.tgz"),
        ("/a-1.0.0%252bb1.tgz.prov", "/a-1.0.0%2Bb1.tgz.prov"),
        ("/a+b+c", "/a%2Bb%2Bc"),
        // nova and the OpenShift console.
        ("//index.yaml", "/index.yaml"),
        ("/team-a//index.yaml", "/team-a/index.yaml"),
        ("////a///b", "/a/b"),
    ] {
        assert_eq!(function(sent), path, "{sent}");
    }
}

#[test]
fn the_function_leaves_every_other_path_alone() {
    let function = function();
    for path in [
        "/",
        "/index.yaml",
        "/team-a/index.yaml",
        "/a%20b/c.tgz",
        "/a%2Fb",
        "/a%252Fb",
        "/a%25252Bb",
        "/%E2%82%AC.tgz",
        "/a%2",
        "/2B%",
        "/..%2F..%2Fstaging/x",
        "/a$&b$1",
    ] {
        assert_eq!(function(path), path);
    }
}

/// Whatever a client sends, the function answers with one path for it, and that path stays.
#[test]
fn the_function_applied_twice_changes_nothing_more() {
    let function = function();
    let mut random = fastrand::Rng::with_seed(26);
    let parts = [
        "+", "%2B", "%2b", "%252B", "%25", "%", "/", "//", "2B", "a", "1.0.0", "$&", "~", "%20",
    ];
    for _ in 0..2_000 {
        let path: String = (0..random.usize(0..8))
            .map(|_| parts[random.usize(..parts.len())])
            .collect();
        let once = function(&format!("/{path}"));
        assert!(!once.contains('+') && !once.contains("//"), "/{path} became {once}");
        assert!(once.starts_with('/'), "/{path} became {once}");
    }
}

/// A key of the bucket is found in each form in which a client may ask for it.
#[test]
fn every_form_of_a_key_reaches_that_key() {
    let function = function();
    let mut random = fastrand::Rng::with_seed(25);
    for _ in 0..500 {
        let characters = ['a', 'B', '1', '.', '-', '_', '+', '/'];
        let key: String = (0..random.usize(1..20))
            .map(|_| characters[random.usize(..characters.len())])
            .collect();
        let parts: Vec<&str> = key.split('/').filter(|part| !part.is_empty()).collect();
        let key = format!("/x{}", parts.join("/"));
        let expected = key.replace('+', "%2B");
        for form in ["+", "%2B", "%2b", "%252B", "%252b"] {
            assert_eq!(function(&key.replace('+', form)), expected, "{key} with {form}");
            assert_eq!(
                function(&format!("/{}", key.replace('+', form))),
                expected,
                "/{key} with {form}"
            );
        }
    }
}
