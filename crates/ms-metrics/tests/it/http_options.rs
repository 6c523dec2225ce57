//! The options of the layer.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request as AxumRequest;
use axum::http::{Method, Request, Response, StatusCode};
use axum::routing::{get, post};
use http_body_util::{BodyExt as _, Full};
use ms_metrics::{Endpoint, HttpMetricsLayer, Metrics, TraceId};
use tower::{Layer as _, Service as _, ServiceExt as _, service_fn};

use crate::page::{built, lines, request, requests, value};

async fn panicking() -> String {
    panic!("in the handler")
}

fn app(layer: HttpMetricsLayer) -> Router {
    Router::new()
        .route("/text", post(|body: String| async move { body }).get(|| async { "text" }))
        .route("/unread", post(|| async { "12345" }))
        .route("/health", get(|| async { "up" }))
        .route("/broken", get(|| async { StatusCode::SERVICE_UNAVAILABLE }))
        .route("/panic", get(panicking))
        .route("/never", get(std::future::pending::<()>))
        .route("/claims", get(|| async { ([("content-length", "4")], Body::from_stream(chunks())) }))
        .layer(layer.request_body_layer())
        .layer(layer)
}

fn chunks() -> impl futures_util::Stream<Item = Result<Bytes, Infallible>> + Send {
    futures_util::stream::iter(["12", "34"].map(|chunk| Ok(Bytes::from_static(chunk.as_bytes()))))
}

fn ask(method: Method, uri: &str, body: &'static str) -> AxumRequest {
    Request::builder().method(method).uri(uri).body(Body::from(body)).unwrap()
}

async fn send(app: &Router, method: Method, uri: &str, body: &'static str) {
    app.clone().oneshot(ask(method, uri, body)).await.unwrap().into_body().collect().await.unwrap();
}

#[tokio::test]
async fn excluded_endpoints_are_not_on_the_page() {
    let metrics = built();
    let app =
        app(metrics.http_layer().exclude(["/health"]).exclude(["unmatched".to_owned()]).response_size());
    for path in ["/health", "/nowhere", "/text"] {
        send(&app, Method::GET, path, "").await;
    }
    assert_eq!(requests(&metrics), [(request("GET", "/text", "200"), 1)]);
    assert!(!metrics.render().contains("/health") && !metrics.render().contains("unmatched"));
}

#[tokio::test]
async fn what_is_excluded_needs_no_room_among_the_endpoints() {
    let metrics = Metrics::builder().series_cap(2).build().unwrap();
    let layer = metrics.http_layer().exclude(["/health", "/ready"]);
    let app = Router::new()
        .route("/a", get(|| async {}))
        .route("/b", get(|| async {}))
        .route("/health", get(|| async {}))
        .layer(layer);
    for path in ["/a", "/b", "/health"] {
        send(&app, Method::GET, path, "").await;
    }
    let counted: u64 = requests(&metrics).iter().map(|(_, number)| number).sum();
    assert_eq!(counted, 2, "{:?}", requests(&metrics));
}

#[tokio::test]
async fn a_response_may_name_an_endpoint_that_is_excluded() {
    let metrics = built();
    let layer = metrics.http_layer().exclude(["/inner/health"]).first_byte();
    let service = layer.layer(service_fn(|_: Request<()>| async {
        let mut response = Response::new(Full::<Bytes>::from("up"));
        response.extensions_mut().insert(Endpoint::from_static("/inner/health"));
        Ok::<_, Infallible>(response)
    }));
    service.oneshot(Request::new(())).await.unwrap().into_body().collect().await.unwrap();
    assert!(
        requests(&metrics).is_empty() && lines(&metrics, "http_response_first_byte_seconds_count").is_empty()
    );
    assert_eq!(value(&metrics, "http_requests_in_flight{method=\"GET\",endpoint=\"unmatched\"}"), Some(0.0));
}

#[tokio::test]
async fn requests_in_flight_are_those_that_have_not_ended() {
    let metrics = built();
    let in_flight = |endpoint: &str| {
        value(&metrics, &format!("http_requests_in_flight{{method=\"GET\",endpoint=\"{endpoint}\"}}"))
    };
    let mut app = app(metrics.http_layer());
    let never_polled = app.call(ask(Method::GET, "/text", ""));
    let mut waiting = Box::pin(app.call(ask(Method::GET, "/never", "")));
    assert!(poll_fn(|cx| Poll::Ready(waiting.as_mut().poll(cx).is_pending())).await);
    let answered = app.call(ask(Method::GET, "/text", "")).await.unwrap();
    assert_eq!(in_flight("/never"), Some(1.0));
    assert_eq!(in_flight("/text"), Some(1.0), "the body is not read; what was never polled was never called");
    tokio::spawn(app.call(ask(Method::GET, "/panic", ""))).await.unwrap_err();
    drop((never_polled, waiting, answered));
    assert_eq!(["/text", "/never", "/panic"].map(in_flight), [Some(0.0); 3]);

    let metrics = built();
    send(&self::app(metrics.http_layer().in_flight(false)), Method::GET, "/text", "").await;
    assert!(lines(&metrics, "http_requests_in_flight").is_empty());
}

#[tokio::test]
async fn the_first_byte_is_the_head_of_the_answer() {
    let metrics = built();
    let app = app(metrics.http_layer().first_byte());
    let counted = |endpoint: &str| {
        value(
            &metrics,
            &format!("http_response_first_byte_seconds_count{{method=\"GET\",endpoint=\"{endpoint}\"}}"),
        )
    };
    let response = app.clone().oneshot(ask(Method::GET, "/text", "")).await.unwrap();
    assert_eq!(counted("/text"), Some(1.0), "before the body is read");
    drop(response);
    tokio::spawn(app.clone().oneshot(ask(Method::GET, "/panic", ""))).await.unwrap_err();
    assert_eq!(counted("/panic"), None, "no answer");
}

#[tokio::test]
async fn sizes_are_what_was_read_and_given() {
    let metrics = Metrics::builder()
        .buckets("http_request_size_bytes", &[4.0])
        .buckets("http_response_size_bytes", &[3.0])
        .build()
        .unwrap();
    let app = app(metrics.http_layer().response_size());
    send(&app, Method::POST, "/text", "12345").await;
    send(&app, Method::POST, "/unread", "1234567").await;
    send(&app, Method::GET, "/claims", "").await;
    send(&app, Method::HEAD, "/text", "").await;
    let response = app.clone().oneshot(ask(Method::GET, "/claims", "")).await.unwrap();
    let mut body = pin!(response.into_body());
    body.frame().await.unwrap().unwrap();
    let sum = |name: &str, method: &str, endpoint: &str| {
        value(&metrics, &format!("{name}_sum{{method=\"{method}\",endpoint=\"{endpoint}\"}}"))
    };
    assert_eq!(sum("http_request_size_bytes", "POST", "/text"), Some(5.0));
    assert_eq!(sum("http_request_size_bytes", "POST", "/unread"), Some(0.0), "nobody read it");
    assert_eq!(sum("http_response_size_bytes", "POST", "/text"), Some(5.0));
    assert_eq!(sum("http_response_size_bytes", "HEAD", "/text"), Some(0.0));
    assert_eq!(sum("http_response_size_bytes", "GET", "/claims"), Some(4.0));
    let page = metrics.render();
    assert!(
        page.contains("http_request_size_bytes_bucket{method=\"POST\",endpoint=\"/text\",le=\"4\"} 0\n"),
        "{page}"
    );
    assert!(
        page.contains("http_response_size_bytes_bucket{method=\"POST\",endpoint=\"/text\",le=\"3\"} 0\n"),
        "{page}"
    );
}

#[tokio::test]
async fn an_answer_that_is_given_up_has_the_size_it_had_until_then() {
    let metrics = built();
    let response =
        app(metrics.http_layer().response_size()).oneshot(ask(Method::GET, "/claims", "")).await.unwrap();
    let mut body = response.into_body();
    body.frame().await.unwrap().unwrap();
    drop(body);
    assert_eq!(requests(&metrics), [(request("GET", "/claims", "499"), 1)]);
    assert_eq!(
        value(&metrics, "http_response_size_bytes_sum{method=\"GET\",endpoint=\"/claims\"}"),
        Some(2.0)
    );
}

fn sizes(metrics: &Metrics) -> (f64, f64) {
    let of = |what: &str| {
        let lines = lines(metrics, &format!("http_request_size_bytes_{what}"));
        lines.iter().map(|line| line.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap()).sum()
    };
    (of("count"), of("sum"))
}

#[tokio::test]
async fn a_request_body_layer_applied_twice_counts_once() {
    let metrics = built();
    let layer = metrics.http_layer();
    let app = app(layer.clone()).layer(layer.request_body_layer());
    for asked in [1.0, 2.0, 3.0] {
        send(&app, Method::POST, "/text", "123").await;
        assert_eq!(sizes(&metrics), (asked, 3.0 * asked));
    }
}

#[tokio::test]
async fn clones_of_a_request_body_layer_within_each_other_count_once_and_beside_each_other_each() {
    let metrics = built();
    let layer = metrics.http_layer().request_body_layer();
    let leaf = Router::new().route("/leaf", post(|body: String| async move { body })).layer(layer.clone());
    let asked = leaf.clone();
    let asks = |body: String| async move {
        send(&asked, Method::POST, "/leaf", "12").await;
        body
    };
    let app = Router::new()
        .route("/ask", post(asks))
        .layer(layer.clone())
        .nest("/nested", leaf.clone())
        .layer(layer);
    let (mut count, mut sum) = (0.0, 0.0);
    for (path, bodies, bytes) in [("/ask", 2.0, 6.0), ("/nested/leaf", 1.0, 4.0), ("/ask", 2.0, 6.0)] {
        send(&app, Method::POST, path, "1234").await;
        (count, sum) = (count + bodies, sum + bytes);
        assert_eq!(sizes(&metrics), (count, sum), "{path}");
    }
    send(&leaf, Method::POST, "/leaf", "1").await;
    assert_eq!(sizes(&metrics), (count + 1.0, sum + 1.0));
}

#[tokio::test]
async fn the_conventions_of_opentelemetry() {
    let metrics = built();
    let app = app(metrics.http_layer().semantic_conventions().response_size());
    send(&app, Method::GET, "/text", "").await;
    send(&app, Method::GET, "https://localhost/text", "").await;
    send(&app, Method::from_bytes(b"BREW").unwrap(), "/nowhere", "").await;
    send(&app, Method::from_bytes(b"QUERY").unwrap(), "/nowhere", "").await;
    send(&app, Method::GET, "/broken", "").await;
    tokio::spawn(app.clone().oneshot(ask(Method::GET, "/panic", ""))).await.unwrap_err();
    drop(app.clone().oneshot(ask(Method::GET, "/never", "")));
    let mut never = Box::pin(app.clone().oneshot(ask(Method::GET, "/never", "")));
    assert!(poll_fn(|cx| Poll::Ready(never.as_mut().poll(cx).is_pending())).await);
    let active = |method: &str, scheme: &str| {
        let labels = format!("{{http_request_method=\"{method}\",url_scheme=\"{scheme}\"}}");
        value(&metrics, &format!("http_server_active_requests{labels}"))
    };
    assert_eq!(
        (active("GET", "http"), active("GET", "https"), active("_OTHER", "http")),
        (Some(1.0), Some(0.0), Some(0.0))
    );
    drop(never);
    drop(app.clone().oneshot(ask(Method::GET, "/claims", "")).await.unwrap());
    let labels =
        |line: String| line.strip_prefix("http_server_request_duration_seconds_count{").unwrap().to_owned();
    let counted: Vec<_> =
        lines(&metrics, "http_server_request_duration_seconds_count").into_iter().map(labels).collect();
    let get = |scheme: &str, route: &str, rest: &str| {
        format!("http_request_method=\"GET\",url_scheme=\"{scheme}\",http_route=\"{route}\"{rest}}} 1")
    };
    assert_eq!(
        counted,
        [
            get("http", "/text", ",http_response_status_code=\"200\""),
            get("https", "/text", ",http_response_status_code=\"200\""),
            "http_request_method=\"_OTHER\",url_scheme=\"http\",http_response_status_code=\"404\"} 1"
                .to_owned(),
            "http_request_method=\"QUERY\",url_scheme=\"http\",http_response_status_code=\"404\"} 1"
                .to_owned(),
            get("http", "/broken", ",http_response_status_code=\"503\",error_type=\"503\""),
            get("http", "/panic", ",error_type=\"panic\""),
            get("http", "/never", ",error_type=\"cancelled\""),
            get("http", "/claims", ",http_response_status_code=\"200\",error_type=\"cancelled\""),
        ]
    );
    assert_eq!(lines(&metrics, "http_server_response_body_size_bytes_count").len(), 8);
    assert_eq!(
        value(
            &metrics,
            "http_server_request_body_size_bytes_sum{http_request_method=\"GET\",url_scheme=\"http\",http_route=\"/text\"}"
        ),
        Some(0.0)
    );
    assert!(requests(&metrics).is_empty() && lines(&metrics, "http_requests_in_flight").is_empty());
    let bounds = lines(&metrics, "http_server_request_duration_seconds_bucket");
    assert!(bounds[4].contains("le=\"0.075\""), "the advised bounds: {}", bounds[4]);
}

#[tokio::test]
async fn an_error_of_the_service_is_other() {
    let metrics = built();
    let failing = service_fn(|_: Request<()>| async { Err::<Response<Full<Bytes>>, _>("no") });
    metrics.http_layer().semantic_conventions().layer(failing).oneshot(Request::new(())).await.unwrap_err();
    assert_eq!(
        lines(&metrics, "http_server_request_duration_seconds_count"),
        [
            "http_server_request_duration_seconds_count{http_request_method=\"GET\",url_scheme=\"http\",error_type=\"_OTHER\"} 1"
        ]
    );
}

#[tokio::test]
async fn the_trace_of_a_request_is_the_exemplar_of_its_duration() {
    let traces = |metrics: &Metrics| {
        let page = metrics.render_openmetrics();
        let ids = page.lines().filter_map(|line| line.split_once("# {trace_id=\"")?.1.split('"').next());
        ids.map(str::to_owned).collect::<Vec<_>>()
    };
    let service = service_fn(|request: Request<()>| async move {
        let mut response = Response::new(Full::<Bytes>::from("ok"));
        if let Some(id) = request.headers().get("answer") {
            response.extensions_mut().insert(TraceId::new(id.to_str().unwrap()));
        }
        Ok::<_, Infallible>(response)
    });
    let asked = |trace: &str, answer: Option<&'static str>| {
        let mut request = Request::new(());
        request.extensions_mut().insert(TraceId::new(trace));
        if let Some(answer) = answer {
            request.headers_mut().insert("answer", answer.parse().unwrap());
        }
        request
    };
    let counted = request("GET", "unmatched", "200");
    let longest = "x".repeat(120);
    let longer = "x".repeat(121);
    for (layer, request, expected) in [
        ("on", asked("outside", None), Some("outside")),
        ("on", asked("outside", Some("inside")), Some("inside")),
        ("on", asked(&longest, None), Some(&*longest)),
        ("on", asked(&longer, None), None),
        ("on", asked("", None), None),
        ("on", Request::new(()), None),
        ("off", asked("outside", Some("inside")), None),
    ] {
        // One bucket, whatever the time it takes.
        let metrics = Metrics::builder().buckets("http_request_duration_seconds", &[1e6]).build().unwrap();
        let http = metrics.http_layer();
        let http = if layer == "on" { http.exemplars() } else { http };
        http.layer(service).oneshot(request).await.unwrap().into_body().collect().await.unwrap();
        assert_eq!(requests(&metrics), [(counted.clone(), 1)]);
        assert_eq!(traces(&metrics), expected.map(str::to_owned).into_iter().collect::<Vec<_>>());
    }
}
