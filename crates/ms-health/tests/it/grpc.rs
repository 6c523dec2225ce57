//! The gRPC health protocol as tonic's client speaks it.

use axum::Router;
use ms_health::{Check, GrpcHealthService, HealthCheck};
use tonic::Code;
use tonic::service::Routes;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::server::{send, serve};

fn health() -> HealthCheck {
    HealthCheck::builder()
        .critical("database", || async { Ok::<_, &str>(()) })
        .add(Check::new("mail", || async { Err("refused") }))
        .add(Check::not_implemented("backup").critical().tag("night"))
        .group("roster", ["database", "mail"])
        .group("night", ["night"])
        .build()
        .unwrap()
}

async fn client(health: &HealthCheck) -> HealthClient<tonic::transport::Channel> {
    let incoming = TcpIncoming::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = incoming.local_addr().unwrap();
    let routes = Routes::from(Router::new().route_service(GrpcHealthService::ROUTE, health.grpc()));
    tokio::spawn(Server::builder().add_routes(routes).serve_with_incoming(incoming));
    let endpoint = tonic::transport::Endpoint::from_shared(format!("http://{address}")).unwrap();
    HealthClient::new(endpoint.connect_lazy())
}

fn of(service: &str) -> HealthCheckRequest {
    HealthCheckRequest { service: service.to_owned() }
}

#[tokio::test]
async fn a_real_client_is_told_about_the_service_and_its_groups() {
    let health = health();
    let mut client = client(&health).await;
    for (service, expected) in
        [("", ServingStatus::Unknown), ("roster", ServingStatus::Serving), ("night", ServingStatus::Unknown)]
    {
        let answer = client.check(of(service)).await.unwrap().into_inner();
        assert_eq!(answer.status(), expected, "{service}");
    }
    health.begin_shutdown();
    assert_eq!(client.check(of("")).await.unwrap().into_inner().status(), ServingStatus::NotServing);
    for unknown in ["nobody", "database", &"x".repeat(3000)] {
        assert_eq!(
            client.check(of(unknown)).await.unwrap_err().code(),
            Code::NotFound,
            "checks have no name here"
        );
    }
    assert_eq!(client.check(of(&"x".repeat(5000))).await.unwrap_err().code(), Code::InvalidArgument);
    assert_eq!(client.watch(of("")).await.unwrap_err().code(), Code::Unimplemented);
}

#[tokio::test]
async fn what_is_not_grpc_is_refused() {
    let server = serve(Router::new().route_service(GrpcHealthService::ROUTE, health().grpc())).await;
    let plain = "POST /grpc.health.v1.Health/Check HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    assert_eq!(send(server, plain).await.status, 415);
}
