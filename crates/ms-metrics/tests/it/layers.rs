//! A request that passes several layers is counted once, from the first one on.

use std::convert::Infallible;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{Request, Response};
use axum::routing::get;
use http_body_util::{BodyExt as _, Full};
use ms_metrics::{HttpMetricsLayer, Metrics};
use tower::{Layer as _, Service, ServiceExt as _, service_fn};

use crate::page::{built, request, requests};

fn plain()
-> impl Service<Request<()>, Response = Response<Full<Bytes>>, Error = Infallible, Future: Send> + Clone + Send
{
    service_fn(|_: Request<()>| async { Ok(Response::new(Full::from("ok"))) })
}

async fn finish<B: hyper::body::Body<Error: std::fmt::Debug>>(response: Response<B>) {
    response.into_body().collect().await.unwrap();
}

async fn get_from(app: &Router, path: &str) {
    finish(app.clone().oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap()).await;
}

fn total(metrics: &Metrics) -> u64 {
    requests(metrics).iter().map(|(_, number)| number).sum()
}

/// Both ways to have a second layer: a clone, and another one.
fn pairs(metrics: &Metrics) -> [(HttpMetricsLayer, HttpMetricsLayer); 2] {
    let layer = metrics.http_layer();
    [(layer.clone(), layer), (metrics.http_layer(), metrics.http_layer())]
}

#[tokio::test]
async fn on_a_tower_service_ready_or_called_at_once() {
    for pair in 0..2 {
        let metrics = built();
        let (inner, outer) = pairs(&metrics).into_iter().nth(pair).unwrap();
        let mut twice = outer.layer(inner.layer(plain()));
        finish(twice.call(Request::new(())).await.unwrap()).await;
        assert_eq!(total(&metrics), 1, "without poll_ready");
        finish(twice.clone().oneshot(Request::new(())).await.unwrap()).await;
        assert_eq!(total(&metrics), 2);
    }
}

#[tokio::test]
async fn on_a_tower_service_that_is_called_late() {
    for pair in 0..2 {
        let metrics = built();
        let (inner, outer) = pairs(&metrics).into_iter().nth(pair).unwrap();
        // Calls what stands inside only when its future is polled.
        let late = inner.layer(plain()).filter_async(|request: Request<()>| async {
            tokio::task::yield_now().await;
            Ok::<_, Infallible>(request)
        });
        for expected in 1..3 {
            finish(outer.layer(late.clone()).oneshot(Request::new(())).await.unwrap()).await;
            assert_eq!(total(&metrics), expected);
        }
    }
}

#[tokio::test]
async fn on_an_axum_router_and_on_one_nested_in_it() {
    for pair in 0..2 {
        for path in ["/flat", "/nested/inner", "/merged", "/nowhere"] {
            let metrics = built();
            let (inner, outer) = pairs(&metrics).into_iter().nth(pair).unwrap();
            let route = |path| Router::new().route(path, get(|| async { "ok" }));
            let app = route("/flat")
                .layer(inner.clone())
                .nest("/nested", route("/inner").layer(inner.clone()))
                .merge(route("/merged").route_layer(inner))
                .layer(outer);
            for expected in 1..3 {
                get_from(&app, path).await;
                assert_eq!(total(&metrics), expected, "{path}");
            }
        }
    }
}

#[tokio::test]
async fn across_a_task_two_layers_count_once() {
    let metrics = built();
    let inner = metrics.http_layer().layer(plain());
    let across = service_fn(move |request: Request<()>| {
        let answer = tokio::spawn(inner.clone().oneshot(request));
        async { answer.await.unwrap() }
    });
    let outer = metrics.http_layer().layer(across);
    for expected in 1..4 {
        finish(outer.clone().oneshot(Request::new(())).await.unwrap()).await;
        assert_eq!(total(&metrics), expected);
    }
}

#[tokio::test]
async fn whole_routers_in_between_do_not_hide_the_other_layer() {
    for service in [false, true] {
        let metrics = built();
        let inner = Router::new().route("/inner", get(|| async { "ok" })).layer(metrics.http_layer());
        let app = Router::new();
        let app = if service { app.nest_service("/nested", inner) } else { app.fallback_service(inner) };
        let app = app.layer(metrics.http_layer());
        let path = if service { "/nested/inner" } else { "/inner" };
        for expected in 1..3 {
            get_from(&app, path).await;
            assert_eq!(total(&metrics), expected, "{path}");
        }
    }
}

#[tokio::test]
async fn a_new_request_to_the_same_app_is_counted_each_time() {
    let metrics = built();
    let layer = metrics.http_layer();
    let leaf = Router::new().route("/leaf", get(|| async { "leaf" })).layer(layer.clone());
    let asking = leaf.clone();
    let app = Router::new()
        .route(
            "/ask",
            get(move || async move {
                get_from(&asking, "/leaf").await;
                // The answer of the other request may be this one's.
                asking.oneshot(Request::get("/leaf").body(Body::empty()).unwrap()).await
            }),
        )
        .layer(layer);
    for asked in 1..4 {
        get_from(&app, "/ask").await;
        assert_eq!(
            requests(&metrics),
            [(request("GET", "/leaf", "200"), 2 * asked), (request("GET", "/ask", "200"), asked)]
        );
    }
    get_from(&leaf, "/leaf").await;
    assert_eq!(total(&metrics), 10);
}

#[tokio::test]
async fn layers_that_stand_beside_each_other_all_count() {
    let metrics = built();
    let (one, two) = (metrics.http_layer().layer(plain()), metrics.http_layer().layer(plain()));
    for _ in 0..2 {
        finish(one.clone().oneshot(Request::new(())).await.unwrap()).await;
        finish(two.clone().oneshot(Request::new(())).await.unwrap()).await;
    }
    assert_eq!(total(&metrics), 4);
}

#[tokio::test]
async fn each_of_two_metrics_counts_for_itself() {
    let metrics = [built(), built()];
    let [inner, outer] = metrics.each_ref().map(Metrics::http_layer);
    let [inner_latency, outer_latency] = metrics.each_ref().map(Metrics::endpoint_latency_layer);
    let mut both = outer_latency.layer(outer.layer(inner_latency.layer(inner.layer(plain()))));
    for expected in 1..4 {
        finish(both.call(Request::new(())).await.unwrap()).await;
        finish(both.clone().oneshot(Request::new(())).await.unwrap()).await;
        for metrics in &metrics {
            assert_eq!(total(metrics), 2 * expected);
            let timed = format!(
                "endpoint_latency_seconds_count{{endpoint=\"unmatched\",method=\"GET\"}} {}",
                2 * expected
            );
            assert!(metrics.render().contains(&timed), "{timed}\n{}", metrics.render());
        }
    }
}
