//! Who else than the functions may do what with the bucket.

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

/// All that somebody may, over TLS or not: action and key.
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
fn the_edge_reads_charts_and_never_staging_receipts_or_what_was_refused() {
    assert_eq!(
        may(TEMPLATE, Visitor::Edge, true),
        [
            ("s3:GetObject", "charts/demo-1.0.0.tgz"),
            ("s3:GetObject", "charts/index.yaml"),
            ("s3:GetObject", "charts/team-a/index.yaml"),
            // Makes a missing chart 404; that no listing can come of it is in edge.rs.
            ("s3:ListBucket", ""),
        ]
    );
}

#[test]
fn a_release_puts_uploads_and_reads_receipts_and_nothing_else() {
    assert_eq!(
        may(TEMPLATE, Visitor::ReleaseRole, true),
        [
            ("s3:GetObject", "receipts/demo-1.0.0.tgz.json"),
            ("s3:PutObject", "staging/demo-1.0.0.tgz"),
        ]
    );
}

/// What would only be rejected is not let in: storage classes that S3 does not read at once, and
/// keys of somebody else.
#[test]
fn an_upload_is_stored_so_that_it_can_be_read() {
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
fn nobody_else_may_anything() {
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

/// The checks above bite: each of these mistakes lets somebody in, or out.
#[test]
fn a_policy_that_lets_too_much_through_is_seen() {
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
        assert!(error.is_err(), "{wrong} is not understood, and nobody says so");
    }
}

/// GitHub asks for an audience of AWS; without the subject any workflow anywhere could release.
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

/// Repositories from before 15 July 2026 have a subject of names, later ones one of names and
/// numbers. <https://github.com/github/docs/pull/45221>
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
        // GitHub has numbers for both or for none.
        "repo:alto9@123456/kube9-operator:environment:release",
        "repo:alto9/kube9-operator@456789:environment:release",
        "repo:alto9@name/kube9-operator@456789:environment:release",
        "repo:alto9@123456/kube9-operator@456789",
    ] {
        assert!(!accepts("GitHubSubject", subject), "{subject}");
    }
}
