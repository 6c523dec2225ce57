//! A CA of the tests' own and what it has signed, made by `openssl`.

use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

/// Files in PEM, until it is dropped.
pub(crate) struct Authority {
    folder: TempDir,
}

/// The certificate of a server and its key.
pub(crate) struct Leaf {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

const KEY: [&str; 5] = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

impl Authority {
    pub(crate) fn new() -> Self {
        let authority = Self { folder: tempfile::tempdir().unwrap() };
        let mut command = Command::new("openssl");
        command.args(["req", "-x509", "-days", "3650", "-subj", "/CN=ms-alerts tests"]).args(KEY);
        authority.run(command.args(["-keyout", "ca.key", "-out", "ca.pem"]));
        authority
    }

    pub(crate) fn pem(&self) -> Vec<u8> {
        std::fs::read(self.path("ca.pem")).unwrap()
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    /// For a month from now on.
    pub(crate) fn sign(&self, host: &str) -> Leaf {
        self.sign_at(host, None)
    }

    /// For a month of 2020.
    pub(crate) fn sign_expired(&self, host: &str) -> Leaf {
        self.sign_at(host, Some("2020-01-01 00:00:00"))
    }

    fn sign_at(&self, host: &str, at: Option<&str>) -> Leaf {
        let name = format!("{host}-{}", if at.is_some() { "old" } else { "new" });
        let [key, request, certificate, extensions] =
            ["key", "csr", "pem", "ext"].map(|end| format!("{name}.{end}"));
        std::fs::write(self.path(&extensions), format!("subjectAltName=DNS:{host}\n")).unwrap();
        let mut command = Command::new("openssl");
        command.args(["req", "-subj", &format!("/CN={host}")]).args(KEY);
        self.run(command.args(["-keyout", &key, "-out", &request]));
        let mut command = match at {
            Some(at) => {
                let mut command = Command::new("faketime");
                command.args([at, "openssl"]);
                command
            }
            None => Command::new("openssl"),
        };
        command.args(["x509", "-req", "-days", "30", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"]);
        self.run(command.args(["-in", &request, "-extfile", &extensions, "-out", &certificate]));
        Leaf { certificate: self.path(&certificate), key: self.path(&key) }
    }

    fn run(&self, command: &mut Command) {
        let output = command.current_dir(&self.folder).output().unwrap_or_else(|error| {
            panic!("openssl, faketime: {error}; apt-get install -y openssl faketime")
        });
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
