//! Damages bodies in transit: cuts them short, or changes one byte.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::stream;
use http::Response;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Body, Frame, Incoming, SizeHint};

use super::pass::{Failure, Passed};
use crate::faults::{S3Fault, When};
use crate::sync::lock;

/// The body of a request. By the time its first bytes are read, the gate has decided whether to
/// damage them.
pub(super) fn on_arrival(body: Incoming, passed: Passed) -> s3s::Body {
    if body.is_end_stream() {
        return s3s::Body::from(body);
    }
    s3s::Body::http_body(Arriving {
        body,
        passed,
        begun: false,
    })
}

/// A body whose first bytes are damaged if a fault asks for it. Its length does not change.
struct Arriving {
    body: Incoming,
    passed: Passed,
    begun: bool,
}

impl Arriving {
    fn is_to_be_damaged(&self) -> bool {
        let pass = lock(&self.passed.0);
        pass.as_ref()
            .is_some_and(|pass| matches!(pass.fault, S3Fault::Corrupt(When::Before)))
    }
}

impl Body for Arriving {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        let is_first = !std::mem::replace(&mut self.begun, true);
        let damage = is_first && self.is_to_be_damaged();
        Poll::Ready(frame.map(|frame| {
            frame.map(|frame| {
                if damage {
                    frame.map_data(|bytes| with_a_flipped_byte(&bytes))
                } else {
                    frame
                }
            })
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// An answer that ends in the middle of its body, with the connection; `None` if it has no body.
pub(super) async fn halved(answer: Response<s3s::Body>) -> Option<Response<s3s::Body>> {
    let (head, body) = answer.into_parts();
    let bytes = body.collect().await.ok()?.to_bytes();
    if bytes.is_empty() {
        return None;
    }
    let half: Result<Frame<Bytes>, Failure> = Ok(Frame::data(bytes.slice(..bytes.len() / 2)));
    let frames = stream::iter([half, Err("the answer ends because a fault was injected".into())]);
    Some(Response::from_parts(
        head,
        s3s::Body::http_body_unsync(StreamBody::new(frames)),
    ))
}

/// The answer with one byte changed.
pub(super) async fn corrupted(answer: Response<s3s::Body>) -> Response<s3s::Body> {
    let (head, body) = answer.into_parts();
    let bytes = match body.collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(_) => Bytes::new(),
    };
    Response::from_parts(head, s3s::Body::from(with_a_flipped_byte(&bytes)))
}

/// Changes a byte in the middle, away from the header and the trailer of a file format.
fn with_a_flipped_byte(bytes: &Bytes) -> Bytes {
    let mut damaged = bytes.to_vec();
    let middle = damaged.len() / 2;
    if let Some(byte) = damaged.get_mut(middle) {
        *byte ^= 1;
    }
    damaged.into()
}
