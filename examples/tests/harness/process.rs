//! Child processes that do not outlive their test.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use super::wait::eventually;

/// A running program; what it prints goes to a file, which a failing test shows.
pub struct Process {
    child: Child,
    output: PathBuf,
}

impl Process {
    pub fn start(command: &mut Command, output: &Path) -> Self {
        let file = File::create(output).expect("a file for the output");
        let errors = file.try_clone().expect("a second handle");
        let child = command.stdin(Stdio::null()).stdout(file).stderr(errors).spawn();
        let child =
            child.unwrap_or_else(|error| panic!("{:?} does not start: {error}", command.get_program()));
        Self { child, output: output.to_owned() }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status();
        assert!(sent.expect("kill, of procps or the shell").success());
    }

    /// Waits for the end.
    pub fn wait(&mut self) -> ExitStatus {
        eventually("the program ends", || self.ended())
    }

    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a child can be waited for")
    }

    /// What it has printed so far.
    pub fn output(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.output).expect("the output")).into_owned()
    }

    /// Waits until it serves, and fails early if it ended instead.
    pub fn until_ready<T>(&mut self, what: &str, mut ask: impl FnMut(&str) -> Option<T>) -> T {
        eventually(what, || {
            let output = self.output();
            let answer = ask(&output);
            if answer.is_none()
                && let Some(status) = self.ended()
            {
                panic!("{what}: it ended with {status}: {output}");
            }
            answer
        })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // PostgreSQL's children end by themselves once this one is gone.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- {}\n{}", self.output.display(), self.output());
        }
    }
}

/// Finds a program, or says what to install.
pub fn program(name: &str, package: &str) -> PathBuf {
    let path = std::env::var_os("PATH").expect("a PATH");
    let found = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file());
    found.unwrap_or_else(|| missing(name, package))
}

pub fn missing(name: &str, package: &str) -> ! {
    panic!("{name} is missing: apt-get install -y --no-install-recommends {package}")
}

/// An address of this machine that nobody listens on.
///
/// Its port lies below those that the system gives to clients: one of them could take it while a server is away.
pub fn free_address() -> SocketAddr {
    static TRIED: AtomicU32 = AtomicU32::new(0);
    let ports = std::iter::repeat_with(|| {
        let number = std::process::id().wrapping_mul(61).wrapping_add(TRIED.fetch_add(1, Ordering::Relaxed));
        20_000 + u16::try_from(number % 10_000).expect("small")
    });
    let mut listeners =
        ports.take(10_000).filter_map(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok());
    listeners.next().expect("a free port").local_addr().expect("an address")
}
