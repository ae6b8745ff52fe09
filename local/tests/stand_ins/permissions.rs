//! The answers of S3, CloudFront and Secrets Manager to a function without permission, and to other
//! callers.

use local::identity::BUCKET;
use local::{Options, StepKind};

use crate::support::{code, raw, s3, s3_as, start};

#[tokio::test]
async fn requests_that_no_statement_allows_are_denied_to_functions_only() {
    let system = start(Options::default()).await;
    let mut steps = system.subscribe();
    let function = s3_as(&system, "LOCAL-invalidate-cdn");
    let put = |client: &aws_sdk_s3::Client| client.put_object().bucket(BUCKET).key("charts/index.yaml").send();
    assert_eq!(code(put(&function).await), "AccessDenied");
    assert!(system.store().get("charts/index.yaml").is_none());
    let denied = system.denied_requests().remove(0);
    assert_eq!(
        (denied.function.as_str(), denied.action.as_str()),
        ("invalidate-cdn", "s3:PutObject")
    );
    assert_eq!(denied.resource, "arn:aws:s3:::chartdrop-local/charts/index.yaml");
    assert!(matches!(steps.recv().await.unwrap().kind, StepKind::Denied(told) if told == denied));
    put(&s3(&system)).await.unwrap();
    assert_eq!(system.denied_requests().len(), 1);
}

#[tokio::test]
async fn without_permission_to_list_a_missing_object_is_answered_with_access_denied() {
    let template = local::aws::iam::TEMPLATE.replace("s3:ListBucket", "s3:ListBucketVersions");
    for (template, answer) in [
        (local::aws::iam::TEMPLATE.to_owned(), "NoSuchKey"),
        (template, "AccessDenied"),
    ] {
        let system = start(Options {
            template,
            ..Options::default()
        })
        .await;
        let get = |client: &aws_sdk_s3::Client| client.get_object().bucket(BUCKET).key("charts/index.yaml").send();
        assert_eq!(code(get(&s3_as(&system, "LOCAL-publish-chart")).await), answer);
        assert_eq!(code(get(&s3(&system)).await), "NoSuchKey");
    }
}

#[tokio::test]
async fn an_operation_with_unknown_permissions_is_denied() {
    let system = start(Options::default()).await;
    let function = s3_as(&system, "LOCAL-publish-chart");
    let created = function
        .create_multipart_upload()
        .bucket(BUCKET)
        .key("charts/a")
        .send()
        .await;
    assert_eq!(code(created), "AccessDenied");
}

#[tokio::test]
async fn cloudfront_and_secrets_manager_also_check_permissions() {
    let system = start(Options::default()).await;
    let by = "AWS4-HMAC-SHA256 Credential=LOCAL-publish-chart/20260101/us-east-1/x/aws4_request";
    let path = "/2020-05-31/distribution/ELOCAL0000000/invalidation";
    let denied = raw(&system.aws_endpoint(), "POST", path, &[("authorization", by)], b"").await;
    assert_eq!(denied.status, 403);
    assert!(String::from_utf8_lossy(&denied.body).contains("<Code>AccessDenied</Code>"));

    let by = "AWS4-HMAC-SHA256 Credential=LOCAL-invalidate-cdn/20260101/us-east-1/x/aws4_request";
    let headers = [("authorization", by), ("x-amz-target", "secretsmanager.GetSecretValue")];
    let denied = raw(
        &system.aws_endpoint(),
        "POST",
        "/",
        &headers,
        br#"{"SecretId":"chartdrop-local"}"#,
    )
    .await;
    assert_eq!(denied.status, 400);
    assert!(String::from_utf8_lossy(&denied.body).contains("AccessDeniedException"));
    assert_eq!(system.denied_requests().len(), 2);
}

#[tokio::test]
async fn a_policy_that_cannot_be_checked_prevents_the_start() {
    let template = local::aws::iam::TEMPLATE.replace("Action: s3:ListBucket", "NotAction: s3:ListBucket");
    let options = Options {
        template,
        ..Options::default()
    };
    let error = local::System::start(options).await.err().expect("no start").to_string();
    assert!(
        error.contains("template.yaml") && error.contains("NotAction"),
        "{error}"
    );
}
