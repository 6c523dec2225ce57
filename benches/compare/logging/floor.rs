//! What a line costs at least: the same JSON written by hand, and nothing looked at.

use std::fmt::{self, Debug, Write as _};
use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

/// No escaping, no redaction, no rotation, no account, no spans.
#[derive(Clone)]
pub struct Floor {
    out: Arc<Mutex<Out>>,
}

struct Out {
    file: BufWriter<File>,
    second: u64,
    /// `2026-03-02T08:00:00`
    date: String,
}

impl Floor {
    pub fn create(path: &Path) -> Self {
        let file = BufWriter::with_capacity(64 * 1024, File::create(path).expect("a file"));
        Self { out: Arc::new(Mutex::new(Out { file, second: 0, date: String::new() })) }
    }

    pub fn flush(&self) {
        self.lock().file.flush().expect("a disk with room");
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Out> {
        self.out.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Out {
    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        if now.as_secs() != self.second {
            self.date.clear();
            let date = jiff::Timestamp::from_second(now.as_secs() as i64).unwrap_or_default();
            write!(self.date, "{}", date.strftime("%Y-%m-%dT%H:%M:%S")).map_err(io::Error::other)?;
            self.second = now.as_secs();
        }
        let file = &mut self.file;
        file.write_all(b"{\"timestamp\":\"")?;
        file.write_all(self.date.as_bytes())?;
        file.write_all(b".")?;
        // One digit more, and the first of them taken off, keeps the zeros in front.
        file.write_all(&itoa::Buffer::new().format(1_000_000 + now.subsec_micros()).as_bytes()[1..])?;
        file.write_all(b"Z\",\"event_type\":\"log\",\"data\":{\"level\":\"")?;
        file.write_all(event.metadata().level().as_str().as_bytes())?;
        file.write_all(b"\",\"target\":\"")?;
        file.write_all(event.metadata().target().as_bytes())?;
        file.write_all(b"\"")?;
        let mut fields = Fields { file, before: b",\"fields\":{", failed: None };
        event.record(&mut fields);
        match fields.failed {
            Some(error) => Err(error),
            None => file.write_all(b"}}}\n"),
        }
    }
}

impl<S: Subscriber> Layer<S> for Floor {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        self.lock().event(event).expect("a disk with room");
    }
}

/// The message comes first.
struct Fields<'a> {
    file: &'a mut BufWriter<File>,
    before: &'static [u8],
    failed: Option<io::Error>,
}

impl Fields<'_> {
    fn write(&mut self, name: &str, value: &[&[u8]]) {
        let mut all = || {
            self.file.write_all(self.before)?;
            self.file.write_all(b"\"")?;
            self.file.write_all(name.as_bytes())?;
            self.file.write_all(b"\":")?;
            value.iter().try_for_each(|part| self.file.write_all(part))
        };
        self.failed = all().err().or(self.failed.take());
        self.before = b",";
    }
}

impl Visit for Fields<'_> {
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.write(field.name(), &[itoa::Buffer::new().format(value).as_bytes()]);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.write(field.name(), &[itoa::Buffer::new().format(value).as_bytes()]);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.write(field.name(), &[zmij::Buffer::new().format(value).as_bytes()]);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.write(field.name(), &[if value { b"true" } else { b"false" }]);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.write(field.name(), &[b"\"", value.as_bytes(), b"\""]);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let mut text = Text { file: self.file };
        let written = if field.name() == "message" {
            text.file
                .write_all(b",\"message\":\"")
                .map_err(|_| fmt::Error)
                .and_then(|()| write!(text, "{value:?}\""))
        } else {
            Err(fmt::Error)
        };
        if written.is_err() {
            self.failed = Some(io::Error::other(format!("field {}", field.name())));
        }
    }
}

struct Text<'a> {
    file: &'a mut BufWriter<File>,
}

impl fmt::Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.file.write_all(text.as_bytes()).map_err(|_| fmt::Error)
    }
}
