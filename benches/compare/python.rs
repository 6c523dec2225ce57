//! Peers that live in Python: one process for all questions, each answered with the CPU time it took.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

pub struct Python {
    process: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    packages: &'static str,
    versions: Value,
}

impl Python {
    /// Starts the program, which reads questions a line each and must know `versions`. `packages` is what pip
    /// installs if something is missing.
    pub fn start<A: AsRef<OsStr>>(program: &str, arguments: &[A], packages: &'static str) -> Self {
        let mut process = Command::new("python3")
            .args(["-c", program])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 is needed: apt-get install -y python3 python3-pip");
        let questions = process.stdin.take();
        let answers = BufReader::new(process.stdout.take().expect("piped"));
        let mut python = Self { process, questions, answers, packages, versions: Value::Null };
        python.versions = python.ask("versions").1;
        python
    }

    /// Returns the nanoseconds of CPU time that an answer took, and the answer.
    pub fn ask(&mut self, question: &str) -> (f64, Value) {
        let packages = self.packages;
        let questions = self.questions.as_mut().expect("open until dropped");
        writeln!(questions, "{question}")
            .unwrap_or_else(|error| panic!("python3 does not listen ({error}): pip install {packages}"));
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("python3 answers");
        let answer: Value = serde_json::from_str(&line)
            .unwrap_or_else(|error| panic!("python3 does not answer ({error}): pip install {packages}"));
        (answer["nanoseconds"].as_f64().expect("a number"), answer["answer"].clone())
    }

    /// Returns the name and version of a package.
    pub fn version(&self, package: &str) -> String {
        format!("{package} {}", self.versions[package].as_str().expect("a version"))
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        // Without questions it ends by itself.
        self.questions = None;
        let _ = self.process.wait();
    }
}
