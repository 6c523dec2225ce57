//! The page on its way.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::pages::{Page, Stream};

/// The body of an answer of [`MetricsService`](super::MetricsService).
pub struct MetricsBody(Source);

enum Source {
    Empty,
    Page {
        page: Arc<Page>,
        /// How many pieces are on their way.
        sent: usize,
        left: u64,
    },
    Stream(Stream),
}

impl MetricsBody {
    pub(crate) fn empty() -> Self {
        Self(Source::Empty)
    }

    pub(super) fn page(page: Arc<Page>) -> Self {
        let left = page.rendered().map_or(0, |rendered| rendered.length);
        Self(Source::Page { page, sent: 0, left })
    }

    pub(super) fn stream(stream: Stream) -> Self {
        Self(Source::Stream(stream))
    }
}

impl Body for MetricsBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let piece = match &mut self.0 {
            Source::Empty => None,
            Source::Page { page, sent, left } => {
                let piece = page.rendered().and_then(|rendered| rendered.pieces.get(*sent)).cloned();
                *sent += usize::from(piece.is_some());
                *left -= piece.as_ref().map_or(0, |piece| piece.len() as u64);
                piece
            }
            Source::Stream(stream) => stream.next(),
        };
        if piece.is_none() {
            // A page that nobody reads any more need not stay.
            self.0 = Source::Empty;
        }
        Poll::Ready(piece.map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Source::Empty => true,
            Source::Page { left, .. } => *left == 0,
            Source::Stream(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Source::Empty => SizeHint::with_exact(0),
            Source::Page { left, .. } => SizeHint::with_exact(*left),
            Source::Stream(_) => SizeHint::default(),
        }
    }
}

impl fmt::Debug for MetricsBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetricsBody").finish_non_exhaustive()
    }
}
