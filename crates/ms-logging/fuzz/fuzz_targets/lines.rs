//! Whatever is logged, each format makes one line of it, and a reader of JSON gets back what was said.
#![no_main]

use std::fs::{self, File};
use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::Duration;

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use ms_logging::{Logging, LoggingGuard, StructuredLogger, log_event};
use serde_json::{Map, Value, json};
use tracing::{Dispatch, info, info_span};
use tracing_subscriber::layer::SubscriberExt as _;

const LIMIT: Duration = Duration::from_secs(60);
/// What is shorter is not cut, however it is escaped.
const WHOLE: usize = 1024;

#[derive(Arbitrary, Debug)]
enum Data {
    Null,
    Bool(bool),
    Whole(i64),
    Part(f64),
    Text(String),
    List(Vec<Data>),
    Pairs(Vec<(String, Data)>),
}

impl Data {
    fn json(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => json!(value),
            Self::Whole(value) => json!(value),
            Self::Part(value) => json!(value),
            Self::Text(value) => json!(value),
            Self::List(values) => values.iter().map(Self::json).collect(),
            Self::Pairs(pairs) => Value::Object(
                pairs.iter().map(|(key, value)| (key.clone(), value.json())).collect::<Map<_, _>>(),
            ),
        }
    }

    /// Nested as deep as a reader takes it, and short.
    fn is_small(json: &Value) -> bool {
        let text = json.to_string();
        text.len() < WHOLE && text.bytes().filter(|byte| matches!(byte, b'[' | b'{')).count() < 64
    }
}

#[derive(Arbitrary, Debug)]
struct Input {
    message: String,
    text: String,
    number: f64,
    large: i128,
    bytes: Vec<u8>,
    span: String,
    data: Data,
}

struct Logger {
    directory: PathBuf,
    dispatch: Dispatch,
    guard: LoggingGuard,
}

impl Logger {
    fn start(redact: bool) -> Self {
        let directory = tempfile::tempdir_in("/dev/shm").expect("a directory in memory").keep();
        let builder = Logging::builder().console(false).rust_log(false).redact(redact);
        let files = builder.file(directory.join("log")).json_file(directory.join("json"));
        let (layer, guard) = files.layer().expect("starts");
        Self { directory, dispatch: Dispatch::new(tracing_subscriber::registry().with(layer)), guard }
    }

    /// The lines of text and of JSON that one input makes.
    fn lines(&self, input: &Input) -> (Vec<String>, Vec<String>) {
        tracing::dispatcher::with_default(&self.dispatch, || log(input));
        assert!(self.guard.flush(LIMIT));
        let read = |name: &str| {
            let path = self.directory.join(name);
            let text = fs::read_to_string(&path).expect("is UTF-8");
            File::options().write(true).open(&path).and_then(|file| file.set_len(0)).expect("is emptied");
            assert!(text.ends_with('\n'));
            text.split_terminator('\n').map(str::to_owned).collect()
        };
        (read("log"), read("json"))
    }
}

fn log(input: &Input) {
    let Input { message, text, number, large, bytes, span, .. } = input;
    info_span!("span", span).in_scope(|| {
        info!(text, shown = ?text, number, large, bytes = &bytes[..], "{message}");
    });
    log_event!(message, text, number);
    StructuredLogger.log_event(message, input.data.json());
}

static PLAIN: LazyLock<Logger> = LazyLock::new(|| Logger::start(false));
static REDACTING: LazyLock<Logger> = LazyLock::new(|| Logger::start(true));

fuzz_target!(|input: Input| {
    let events: Vec<Value> =
        [&PLAIN, &REDACTING].iter().flat_map(|logger| one_line_each(&logger.lines(&input))).collect();
    let [ordinary, event, structured, ..] = &events[..] else { panic!("{events:?}") };
    let Input { message, text, number, span, .. } = &input;
    if [message, text, span].iter().any(|said| said.len() > WHOLE) || input.bytes.len() > WHOLE {
        return;
    }
    let said = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let data = &ordinary["data"];
    assert_eq!(said(&data["message"]), *message);
    assert_eq!(
        (said(&data["fields"]["text"]), said(&data["fields"]["shown"])),
        (text.clone(), format!("{text:?}"))
    );
    assert_eq!(said(&data["spans"][0]["fields"]["span"]), *span);
    let shown = &data["fields"]["number"];
    assert!(!number.is_finite() && shown.is_string() || shown.as_f64() == Some(*number), "{number} {shown}");
    assert_eq!((said(&event["event_type"]), said(&event["data"]["text"])), (message.clone(), text.clone()));
    let given = input.data.json();
    if Data::is_small(&given) {
        assert_eq!((said(&structured["event_type"]), &structured["data"]), (message.clone(), &given));
    }
});

fn one_line_each((text, json): &(Vec<String>, Vec<String>)) -> Vec<Value> {
    assert_eq!((text.len(), json.len()), (3, 3));
    for line in text.iter().chain(json) {
        let acts = |c: &char| {
            c.is_control()
                || matches!(*c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{206f}')
        };
        assert_eq!(line.chars().find(acts), None, "{line:?}");
        assert!(line.len() < 64 * 1024);
    }
    json.iter()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}
