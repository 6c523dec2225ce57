//! A headless Chromium, driven by the DevTools protocol over its pipe: JSON messages that end with a NUL.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::process::{Process, program};
use super::wait::{PATIENCE, eventually};

/// A browser with one page.
pub struct Browser {
    commands: File,
    messages: Receiver<Value>,
    session: Option<String>,
    last: u64,
    /// Errors and warnings of the page's console and whatever its policy blocked.
    pub console: Vec<String>,
    _process: Process,
    _directory: TempDir,
}

impl Browser {
    pub fn start() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = |name: &str| directory.path().join(name);
        let made = Command::new("mkfifo").args([path("commands"), path("messages")]).status();
        assert!(made.expect("mkfifo, of coreutils").success());
        // The pipe is descriptors 3 and 4, which only a shell sets without unsafe code.
        let mut chromium = Command::new("sh");
        chromium.args(["-c", "exec \"$@\" 3<commands 4>messages", "sh"]).arg(program("chromium", "chromium"));
        chromium.args([
            "--headless",
            "--remote-debugging-pipe",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
        ]);
        chromium.args(["--no-first-run", "--disable-background-networking", "--disable-component-update"]);
        chromium.args(["--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars", "--log-level=3"]);
        chromium.arg("--user-data-dir=profile").current_dir(directory.path()).env("HOME", directory.path());
        let process = Process::start(&mut chromium, &path("terminal"));
        // Either end of a pipe opens once the other does; reading as well as writing, this one does at once.
        let open = |name: &str| OpenOptions::new().read(true).write(true).open(path(name)).expect("a pipe");
        let (commands, read) = (open("commands"), open("messages"));
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            for message in BufReader::new(read).split(0) {
                let message = message.ok().and_then(|message| serde_json::from_slice(&message).ok());
                if message.is_none_or(|message| sender.send(message).is_err()) {
                    return;
                }
            }
        });
        let mut browser = Self {
            commands,
            messages,
            session: None,
            last: 0,
            console: Vec::new(),
            _process: process,
            _directory: directory,
        };
        let target = browser.call("Target.createTarget", json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let session = browser.call("Target.attachToTarget", attach);
        browser.session = session["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        browser.size(1280, 1600);
        browser
    }

    /// Sends a command and waits for its answer.
    pub fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.last += 1;
        let mut command = json!({ "id": self.last, "method": method, "params": parameters });
        if let Some(session) = &self.session {
            command["sessionId"] = json!(session);
        }
        let mut text = command.to_string().into_bytes();
        text.push(0);
        self.commands.write_all(&text).expect("chromium reads");
        let begun = Instant::now();
        loop {
            let message = self.receive(begun, method);
            if message["id"] == self.last {
                assert!(message["error"].is_null(), "{method}: {message}");
                return message["result"].clone();
            }
        }
    }

    fn receive(&mut self, begun: Instant, what: &str) -> Value {
        let left = PATIENCE.saturating_sub(begun.elapsed());
        let message = self.messages.recv_timeout(left).unwrap_or_else(|error| panic!("{what}: {error}"));
        self.note(&message);
        message
    }

    fn note(&mut self, message: &Value) {
        let parameters = &message["params"];
        let told = match message["method"].as_str() {
            Some("Runtime.consoleAPICalled") => {
                matches!(parameters["type"].as_str(), Some("error" | "warning"))
            }
            Some("Runtime.exceptionThrown") => true,
            Some("Log.entryAdded") => parameters["entry"]["level"] != "verbose",
            _ => false,
        };
        if told {
            self.console.push(parameters.to_string());
        }
    }

    /// Goes to a page and waits until it is loaded.
    pub fn open(&mut self, url: &str) {
        let begun = Instant::now();
        let gone = self.call("Page.navigate", json!({ "url": url }));
        assert!(gone["errorText"].is_null(), "{url}: {gone}");
        while self.receive(begun, url)["method"] != "Page.loadEventFired" {}
    }

    /// What an expression gives in the page; a promise is waited for.
    pub fn evaluate(&mut self, expression: &str) -> Value {
        let parameters = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let answer = self.call("Runtime.evaluate", parameters);
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {answer}");
        answer["result"]["value"].clone()
    }

    /// Waits until an expression is true.
    pub fn until(&mut self, expression: &str) {
        // A page that is being left has no answer.
        let guarded = format!("Boolean({expression})");
        eventually(expression, || {
            let parameters = json!({ "expression": guarded, "returnByValue": true });
            (self.call("Runtime.evaluate", parameters)["result"]["value"] == true).then_some(())
        });
    }

    /// The text that a reader sees.
    pub fn text(&mut self) -> String {
        self.evaluate("document.body.innerText").as_str().expect("text").to_owned()
    }

    pub fn size(&mut self, width: u32, height: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", size);
    }

    /// `light` or `dark`.
    pub fn theme(&mut self, name: &str) {
        let feature = json!({ "features": [{ "name": "prefers-color-scheme", "value": name }] });
        self.call("Emulation.setEmulatedMedia", feature);
    }

    pub fn language(&mut self, accept: &str) {
        self.call("Network.setExtraHTTPHeaders", json!({ "headers": { "Accept-Language": accept } }));
    }

    pub fn scripts(&mut self, run: bool) {
        self.call("Emulation.setScriptExecutionDisabled", json!({ "value": !run }));
    }

    /// Presses a key as a person does.
    pub fn press(&mut self, key: &str) {
        for kind in ["rawKeyDown", "keyUp"] {
            let code = if key == "Tab" { 9 } else { 13 };
            let event = json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code });
            self.call("Input.dispatchKeyEvent", event);
        }
    }

    /// A picture of the whole page; kept where `PAGE_IMAGES` names a directory, to be looked at.
    pub fn picture(&mut self, name: &str) -> Vec<u8> {
        let answer = self.call("Page.captureScreenshot", json!({ "captureBeyondViewport": true }));
        let data = answer["data"].as_str().expect("a picture");
        let picture = STANDARD.decode(data).expect("Base64");
        if let Some(directory) = std::env::var_os("PAGE_IMAGES") {
            std::fs::write(Path::new(&directory).join(format!("{name}.png")), &picture).expect("written");
        }
        picture
    }
}
