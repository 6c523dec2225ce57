//! Clients that take their time: with a request, with its answer, or with neither.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::harness::Service;
use crate::harness::http::{connect, read_all, status_of};
use crate::harness::service::{command, new_directory};
use crate::harness::wait::until;

const HALF_HEAD: &[u8] = b"GET /health/live HTTP/1.1\r\nHost: local";

fn half_heads(service: &Service, count: usize) -> Vec<TcpStream> {
    let half = |_| {
        let mut stream = connect(service.address);
        stream.write_all(HALF_HEAD).expect("sent");
        stream
    };
    (0..count).map(half).collect()
}

/// Asks for more than the system's buffers hold, and reads nothing of it.
fn slow_reader(service: &Service) -> TcpStream {
    let mut stream = connect(service.address);
    let request = format!("GET /metrics HTTP/1.1\r\nHost: {}\r\n\r\n", service.address);
    stream.write_all(request.repeat(2000).as_bytes()).expect("the buffers take it");
    stream.set_nonblocking(true).expect("a setting");
    stream
}

fn is_gone(stream: &mut TcpStream) -> bool {
    stream.write(b"x").is_err_and(|error| error.kind() != std::io::ErrorKind::WouldBlock)
}

#[test]
fn half_heads_and_slow_readers_are_let_go_while_others_are_served() {
    let service = Service::start(&[]);
    let begun = Instant::now();
    let mut reader = slow_reader(&service);
    for mut half in half_heads(&service, 200) {
        assert_eq!(service.get("/health/live").status, 200);
        assert!(begun.elapsed() < Duration::from_secs(15), "a good request waits");
        let answer = read_all(&mut half);
        assert_ne!(status_of(&answer), 200, "{answer}");
    }
    until("the slow reader is gone", || is_gone(&mut reader));
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
}

#[test]
fn neither_an_idle_connection_nor_half_a_head_holds_up_the_end() {
    let mut service = Service::start(&[]);
    let mut idle = connect(service.address);
    write!(idle, "GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("sent");
    idle.read_exact(&mut [0; 15]).expect("answered");
    let halves = half_heads(&service, 3);
    until("they are accepted, like the next one", || service.get("/health/live").status == 200);
    let begun = Instant::now();
    service.signal("TERM");
    read_all(&mut idle);
    assert!(begun.elapsed() < Duration::from_secs(3), "the idle one: {:?}", begun.elapsed());
    assert_eq!(service.wait().code(), Some(0), "{}", service.terminal());
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    let log = std::fs::read_to_string(service.log_file()).expect("the log");
    assert!(!log.contains("requests were cut off"), "{log}");
    drop(halves);
}

#[test]
fn a_service_out_of_file_descriptors_goes_on_once_there_are_some() {
    let directory = new_directory();
    let plain = command(directory.path());
    let mut limited = Command::new("sh");
    limited.args(["-c", "ulimit -n 80 && exec \"$0\""]).arg(plain.get_program());
    limited.env_clear().current_dir(directory.path());
    limited.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let service = Service::run(&mut limited, &directory);
    let halves = half_heads(&service, 150);
    let log = || std::fs::read_to_string(service.log_file()).expect("the log");
    until("it runs out", || log().contains("WARNING - cannot accept connections"));
    let begun = Instant::now();
    assert_eq!(service.get("/health/live").status, 200);
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    drop(halves);
    until("it is itself again", || service.get("/health/ready").status == 200);
    assert!(log().matches("cannot accept").count() < 100, "{}", log());
}
