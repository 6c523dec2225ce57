//! Whatever a client sends, a response has a valid trace id: the client's if that is valid, else a new one.
#![no_main]

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::pin::pin;
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};

use http::{HeaderValue, Request, Response};
use libfuzzer_sys::fuzz_target;
use ms_logging::{Logging, LoggingGuard, TraceId};
use tower_layer::Layer as _;
use tower_service::Service;
use tracing_subscriber::Registry;

static LOG: LazyLock<LoggingGuard> = LazyLock::new(|| {
    let (_, guard) = Logging::builder()
        .no_file()
        .json_file("/dev/null")
        .console(false)
        .layer::<Registry>()
        .expect("starts");
    guard
});

struct Handler;

impl Service<Request<()>> for Handler {
    type Response = Response<String>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        ready(Ok(Response::new(String::new())))
    }
}

fuzz_target!(|header: &[u8]| {
    let Ok(value) = HeaderValue::from_bytes(header) else { return };
    let mut request = Request::new(());
    request.headers_mut().insert("traceparent", value);
    let response = pin!(LOG.http_layer().layer(Handler).call(request));
    let Poll::Ready(Ok(response)) = response.poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("the handler never waits");
    };
    let id = response.extensions().get::<TraceId>().expect("a trace id").as_str().to_owned();
    assert!(is_id(id.as_bytes(), 32), "{id}");
    match header {
        // As the recommendation draws it: 00-(32)-(16)-(2).
        [b'0', b'0', b'-', rest @ ..] if rest.len() == 52 => {
            let (trace, parent, flags) = (&rest[..32], &rest[33..49], &rest[50..]);
            let signs = rest[32] == b'-' && rest[49] == b'-';
            let valid = signs && is_id(trace, 32) && is_id(parent, 16) && is_hex(flags);
            assert_eq!(id.as_bytes() == trace, valid, "{header:?}");
        }
        // Of later versions only the beginning is known.
        _ => {}
    }
});

fn is_id(text: &[u8], length: usize) -> bool {
    text.len() == length && is_hex(text) && text.iter().any(|digit| *digit != b'0')
}

fn is_hex(text: &[u8]) -> bool {
    text.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
