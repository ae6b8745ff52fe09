//! What callers other than the functions may do with the bucket.

use local::aws::iam::{BucketAccess, TEMPLATE, Visit, Visitor};

use crate::template::deployment::accepts;
use crate::template::text::{names, resources};

const ACTIONS: [&str; 7] = [
    "s3:GetObject",
    "s3:PutObject",
    "s3:DeleteObject",
    "s3:GetObjectVersion",
    "s3:ListBucket",
    "s3:PutBucketPolicy",
    "s3:DeleteBucket",
];
const KEYS: [Option<&str>; 10] = [
    None,
    Some("staging/demo-1.0.0.tgz"),
    Some("charts/demo-1.0.0.tgz"),
    Some("charts/index.yaml"),
    Some("charts/team-a/index.yaml"),
    Some("receipts/demo-1.0.0.tgz.json"),
    Some("rejected/demo-1.0.0.tgz"),
    Some("mirror/demo-1.0.0.tgz"),
    Some("repaired/demo-1.0.0.tgz"),
    Some("other"),
];

/// Everything that a caller may do, with or without TLS, as action and key.
fn may(template: &str, by: Visitor, secure: bool) -> Vec<(&'static str, &'static str)> {
    let access = BucketAccess::of(template).expect("policies that can be checked");
    let mut may = Vec::new();
    for action in ACTIONS {
        for key in KEYS {
            if access.allows(Visit {
                by,
                secure,
                action,
                key,
                headers: &[],
            }) {
                may.push((action, key.unwrap_or("")));
            }
        }
    }
    may
}

#[test]
fn the_edge_reads_charts_and_never_uploads_receipts_or_rejected_archives() {
    assert_eq!(
        may(TEMPLATE, Visitor::Edge, true),
        [
            ("s3:GetObject", "charts/demo-1.0.0.tgz"),
            ("s3:GetObject", "charts/index.yaml"),
            ("s3:GetObject", "charts/team-a/index.yaml"),
            // Needed to answer 404 for a missing chart. `edge.rs` tests that no client can list.
            ("s3:ListBucket", ""),
        ]
    );
}

#[test]
fn the_release_role_may_only_put_uploads_and_read_receipts() {
    assert_eq!(
        may(TEMPLATE, Visitor::ReleaseRole, true),
        [
            ("s3:GetObject", "receipts/demo-1.0.0.tgz.json"),
            ("s3:PutObject", "staging/demo-1.0.0.tgz"),
        ]
    );
}

/// Uploads that would be rejected anyway are denied: storage classes without instant access, and
/// foreign encryption keys.
#[test]
fn an_upload_that_could_not_be_read_is_denied() {
    let access = BucketAccess::of(TEMPLATE).expect("policies that can be checked");
    let puts = |key, headers: &[(&str, &str)]| {
        access.allows(Visit {
            by: Visitor::ReleaseRole,
            secure: true,
            action: "s3:PutObject",
            key: Some(key),
            headers,
        })
    };
    let upload = "staging/demo-1.0.0.tgz";
    for (header, allowed) in [
        (("x-amz-storage-class", "STANDARD"), true),
        (("x-amz-server-side-encryption", "AES256"), true),
        (("x-amz-storage-class", "GLACIER"), false),
        (("x-amz-storage-class", "DEEP_ARCHIVE"), false),
        (("x-amz-storage-class", "INTELLIGENT_TIERING"), false),
        (("x-amz-server-side-encryption", "aws:kms"), false),
        (("x-amz-server-side-encryption", "aws:kms:dsse"), false),
        (("x-amz-server-side-encryption-customer-algorithm", "AES256"), false),
    ] {
        assert_eq!(puts(upload, &[header]), allowed, "{header:?}");
        let plain = ("x-amz-meta-release", "v1.0.0");
        assert_eq!(puts(upload, &[plain, header]), allowed, "{header:?}");
    }
    assert!(puts(upload, &[]));
}

#[test]
fn other_callers_have_no_access() {
    for by in [Visitor::Anyone, Visitor::ForeignEdge] {
        assert_eq!(may(TEMPLATE, by, true), [], "{by:?}");
    }
}

#[test]
fn nothing_is_allowed_without_tls() {
    for by in [Visitor::Edge, Visitor::ReleaseRole, Visitor::Anyone] {
        assert_eq!(may(TEMPLATE, by, false), [], "{by:?}");
    }
}

/// Tests the tests above: they notice each of these mistakes in a policy.
#[test]
fn a_policy_that_allows_too_much_is_noticed() {
    for (right, wrong, by, secure) in [
        (
            "${ChartBucket.Arn}/charts/*",
            "${ChartBucket.Arn}/*",
            Visitor::Edge,
            true,
        ),
        (
            "Service: cloudfront.amazonaws.com",
            "Service: s3.amazonaws.com",
            Visitor::Edge,
            true,
        ),
        (
            "Effect: Deny\n            Principal: \"*\"\n            Action: s3:*",
            "Effect: Allow\n            Principal: \"*\"\n            Action: s3:*",
            Visitor::Anyone,
            false,
        ),
        ("/staging/*", "/*", Visitor::ReleaseRole, true),
        (
            ":distribution/${Distribution}",
            ":distribution/EFOREIGN",
            Visitor::Edge,
            true,
        ),
    ] {
        assert!(TEMPLATE.contains(right), "{right}");
        let changed = TEMPLATE.replace(right, wrong);
        assert_ne!(may(&changed, by, secure), may(TEMPLATE, by, secure), "{right}");
    }
}

#[test]
fn a_policy_that_cannot_be_checked_is_an_error() {
    for (right, wrong) in [
        ("                AWS:SourceArn:", "                AWS:UserAgent:"),
        (
            "            Principal:\n              Service: cloudfront.amazonaws.com",
            "            NotPrincipal:\n              Service: cloudfront.amazonaws.com",
        ),
        (
            "            Condition:\n              StringEquals:\n                AWS:SourceArn",
            "            Condition:\n              StringLike:\n                AWS:SourceArn",
        ),
        (
            "                s3:x-amz-storage-class: STANDARD",
            "                s3:prefix: STANDARD",
        ),
    ] {
        assert!(TEMPLATE.contains(right), "{right}");
        let error = BucketAccess::of(&TEMPLATE.replace(right, wrong));
        assert!(error.is_err(), "{wrong} is not understood, but causes no error");
    }
}

/// All workflows on GitHub can have the same audience. Without the subject, any of them could
/// release.
#[test]
fn only_the_workflow_of_the_parameter_assumes_the_release_role() {
    let roles = resources("AWS::IAM::Role");
    let trust = &roles["ReleaseRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"];
    let statements = trust.as_sequence().expect("statements");
    assert_eq!(statements.len(), 1);
    let statement = &statements[0];
    assert_eq!(statement["Action"], "sts:AssumeRoleWithWebIdentity");
    let issuer = "token.actions.githubusercontent.com";
    let condition = &statement["Condition"];
    assert_eq!(condition["StringEquals"][format!("{issuer}:aud")], "sts.amazonaws.com");
    assert_eq!(
        names(&condition["StringLike"][format!("{issuer}:sub")]),
        ["GitHubSubject"]
    );
}

/// Repositories created before 15 July 2026 have a subject with names, later ones one with names
/// and numbers. <https://github.com/github/docs/pull/45221>
#[test]
fn the_parameter_accepts_both_formats_of_a_subject_and_nothing_that_would_let_others_release() {
    for subject in [
        "",
        "repo:alto9/kube9-operator:environment:release",
        "repo:alto9@123456/kube9-operator@456789:environment:release",
        "repo:octo-org_corp@1/my.repo_2@2:environment:release",
        "repo:alto9@123456/kube9-operator@456789:ref:refs/tags/v*",
    ] {
        assert!(accepts("GitHubSubject", subject), "{subject}");
    }
    for subject in [
        "alto9/kube9-operator",
        "repo:alto9/*:environment:release",
        "repo:*/kube9-operator:environment:release",
        "repo:alto9@*/kube9-operator@456789:environment:release",
        "repo:alto9@123456/kube9-operator@456?89:environment:release",
        // GitHub uses numbers for both names or for none.
        "repo:alto9@123456/kube9-operator:environment:release",
        "repo:alto9/kube9-operator@456789:environment:release",
        "repo:alto9@name/kube9-operator@456789:environment:release",
        "repo:alto9@123456/kube9-operator@456789",
    ] {
        assert!(!accepts("GitHubSubject", subject), "{subject}");
    }
}
