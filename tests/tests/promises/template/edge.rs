//! The policies of the edge keep what the code sets in headers.

use chartdrop::keys::Headers;
use local::aws::edge::{Answer, Function, Viewer};
use serde_yaml::Value;

use crate::template::deployment::Deployment;
use crate::template::text::{names, only, referred, template};

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
fn the_edge_caches_every_object_as_long_as_its_headers_say() {
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
    // An object without caching headers, such as an index copied from elsewhere, must not be cached
    // for a day, which is CloudFront's default.
    assert_eq!(referred(&policy["DefaultTTL"]), Some("IndexMaxAge"));
}

/// `/?list-type=2` would list the bucket if it reached the origin: the edge may list, so that
/// missing objects are answered with 404.
#[test]
fn the_edge_forwards_no_query_cookie_or_header() {
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

/// The content types that CloudFront compresses, for objects of 1,000 to 10,000,000 bytes.
/// <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/ServingCompressedFiles.html>
const COMPRESSED: [&str; 45] = [
    "application/dash+xml",
    "application/eot",
    "application/font",
    "application/font-sfnt",
    "application/javascript",
    "application/json",
    "application/opentype",
    "application/otf",
    "application/pkcs7-mime",
    "application/protobuf",
    "application/rss+xml",
    "application/truetype",
    "application/ttf",
    "application/vnd.apple.mpegurl",
    "application/vnd.ms-fontobject",
    "application/xhtml+xml",
    "application/xml",
    "application/x-font-opentype",
    "application/x-font-truetype",
    "application/x-font-ttf",
    "application/x-httpd-cgi",
    "application/x-javascript",
    "application/x-mpegurl",
    "application/x-opentype",
    "application/x-otf",
    "application/x-perl",
    "application/x-ttf",
    "font/eot",
    "font/opentype",
    "font/otf",
    "font/ttf",
    "image/svg+xml",
    "text/css",
    "text/csv",
    "text/html",
    "text/javascript",
    "text/js",
    "text/plain",
    "text/richtext",
    "text/tab-separated-values",
    "text/xml",
    "text/x-component",
    "text/x-java-source",
    "text/x-script",
    "vnd.apple.mpegurl",
];

/// The objects that are large enough, indexes and archives, have types that CloudFront does not
/// compress. If one of them had, `Compress` would be worth its price: separate cache keys for what
/// clients accept.
#[test]
fn compress_is_off_because_cloudfront_would_compress_nothing() {
    let large = [Headers::index(300), Headers::archive()];
    let compressible = large.iter().any(|headers| COMPRESSED.contains(&headers.content_type));
    let distribution = only("AWS::CloudFront::Distribution")["Properties"]["DistributionConfig"].clone();
    assert_eq!(distribution["DefaultCacheBehavior"]["Compress"], compressible);
    let policy = policy();
    let key = &policy["ParametersInCacheKeyAndForwardedToOrigin"];
    assert_eq!(
        (&key["EnableAcceptEncodingGzip"], &key["EnableAcceptEncodingBrotli"]),
        (&compressible.into(), &compressible.into())
    );
}

const CERTIFICATE: &str = "arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012";

/// The number of the distribution's aliases, and the properties of its certificate.
fn named_and_certified(given: &[(&str, &str)]) -> (usize, Vec<String>) {
    let deployment = Deployment::with(given);
    assert_eq!(deployment.broken_rules(), [""; 0], "{given:?}");
    let config = deployment.properties("Distribution")["DistributionConfig"].clone();
    let certificate = &config["ViewerCertificate"];
    let by_default = certificate["CloudFrontDefaultCertificate"] == true;
    assert_ne!(by_default, certificate.get("AcmCertificateArn").is_some(), "{given:?}");
    (
        config["Aliases"].as_sequence().map_or(0, Vec::len),
        names(&certificate["AcmCertificateArn"]),
    )
}

/// `aws cloudfront associate-alias` moves a name only to a distribution with a certificate for it,
/// and the template cannot have an alias that still belongs to another distribution.
#[test]
fn a_distribution_can_have_a_certificate_before_its_alias() {
    let (domain, certificate) = (("DomainName", "charts.example.com"), ("CertificateArn", CERTIFICATE));
    let given = vec!["CertificateArn".to_owned()];
    assert_eq!(named_and_certified(&[]), (0, vec![]));
    assert_eq!(named_and_certified(&[certificate]), (0, given.clone()));
    assert_eq!(named_and_certified(&[certificate, domain]), (1, given));
    let zone = ("HostedZoneId", "Z0EXAMPLE");
    assert_eq!(
        named_and_certified(&[domain, zone]),
        (1, vec!["Certificate".to_owned()])
    );
}

/// CloudFront delivers no logs to buckets in opt-in regions.
#[test]
fn the_edge_logs_only_in_regions_where_logs_are_delivered() {
    let logs = |region: &str, access_logs: &str| {
        let deployment = Deployment::with(&[("AWS::Region", region), ("AccessLogs", access_logs)]);
        let of_the_bucket = deployment
            .properties("ChartBucket")
            .get("LoggingConfiguration")
            .is_some();
        assert_eq!(of_the_bucket, access_logs == "true", "{region}");
        let distribution = deployment.properties("Distribution");
        distribution["DistributionConfig"].get("Logging").is_some()
    };
    for region in [
        "us-east-1",
        "us-east-2",
        "us-west-1",
        "us-west-2",
        "ca-central-1",
        "sa-east-1",
        "eu-central-1",
        "eu-north-1",
        "eu-west-1",
        "eu-west-2",
        "eu-west-3",
        "ap-northeast-1",
        "ap-northeast-2",
        "ap-northeast-3",
        "ap-south-1",
        "ap-southeast-1",
        "ap-southeast-2",
    ] {
        assert!(logs(region, "true"), "{region}");
        assert!(!logs(region, "false"), "{region}");
    }
    for opted_into in [
        "af-south-1",
        "ap-east-1",
        "eu-south-1",
        "eu-central-2",
        "il-central-1",
        "me-south-1",
        "ap-southeast-7",
    ] {
        assert!(!logs(opted_into, "true"), "{opted_into}");
    }
}

/// The sweep of invalidate-cdn covers one day, so caches must not keep an index for longer.
#[test]
fn no_index_may_be_cached_for_longer_than_the_sweep_covers() {
    let longest = seconds(&template()["Parameters"]["IndexMaxAge"]["MaxValue"]);
    assert!(longest <= chartdrop::cdn::SWEEP_LOOKBACK.as_secs(), "{longest}");
}

/// Runs the CloudFront function of the template on a path.
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
fn the_function_turns_all_forms_of_a_path_into_one() {
    let function = function();
    for (sent, path) in [
        ("/a-1.0.0+b1.tgz", "/a-1.0.0%2Bb1.tgz"),
        ("/a-1.0.0%2Bb1.tgz", "/a-1.0.0%2Bb1.tgz"),
        ("/a-1.0.0%2bb1.tgz", "/a-1.0.0%2Bb1.tgz"),
        // Helm 3's `dependency build`, Artifact Hub and Kubeapps encode the URL twice.
        ("/a-1.0.0%252Bb1.tgz", "/a-1.0.0%2Bb1.tgz"),
        ("/a-1.0.0%252bb1.tgz.prov", "/a-1.0.0%2Bb1.tgz.prov"),
        ("/a+b+c", "/a%2Bb%2Bc"),
        // nova and the OpenShift console double the slash.
        ("//index.yaml", "/index.yaml"),
        ("/team-a//index.yaml", "/team-a/index.yaml"),
        ("////a///b", "/a/b"),
    ] {
        assert_eq!(function(sent), path, "{sent}");
    }
}

#[test]
fn the_function_keeps_every_other_path() {
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

/// For every path, the function returns a path that it does not change again.
#[test]
fn the_function_applied_twice_changes_nothing() {
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

/// A client reaches a key with every form of its path.
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
