//! The levels over HTTP.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use ms_logging::LevelService;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::logger::Logger;

const TOKEN: &str = "0123456789abcdef";

async fn ask(service: &LevelService, method: &str, body: &str) -> (StatusCode, Value) {
    let request = Request::builder()
        .method(method)
        .uri("/log/levels")
        .header("authorization", format!("Bearer {TOKEN}"))
        .body(Full::<Bytes>::from(body.to_owned()))
        .unwrap();
    let response = service.clone().oneshot(request).await.unwrap();
    let (status, body) = read(response).await;
    (status, serde_json::from_slice(&body).unwrap())
}

async fn read(response: Response<Full<Bytes>>) -> (StatusCode, Bytes) {
    let status = response.status();
    assert_eq!(response.headers()["content-type"], "application/json");
    (status, response.into_body().collect().await.unwrap().to_bytes())
}

#[tokio::test]
async fn levels_are_shown_set_and_reverted() {
    let logger = Logger::with(|builder| builder.filter("info"));
    let service = logger.guard.levels().service("/log/levels", TOKEN).unwrap();
    let none = json!({"directives": "info", "changes": []});
    assert_eq!(ask(&service, "GET", "").await, (StatusCode::OK, none.clone()));
    let (status, shown) = ask(&service, "PUT", r#"{"target":"ward","level":"debug","seconds":600}"#).await;
    assert_eq!((status, &shown["directives"]), (StatusCode::OK, &"ward=debug,info".into()));
    assert!((590..=600).contains(&shown["changes"][0]["seconds"].as_u64().unwrap()), "{shown}");
    let (_, shown) = ask(&service, "POST", r#"{"target":"ward","level":"WARN"}"#).await;
    assert_eq!(shown["changes"], json!([{"target": "ward", "level": "warn"}]), "the timer is cancelled");
    ask(&service, "POST", r#"{"level":"error"}"#).await;
    let (_, shown) = ask(&service, "DELETE", r#"{"target":"ward"}"#).await;
    assert_eq!(shown["directives"], "error");
    assert_eq!(ask(&service, "DELETE", "").await, (StatusCode::OK, none));
}

#[tokio::test]
async fn what_does_not_fit_changes_nothing() {
    let logger = Logger::with(|builder| builder.filter("info"));
    let service = logger.guard.levels().service("/log/levels", TOKEN).unwrap();
    let long = format!(r#"{{"level":"debug","target":"{}"}}"#, "a".repeat(5_000));
    for (method, body, status) in [
        ("PUT", "", 400),
        ("PUT", "{", 400),
        ("PUT", r#"{"level":"loud"}"#, 400),
        ("PUT", r#"{"level":"3"}"#, 400),
        ("PUT", r#"{"level":"debug","seconds":0}"#, 400),
        ("PUT", r#"{"level":"debug","seconds":-1}"#, 400),
        ("PUT", r#"{"level":"debug","second":1}"#, 400),
        ("PUT", r#"{"level":"debug","target":"a,b"}"#, 400),
        ("PUT", &long, 413),
        ("DELETE", "null", 400),
        ("PATCH", "", 405),
        ("HEAD", "", 405),
    ] {
        let (given, answer) = ask(&service, method, body).await;
        assert_eq!(given.as_u16(), status, "{method} {body:.50}");
        assert!(answer["error"].is_string(), "{answer}");
    }
    for number in 0..64 {
        ask(&service, "PUT", &format!(r#"{{"target":"t{number}","level":"warn"}}"#)).await;
    }
    assert_eq!(ask(&service, "PUT", r#"{"target":"more","level":"warn"}"#).await.0, StatusCode::CONFLICT);
}

#[tokio::test]
async fn only_the_token_opens_and_only_the_exact_path() -> Result<(), Infallible> {
    let logger = Logger::with(|builder| builder.filter("info"));
    let levels = logger.guard.levels();
    assert_eq!(levels.service("/log/levels", "0123456789abcde").unwrap_err().minimum, 16);
    let service = levels.service("/log/levels", TOKEN).unwrap();
    assert!(!format!("{service:?}").contains(TOKEN));
    let right = format!("Bearer {TOKEN}");
    let longer = format!("{right}0");
    for (path, tokens, status) in [
        ("/log/levels", &[right.as_str()][..], 200),
        ("/log/levels", &["bearer 0123456789abcdef"], 200),
        ("/log/levels", &[], 401),
        ("/log/levels", &["Bearer "], 401),
        ("/log/levels", &[TOKEN], 401),
        ("/log/levels", &[&right[..right.len() - 1]], 401),
        ("/log/levels", &[&longer], 401),
        ("/log/levels", &[&right, &right], 401),
        ("/log/levels/", &[&right], 404),
        ("/log", &[&right], 404),
        ("/LOG/levels", &[&right], 404),
    ] {
        let mut request = Request::builder().method("DELETE").uri(path);
        for token in tokens {
            request = request.header("authorization", *token);
        }
        let request = request.body(Full::<Bytes>::default()).unwrap();
        let response = service.clone().oneshot(request).await?;
        assert_eq!(response.headers().contains_key("www-authenticate"), status == 401);
        assert_eq!(read(response).await.0.as_u16(), status, "{path} {tokens:?}");
    }
    Ok(())
}
