//! A real tonic client over a real socket.

use std::pin::Pin;
use std::time::{Duration, Instant};

use futures_util::stream::{self, Stream, StreamExt as _};
use ms_metrics::testing::Recorded;
use tokio::sync::mpsc;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint as Address};
use tonic::{Code, Request, Response, Status};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

use super::*;

fn serving() -> HealthCheckResponse {
    HealthCheckResponse { status: ServingStatus::Serving.into() }
}

/// Does what the name of the service asks for, and says when it has begun to hang.
struct Wards {
    hanging: mpsc::UnboundedSender<()>,
}

#[tonic::async_trait]
impl Health for Wards {
    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        match request.get_ref().service.as_str() {
            "open" => Ok(Response::new(serving())),
            "panics" => panic!("in the handler"),
            "hangs" => {
                self.hanging.send(()).unwrap();
                std::future::pending().await
            }
            _ => Err(Status::not_found("no such ward")),
        }
    }

    type WatchStream = Pin<Box<dyn Stream<Item = Result<HealthCheckResponse, Status>> + Send>>;

    async fn watch(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let open = stream::repeat_with(|| Ok(serving()));
        Ok(Response::new(match request.get_ref().service.as_str() {
            "three" => open.take(3).boxed(),
            "none" => stream::empty().boxed(),
            "breaks" => open.take(1).chain(stream::iter([Err(Status::data_loss("gone"))])).boxed(),
            _ => open.take(1).chain(stream::pending()).boxed(),
        }))
    }
}

struct Served {
    recorded: Recorded,
    channel: Channel,
    hanging: mpsc::UnboundedReceiver<()>,
}

async fn served() -> Served {
    let recorded = Recorded::new();
    let (began, hanging) = mpsc::unbounded_channel();
    let incoming = TcpIncoming::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = incoming.local_addr().unwrap();
    let router = server(recorded.metrics(), Wards { hanging: began });
    tokio::spawn(router.serve_with_incoming(incoming));
    let channel = Address::from_shared(format!("http://{address}")).unwrap().connect().await.unwrap();
    Served { recorded, channel, hanging }
}

fn of(service: &str) -> HealthCheckRequest {
    HealthCheckRequest { service: service.to_owned() }
}

impl Served {
    fn client(&self) -> HealthClient<Channel> {
        HealthClient::new(self.channel.clone())
    }

    /// Waits until so many calls are counted: a client may have its answer before the server has let go of it.
    async fn counted(&self, calls: u64) {
        let start = Instant::now();
        while self.recorded.total("http_requests_total", &[]) < calls {
            assert!(start.elapsed() < Duration::from_secs(20), "{}", self.recorded.metrics().render());
            tokio::task::yield_now().await;
        }
    }

    /// That all calls were counted by this method and status, each once and timed.
    #[track_caller]
    fn all_were(&self, calls: u64, endpoint: &str, status: &str) {
        let all = self.recorded.total("http_requests_total", &[]);
        let labels = [("method", "POST"), ("endpoint", endpoint), ("status", status)];
        assert_eq!((all, self.recorded.counter("http_requests_total", &labels)), (calls, calls));
        let timed = self.recorded.histogram("http_request_duration_seconds", &labels[..2]);
        assert_eq!(timed.count, calls);
    }
}

#[tokio::test]
async fn unary_calls_are_counted_once_be_they_ok_or_an_error() {
    let served = served().await;
    for _ in 0..20 {
        let answer = served.client().check(of("open")).await.unwrap();
        assert_eq!(answer.get_ref().status, 1);
        assert_eq!(served.client().check(of("unknown")).await.unwrap_err().code(), Code::NotFound);
    }
    served.counted(40).await;
    served.all_were(40, METHODS[0], "200");
}

#[tokio::test]
async fn streams_are_counted_once_at_their_trailers() {
    let served = served().await;
    for (service, messages) in [("three", 3), ("none", 0), ("three", 3)] {
        let stream = served.client().watch(of(service)).await.unwrap().into_inner();
        assert_eq!(stream.map(Result::unwrap).count().await, messages);
    }
    let mut broken = served.client().watch(of("breaks")).await.unwrap().into_inner();
    assert!(broken.message().await.unwrap().is_some());
    assert_eq!(broken.message().await.unwrap_err().code(), Code::DataLoss);
    served.counted(4).await;
    served.all_were(4, METHODS[1], "200");
}

#[tokio::test]
async fn calls_that_the_client_gives_up_are_499() {
    let mut served = served().await;
    let mut client = served.client();
    tokio::select! {
        _ = client.check(of("hangs")) => unreachable!("it hangs"),
        began = served.hanging.recv() => began.unwrap(),
    }
    drop(client);
    served.counted(1).await;
    served.all_were(1, METHODS[0], "499");
}

#[tokio::test]
async fn a_stream_that_the_client_leaves_is_499() {
    let served = served().await;
    let mut endless = served.client().watch(of("endless")).await.unwrap().into_inner();
    assert!(endless.message().await.unwrap().is_some());
    assert_eq!(served.recorded.total("http_requests_total", &[]), 0, "it is not over");
    drop(endless);
    served.counted(1).await;
    served.all_were(1, METHODS[1], "499");
}

#[tokio::test]
async fn a_panic_is_500() {
    let served = served().await;
    served.client().check(of("panics")).await.unwrap_err();
    served.counted(1).await;
    served.all_were(1, METHODS[0], "500");
}

#[tokio::test]
async fn methods_that_do_not_exist_are_one_endpoint() {
    let served = served().await;
    for number in 0..5 {
        let mut grpc = tonic::client::Grpc::new(served.channel.clone());
        grpc.ready().await.unwrap();
        let path = format!("/no.such.Service/Method{number}").parse().unwrap();
        let codec = tonic_prost::ProstCodec::<HealthCheckRequest, HealthCheckResponse>::default();
        let error = grpc.unary(Request::new(of("")), path, codec).await.unwrap_err();
        assert_eq!(error.code(), Code::Unimplemented);
    }
    served.counted(5).await;
    served.all_were(5, "unmatched", "200");
}
