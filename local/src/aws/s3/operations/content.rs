//! The content of a write: the bytes, and the headers that are stored with them.

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use s3s::dto::{StreamingBlob, Timestamp, TimestampFormat};
use s3s::{S3Error, S3ErrorCode, S3Result, StdError, s3_error};

use crate::aws::s3::object::Headers;

pub(super) async fn read(body: Option<StreamingBlob>) -> S3Result<Bytes> {
    let mut bytes = BytesMut::new();
    if let Some(mut body) = body {
        while let Some(chunk) = body.next().await {
            bytes.extend_from_slice(&chunk.map_err(|error| body_error(&error))?);
        }
    }
    Ok(bytes.freeze())
}

/// The S3 error for an error of the body. `s3s` reports a mismatch with the signed hash this way.
fn body_error(error: &StdError) -> S3Error {
    let text = error.to_string();
    if text.contains("checksum") || text.contains("mismatch") {
        let mut error = S3Error::with_message(
            S3ErrorCode::Custom("XAmzContentSHA256Mismatch".into()),
            "The provided 'x-amz-content-sha256' header does not match what was computed.",
        );
        error.set_status_code(http::StatusCode::BAD_REQUEST);
        error
    } else {
        s3_error!(
            IncompleteBody,
            "You did not provide the number of bytes specified by the Content-Length: {text}"
        )
    }
}

/// The headers that S3 stores, from any of the inputs that can have them.
macro_rules! kept_headers {
    ($input:expr) => {
        $crate::aws::s3::object::Headers {
            content_type: $input.content_type.or_else(|| Some("binary/octet-stream".to_owned())),
            cache_control: $input.cache_control,
            content_disposition: $input.content_disposition,
            content_encoding: $input.content_encoding.and_then(super::content::without_aws_chunked),
            content_language: $input.content_language,
            expires: super::content::http_date($input.expires.as_ref()),
        }
    };
}
pub(super) use kept_headers;

/// Removes `aws-chunked`: it describes the transfer, not the object, and S3 does not store it.
pub(super) fn without_aws_chunked(encoding: String) -> Option<String> {
    let kept: Vec<&str> = encoding
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty() && *part != "aws-chunked")
        .collect();
    (!kept.is_empty()).then(|| kept.join(","))
}

pub(super) fn http_date(time: Option<&Timestamp>) -> Option<String> {
    let mut text = Vec::new();
    time?.format(TimestampFormat::HttpDate, &mut text).ok()?;
    String::from_utf8(text).ok()
}

impl Headers {
    pub(super) fn expires(&self) -> Option<Timestamp> {
        Timestamp::parse(TimestampFormat::HttpDate, self.expires.as_deref()?).ok()
    }
}
