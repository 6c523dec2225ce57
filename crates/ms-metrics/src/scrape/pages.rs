//! Pages that scrapes at the same time share.
//!
//! A page is rendered by whoever waits for it, a piece at a time and with a pause for other tasks in between: there is no
//! thread, no runtime is needed, and nobody is left waiting if the one who began goes away. Two pages exist at most. A
//! scrape that finds both held by slow readers is given a page of its own that is rendered as fast as it reads, and of
//! which only a piece is ever in memory.

use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, Instant};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::HeaderMap;
use parking_lot::Mutex;

use super::accept::Choice;
use super::offer::Offer;
use crate::registry::{Cursor, Registry};

/// A page younger than this is as good as a new one.
const FRESH: Duration = Duration::from_millis(250);
const MOST_PAGES: usize = 2;
/// Readers beside the pages.
const MOST_STREAMS: usize = 64;
/// Rendering so much takes some 30 µs, and compressing it a few hundred. It is also what a scrape costs beside its page.
const PIECE: usize = 32 << 10;
/// A piece ends behind a series, which has room here.
const SLACK: usize = 2 << 10;
/// What a reader with a page of its own costs.
const STREAM_PIECE: usize = 16 << 10;

/// All pages of a [`Metrics`](crate::Metrics) that somebody reads.
pub(crate) struct Pages {
    registry: Arc<Registry>,
    current: Mutex<[Weak<Page>; MOST_PAGES]>,
    streams: Arc<AtomicUsize>,
}

/// What a scrape reads.
pub(super) enum Opened {
    Page(Arc<Page>),
    Stream(Stream),
    /// There are too many readers.
    Full,
}

impl Pages {
    pub(crate) fn new(registry: Arc<Registry>) -> Self {
        Self { registry, current: Mutex::default(), streams: Arc::default() }
    }

    /// What the client wants, of what there is.
    pub(super) fn choose(&self, headers: &HeaderMap) -> Choice {
        #[cfg(feature = "native-histograms")]
        if self.registry.has_native_histograms() {
            return Choice::of(headers, &[Offer::OPENMETRICS, Offer::Protobuf]);
        }
        Choice::of(headers, &[Offer::OPENMETRICS])
    }

    pub(super) fn open(&self, choice: Choice) -> Opened {
        let mut current = self.current.lock();
        let fits = |page: &Arc<Page>| page.choice == choice && page.begun.elapsed() < FRESH;
        if let Some(page) = current.iter().filter_map(Weak::upgrade).find(fits) {
            return Opened::Page(page);
        }
        if let Some(free) = current.iter_mut().find(|page| page.strong_count() == 0) {
            let page = Arc::new(Page::new(Arc::clone(&self.registry), choice));
            *free = Arc::downgrade(&page);
            return Opened::Page(page);
        }
        drop(current);
        Stream::open(self, choice).map_or(Opened::Full, Opened::Stream)
    }
}

/// All metrics at one time, in memory.
pub(super) struct Page {
    registry: Arc<Registry>,
    pub(super) choice: Choice,
    begun: Instant,
    rendering: Mutex<Rendering>,
    rendered: OnceLock<Rendered>,
}

/// A page that is whole.
pub(super) struct Rendered {
    pub(super) pieces: Box<[Bytes]>,
    pub(super) length: u64,
}

struct Rendering {
    cursor: Cursor,
    pieces: Vec<Bytes>,
    /// Nothing for a page without compression.
    encoder: Option<GzEncoder<Vec<u8>>>,
}

impl Page {
    fn new(registry: Arc<Registry>, choice: Choice) -> Self {
        let encoder = choice.is_gzip.then(|| GzEncoder::new(Vec::new(), Compression::fast()));
        let rendering = Rendering { cursor: registry.begin(), pieces: Vec::new(), encoder };
        Self {
            registry,
            choice,
            begun: Instant::now(),
            rendering: Mutex::new(rendering),
            rendered: OnceLock::new(),
        }
    }

    pub(super) fn rendered(&self) -> Option<&Rendered> {
        self.rendered.get()
    }

    /// Renders one more piece, unless somebody else has rendered the last one.
    pub(super) fn render_piece(&self) {
        let mut rendering = self.rendering.lock();
        if self.rendered.get().is_some() {
            return;
        }
        let rendered: usize = rendering.pieces.iter().map(Bytes::len).sum();
        // What is left of a page as long as the one before; a longer one goes on in whole pieces.
        let left = self.registry.expected_length().saturating_sub(rendered);
        let expected = if left == 0 { PIECE } else { left.min(PIECE) };
        let offer = self.choice.offer;
        let piece = offer.render(&self.registry, &mut rendering.cursor, expected + SLACK, PIECE);
        rendering.take(piece);
        if rendering.cursor.is_at_end() {
            let pieces = rendering.finish();
            let length = pieces.iter().map(|piece| piece.len() as u64).sum();
            if !self.choice.is_gzip {
                self.registry.expect_length(length);
            }
            let _ = self.rendered.set(Rendered { pieces, length });
        }
    }
}

impl Rendering {
    fn take(&mut self, mut piece: Vec<u8>) {
        let Some(encoder) = &mut self.encoder else {
            piece.shrink_to_fit();
            return self.pieces.extend((!piece.is_empty()).then(|| piece.into()));
        };
        // A vector takes whatever is written.
        let _ = encoder.write_all(&piece);
        if encoder.get_ref().len() >= PIECE {
            self.pieces.push(std::mem::take(encoder.get_mut()).into());
        }
    }

    fn finish(&mut self) -> Box<[Bytes]> {
        let rest = self.encoder.take().and_then(|encoder| encoder.finish().ok());
        self.pieces.extend(rest.map(Bytes::from));
        std::mem::take(&mut self.pieces).into()
    }
}

/// A page of one's own, rendered as it is read and not compressed.
pub(super) struct Stream {
    registry: Arc<Registry>,
    pub(super) choice: Choice,
    cursor: Cursor,
    _place: Place,
}

impl Stream {
    fn open(pages: &Pages, choice: Choice) -> Option<Self> {
        let place = Place::take(&pages.streams)?;
        Some(Self {
            registry: Arc::clone(&pages.registry),
            choice: Choice { is_gzip: false, ..choice },
            cursor: pages.registry.begin(),
            _place: place,
        })
    }

    /// Renders the next piece; nothing at the end.
    pub(super) fn next(&mut self) -> Option<Bytes> {
        if self.cursor.is_at_end() {
            return None;
        }
        let offer = self.choice.offer;
        let piece = offer.render(&self.registry, &mut self.cursor, STREAM_PIECE + SLACK, STREAM_PIECE);
        (!piece.is_empty()).then(|| piece.into())
    }
}

/// One of the places for streams.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(taken: &Arc<AtomicUsize>) -> Option<Self> {
        let one_more = |taken| (taken < MOST_STREAMS).then_some(taken + 1);
        taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).ok()?;
        Some(Self(Arc::clone(taken)))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
