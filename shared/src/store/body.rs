//! Bodies of S3 requests and answers, without a second copy in memory.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use aws_sdk_s3::primitives::{ByteStream, ByteStreamError, SdkBody};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// The most memory that is reserved for a body before its first byte has arrived.
const LARGEST_RESERVE: u64 = 1024 * 1024 * 1024;

/// Reads a whole body into one piece of memory. (`ByteStream::collect` keeps the pieces that
/// arrived, and joining them takes the same memory again.)
pub(super) async fn collect(mut body: ByteStream, size: u64) -> Result<Bytes, ByteStreamError> {
    let reserve = usize::try_from(size.min(LARGEST_RESERVE)).unwrap_or_default();
    let mut bytes = Vec::with_capacity(reserve);
    while let Some(piece) = body.try_next().await? {
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes.into())
}

/// A body of known length that can be sent again for a retry.
pub(super) fn of_pieces(pieces: Vec<Bytes>) -> ByteStream {
    ByteStream::new(SdkBody::retryable(move || {
        SdkBody::from_body_1_x(Pieces(pieces.clone().into()))
    }))
}

pub(super) fn content_length(pieces: &[Bytes]) -> i64 {
    let length: usize = pieces.iter().map(Bytes::len).sum();
    i64::try_from(length).unwrap_or(i64::MAX)
}

/// The checksum in S3's form: big-endian, in base64.
pub(super) fn crc32(pieces: &[Bytes]) -> String {
    let mut hasher = crc32fast::Hasher::new();
    pieces.iter().for_each(|piece| hasher.update(piece));
    aws_smithy_types::base64::encode(hasher.finalize().to_be_bytes())
}

struct Pieces(VecDeque<Bytes>);

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.pop_front().map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.iter().map(|piece| piece.len() as u64).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_the_whole() {
        // The check value of CRC-32/ISO-HDLC, cbf43926, in base64.
        assert_eq!(
            crc32(&[Bytes::from("1234"), Bytes::new(), Bytes::from("56789")]),
            "y/Q5Jg=="
        );
    }

    #[tokio::test]
    async fn a_body_of_pieces_arrives_whole_and_can_be_sent_again() {
        let pieces = vec![Bytes::from("one "), Bytes::from("two")];
        assert_eq!(content_length(&pieces), 7);
        let body = of_pieces(pieces).into_inner();
        assert_eq!(body.content_length(), Some(7));
        for body in [body.try_clone().unwrap(), body] {
            assert_eq!(collect(ByteStream::new(body), 7).await.unwrap(), "one two");
        }
    }
}
