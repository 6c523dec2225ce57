//! One axum app under each layer that is compared.

mod cached;
mod exporter;
mod macros;
mod observed;
mod otel;
mod plain;

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::http::{Request, Response};
use axum::routing::get;
use metrics::{Key, Level, Metadata, Recorder};
use ms_metrics::Metrics;
use tower::Service;

use self::observed::{Fixed, Nothing, ObservedLayer, PassLayer};
pub use self::plain::{Plain, PlainApp};

const ENDPOINT: &str = "/shifts/{id}";
/// A path of each of the two routes.
pub const PATHS: [&str; 2] = ["/shifts/17", "/rosters/17"];
const METADATA: Metadata<'static> = Metadata::new(module_path!(), Level::INFO, Some(module_path!()));
/// Our layer's own bounds, so that every histogram searches as many.
const SECONDS: [f64; 13] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// The exporter's histograms keep every value until its upkeep.
const UPKEEP: u64 = 50_000;

/// A layer on an axum router with two routes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stack {
    /// No layer.
    Bare,
    /// A layer that hands everything on.
    Pass,
    /// A layer that wraps the body, and no more.
    Wrapped,
    /// The least that counts: the body wrapped, one counter and one histogram of ours, no look-up.
    Floor,
    /// The same on the exporter's handles.
    FloorOnExporter,
    Ours,
    /// The exporter's handles in a map by template, method and status; the body is not wrapped.
    Cached,
    /// `counter!` and `histogram!` in `axum::middleware::from_fn`.
    Macros,
    /// The metrics of opentelemetry-instrumentation-tower.
    Otel,
    AxumPrometheus,
}

impl Stack {
    pub const ALL: [Self; 10] = [
        Self::Bare,
        Self::Pass,
        Self::Wrapped,
        Self::Floor,
        Self::FloorOnExporter,
        Self::Ours,
        Self::Cached,
        Self::Macros,
        Self::Otel,
        Self::AxumPrometheus,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Pass => "layer that does nothing",
            Self::Wrapped => "layer that wraps the body",
            Self::Floor => "floor: fixed handles",
            Self::FloorOnExporter => "floor on the exporter",
            Self::Ours => "ms-metrics",
            Self::Cached => "cached handles in a map",
            Self::Macros => "macros in from_fn",
            Self::Otel => "opentelemetry-instrumentation-tower",
            Self::AxumPrometheus => "axum-prometheus",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stack| stack.name() == name)
    }

    /// Builds the app. The state is given once: axum would do it again for every request.
    pub fn app(self) -> App {
        let routes = Router::new().route(ENDPOINT, get(|| async { "ok" }));
        let routes = routes.route("/rosters/{id}", get(|| async { "ok" }));
        let nothing = || Box::new(|| None) as Counted;
        let of_exporter = |metric| Box::new(move || sum(&exporter::handle().render(), metric)) as Counted;
        let (router, counted) = match self {
            Self::Bare => (routes, nothing()),
            Self::Pass => (routes.layer(PassLayer), nothing()),
            Self::Wrapped => (routes.layer(ObservedLayer(Nothing)), nothing()),
            Self::Floor => {
                let metrics = Metrics::builder().buckets("floor_seconds", &SECONDS).build().expect("valid");
                let layer = ObservedLayer(Fixed::of(&metrics.recorder()));
                (routes.layer(layer), Box::new(move || sum(&metrics.render(), "floor_total")) as Counted)
            }
            Self::FloorOnExporter => {
                let layer = ObservedLayer(exporter::fixed());
                (routes.layer(layer), of_exporter("floor_total"))
            }
            Self::Ours => {
                let metrics = Metrics::builder().build().expect("valid");
                let layer = metrics.http_layer();
                (
                    routes.layer(layer),
                    Box::new(move || sum(&metrics.render(), "http_requests_total")) as Counted,
                )
            }
            Self::Cached => (routes.layer(cached::layer()), of_exporter(cached::REQUESTS)),
            Self::Macros => (routes.layer(macros::layer()), of_exporter(macros::REQUESTS)),
            Self::Otel => {
                let (layer, counted) = otel::layer();
                (routes.layer(layer), counted)
            }
            Self::AxumPrometheus => {
                exporter::handle();
                let layer = axum_prometheus::BaseMetricLayer::new();
                (routes.layer(layer), of_exporter("axum_http_requests_total"))
            }
        };
        App { router: router.with_state(()), counted, served: 0, stack: self }
    }

    fn is_on_exporter(self) -> bool {
        matches!(self, Self::FloorOnExporter | Self::Cached | Self::Macros | Self::AxumPrometheus)
    }
}

/// How many requests the layer has counted, if it counts.
type Counted = Box<dyn Fn() -> Option<u64>>;

pub struct App {
    stack: Stack,
    router: Router,
    counted: Counted,
    served: u64,
}

impl App {
    /// Serves a request to the last byte of its answer.
    pub fn serve(&mut self) {
        serve(&mut self.router, PATHS[0]);
        self.served += 1;
        if self.stack.is_on_exporter() && self.served.is_multiple_of(UPKEEP) {
            exporter::handle().run_upkeep();
        }
    }

    /// Clones the router, as a server does for each connection.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// Stops if the layer has missed a request: who counts nothing wins for nothing. Apps of one stack share what the
    /// exporter and OpenTelemetry count, so there it may have counted more.
    pub fn check(&self) {
        if let Some(counted) = (self.counted)() {
            assert!(counted >= self.served, "{}: {counted} of {}", self.stack.name(), self.served);
            assert!(self.stack != Stack::Ours || counted == self.served, "none twice");
        } else {
            assert!(matches!(self.stack, Stack::Bare | Stack::Pass | Stack::Wrapped), "{:?}", self.stack);
        }
    }
}

/// Serves a request to the last byte of its answer.
pub fn serve(router: &mut Router, path: &str) {
    answer(router, Request::get(path).body(Body::empty()).expect("a request"));
}

/// Polls once: nothing here ever waits, and a runtime would only add to every figure.
fn answer<S, B>(service: &mut S, request: Request<Body>)
where
    S: Service<Request<Body>, Response = Response<B>>,
    B: HttpBody,
{
    let mut cx = Context::from_waker(Waker::noop());
    let Poll::Ready(Ok(response)) = pin!(service.call(request)).poll(&mut cx) else { panic!("it waits") };
    assert_eq!(response.status(), 200);
    let mut body = pin!(response.into_body());
    while let Poll::Ready(Some(frame)) = body.as_mut().poll_frame(&mut cx) {
        assert!(std::hint::black_box(frame).is_ok());
    }
}

/// Adds up a counter's series.
fn sum(page: &str, metric: &str) -> Option<u64> {
    let lines = page.lines().filter(|line| line.starts_with(metric));
    lines.map(|line| line.rsplit_once(' ')?.1.parse::<u64>().ok()).sum()
}

fn key(name: &'static str) -> Key {
    Key::from_static_name(name)
}

impl Fixed {
    fn of(recorder: &impl Recorder) -> Self {
        let requests = recorder.register_counter(&key("floor_total"), &METADATA);
        Self::new(requests, recorder.register_histogram(&key("floor_seconds"), &METADATA))
    }
}
