//! A webhook that remembers what it was sent.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use serde_json::Value;

type Received = Arc<Mutex<Vec<Value>>>;

pub struct Sink {
    pub url: String,
    received: Received,
    // Its server ends with it.
    _runtime: tokio::runtime::Runtime,
}

impl Sink {
    pub fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let received = Received::default();
        let app = Router::new().route("/hook", post(take)).with_state(received.clone());
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a free port");
        let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
        runtime.spawn(async move { axum::serve(listener, app).await });
        Self { url, received, _runtime: runtime }
    }

    pub fn received(&self) -> Vec<Value> {
        self.received.lock().expect("not poisoned").clone()
    }
}

async fn take(State(received): State<Received>, body: String) {
    received.lock().expect("not poisoned").push(serde_json::from_str(&body).expect("JSON"));
}
