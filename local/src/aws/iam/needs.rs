//! The permissions that an S3 request requires.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html>

use http::HeaderMap;
use s3s::dto::CopySource;
use s3s::path::S3Path;

use super::policy::Access;
use crate::identity::bucket_arn;

/// The parts of an S3 request that decide which permissions it requires.
pub(crate) struct Asked<'a> {
    /// `GetObject`, `PutObject`, …
    pub(crate) operation: &'a str,
    pub(crate) path: &'a S3Path,
    pub(crate) headers: &'a HeaderMap,
}

fn object(action: &'static str, bucket: &str, key: &str) -> Access {
    Access {
        action,
        resource: format!("{}/{key}", bucket_arn(bucket)),
    }
}

impl Asked<'_> {
    /// The permissions that the request requires; `None` if they are not known for this operation.
    pub(crate) fn accesses(&self) -> Option<Vec<Access>> {
        match self.path {
            S3Path::Root => None,
            S3Path::Bucket { bucket } => match self.operation {
                "ListObjectsV2" | "ListObjects" | "HeadBucket" => Some(vec![list(bucket)]),
                _ => None,
            },
            S3Path::Object { bucket, key } => self.of_object(bucket, key),
        }
    }

    fn of_object(&self, bucket: &str, key: &str) -> Option<Vec<Access>> {
        let on_key = |action| object(action, bucket, key);
        let mut accesses = match self.operation {
            "GetObject" | "HeadObject" => vec![on_key("s3:GetObject")],
            "PutObject" => vec![on_key("s3:PutObject")],
            "DeleteObject" => vec![on_key("s3:DeleteObject")],
            "CopyObject" => {
                let mut accesses = self.of_copy_source(on_key)?;
                accesses.push(on_key("s3:PutObject"));
                accesses
            }
            _ => return None,
        };
        // Comparing the ETag of the existing object counts as reading it. AWS documents this for
        // PutObject
        // (https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html); for
        // DeleteObject it is an assumption.
        if matches!(self.operation, "PutObject" | "DeleteObject") && self.headers.contains_key("if-match") {
            accesses.push(on_key("s3:GetObject"));
        }
        if self.headers.contains_key("x-amz-tagging") {
            accesses.push(on_key("s3:PutObjectTagging"));
        }
        Some(accesses)
    }

    /// The permissions to copy an object. By default, a copy includes tags and annotations, and S3
    /// requires permissions for these as soon as the source has any. Objects here never have any,
    /// so this assumes that every object does.
    fn of_copy_source(&self, on_target: impl Fn(&'static str) -> Access) -> Option<Vec<Access>> {
        let header = |name| self.headers.get(name)?.to_str().ok();
        let CopySource::Bucket { bucket, key, .. } = CopySource::parse(header("x-amz-copy-source")?).ok()? else {
            return None;
        };
        let mut accesses = vec![object("s3:GetObject", &bucket, &key)];
        if header("x-amz-tagging-directive") != Some("REPLACE") {
            accesses.push(object("s3:GetObjectTagging", &bucket, &key));
            accesses.push(on_target("s3:PutObjectTagging"));
        }
        if header("x-amz-object-annotation-directive") != Some("EXCLUDE") {
            accesses.push(object("s3:GetObjectAnnotation", &bucket, &key));
            accesses.push(on_target("s3:PutObjectAnnotation"));
        }
        Some(accesses)
    }

    /// The permission to learn that an object does not exist. S3 answers 404 only to callers that
    /// have it, and 403 to others:
    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>
    pub(crate) fn accesses_if_missing(&self) -> Option<Access> {
        match self.path {
            S3Path::Object { bucket, .. } if matches!(self.operation, "GetObject" | "HeadObject" | "CopyObject") => {
                Some(list(bucket))
            }
            _ => None,
        }
    }
}

fn list(bucket: &str) -> Access {
    Access {
        action: "s3:ListBucket",
        resource: bucket_arn(bucket),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needs(operation: &str, headers: &[(&'static str, &str)]) -> Option<Vec<String>> {
        let path = S3Path::object("bkt", "staging/a");
        let headers = headers.iter().map(|(name, value)| {
            let value = http::HeaderValue::from_str(value).unwrap();
            (http::HeaderName::from_static(name), value)
        });
        let headers = headers.collect();
        let asked = Asked {
            operation,
            path: &path,
            headers: &headers,
        };
        let accesses = asked.accesses()?.into_iter();
        Some(
            accesses
                .map(|access| format!("{} {}", access.action, access.resource))
                .collect(),
        )
    }

    #[test]
    fn a_condition_on_the_etag_requires_the_permission_to_read() {
        let a = |action: &str| format!("s3:{action} arn:aws:s3:::bkt/staging/a");
        let if_match = [("if-match", "\"x\"")];
        for operation in ["PutObject", "DeleteObject"] {
            assert_eq!(needs(operation, &[]), Some(vec![a(operation)]));
            assert_eq!(needs(operation, &if_match), Some(vec![a(operation), a("GetObject")]));
        }
        assert_eq!(
            needs("PutObject", &[("if-none-match", "*")]),
            Some(vec![a("PutObject")])
        );
        assert_eq!(needs("HeadObject", &[]), Some(vec![a("GetObject")]));
    }

    #[test]
    fn a_copy_requires_reading_its_source_and_writing_its_target() {
        let bare = [
            ("x-amz-copy-source", "bkt/from%2Bx"),
            ("x-amz-tagging-directive", "REPLACE"),
            ("x-amz-object-annotation-directive", "EXCLUDE"),
        ];
        let both = [
            "s3:GetObject arn:aws:s3:::bkt/from+x",
            "s3:PutObject arn:aws:s3:::bkt/staging/a",
        ];
        assert_eq!(needs("CopyObject", &bare).unwrap(), both);
        let with_tags = needs("CopyObject", &bare[..1]).unwrap();
        assert!(
            with_tags.contains(&"s3:GetObjectTagging arn:aws:s3:::bkt/from+x".to_owned()),
            "{with_tags:?}"
        );
        assert!(
            with_tags.contains(&"s3:PutObjectAnnotation arn:aws:s3:::bkt/staging/a".to_owned()),
            "{with_tags:?}"
        );
    }

    #[test]
    fn permissions_of_an_unknown_operation_are_not_guessed() {
        for operation in ["DeleteObjects", "PutObjectAcl", "CreateMultipartUpload", "ListBuckets"] {
            assert_eq!(needs(operation, &[]), None, "{operation}");
        }
    }
}
