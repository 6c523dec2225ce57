//! The status page in a real Chromium. The pictures in docs/images are those it leaves in the folder for tests of the
//! target directory.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use http::{Request, header};
use http_body_util::BodyExt as _;
use ms_health::{Check, Endpoint, Finding, HealthCheck, PeerAddr, Probe, Status};
use tower::ServiceExt as _;

use crate::server::serve;

/// Fails as it is told: 0 works, 1 is limited, 2 does not work.
#[derive(Clone, Default)]
struct Switch(Arc<AtomicU8>);

impl Switch {
    fn set(&self, state: u8) {
        self.0.store(state, Ordering::Relaxed);
    }
}

impl Probe for Switch {
    async fn probe(&self) -> Finding {
        match self.0.load(Ordering::Relaxed) {
            0 => Finding::healthy().reading("pool_idle", 7.0),
            1 => Finding::degraded("the replica is 41 s behind"),
            _ => Finding::unhealthy("Connection refused (os error 111)"),
        }
    }
}

struct Scene {
    health: HealthCheck,
    database: Switch,
    cache: Switch,
}

impl Scene {
    fn new() -> Self {
        let (database, cache) = (Switch::default(), Switch::default());
        let check = Check::of("database", database.clone()).critical().description("PostgreSQL, the roster");
        let health = HealthCheck::builder()
            .add(check)
            .add(Check::of("cache", cache.clone()))
            .add(Check::new("a-very-long-name-of-a-check-that-nobody-would-ever-abbreviate", || async {
                Ok::<_, String>(())
            }))
            .status_page()
            .details_on_loopback(true);
        Self { health: health.build().unwrap(), database, cache }
    }

    /// An hour with a bad spell in it, on a paused clock.
    async fn an_hour(&self) {
        for minute in 0..60 {
            self.cache.set(if (20..26).contains(&minute) { 2 } else { 0 });
            self.database.set(if (23..25).contains(&minute) { 1 } else { 0 });
            self.health.report().await;
            tokio::time::advance(Duration::from_secs(60)).await;
        }
    }

    async fn page(&self, language: &str) -> String {
        let mut request = Request::get("/").header(header::ACCEPT_LANGUAGE, language).body(()).unwrap();
        request.extensions_mut().insert(PeerAddr(SocketAddr::from((Ipv4Addr::LOCALHOST, 9))));
        let answer = self.health.endpoint(Endpoint::Status).oneshot(request).await.unwrap();
        String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
    }
}

/// Runs the browser; gives what it printed to the terminal, and the lines of the page's console.
fn chromium(arguments: &[&str]) -> (String, Vec<String>) {
    let home = tempfile::tempdir().unwrap();
    let mut chromium = Command::new("chromium");
    chromium.args([
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-dev-shm-usage",
    ]);
    chromium.args(["--disable-background-networking", "--disable-component-update", "--disable-sync"]);
    chromium.args(["--hide-scrollbars", "--timeout=20000", "--enable-logging=stderr", "--log-level=0"]);
    chromium
        .arg(format!("--user-data-dir={}", home.path().join("profile").display()))
        .env("HOME", home.path());
    let ended = chromium.args(arguments).output();
    let ended = ended.expect("chromium: apt-get install -y chromium, or run `.ci/test`");
    let errors = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(ended.status.success(), "{errors}");
    let console = errors.lines().filter(|line| line.contains("CONSOLE")).map(str::to_owned).collect();
    (String::from_utf8_lossy(&ended.stdout).into_owned(), console)
}

fn picture(name: &str, html: &str, width: u16, height: u16) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (page, image) = (folder.join(format!("{name}.html")), folder.join(format!("{name}.png")));
    std::fs::write(&page, html).unwrap();
    let _ = std::fs::remove_file(&image);
    let shot = format!("--screenshot={}", image.display());
    let (_, console) = chromium(&[&shot, &format!("--window-size={width},{height}"), &url(&page)]);
    assert_eq!(console, [] as [&str; 0], "{name}");
    let image = std::fs::read(image).unwrap();
    assert!(image.starts_with(b"\x89PNG") && image.len() > 5_000, "{name}: {} bytes", image.len());
}

fn url(file: &Path) -> String {
    format!("file://{}", PathBuf::from(file).display())
}

/// How much wider the page in the frame is than the frame.
const HIDDEN: &str = "const page = frames[0].document.documentElement;
        document.title = 'hidden ' + (page.scrollWidth - page.clientWidth)";
/// What colour its ground has.
const COLOUR: &str = "document.title = frames[0].getComputedStyle(frames[0].document.body).backgroundColor";

/// The page in a frame as wide as a telephone, and what is measured there.
fn in_a_frame(page: &str, measure: &str) -> String {
    let page = page.replace('&', "&amp;").replace('"', "&quot;");
    format!(
        "<body style=\"margin:0\"><iframe width=360 height=820 style=\"border:0\" srcdoc=\"{page}\" onload=\"{measure}\"></iframe>"
    )
}

#[tokio::test(start_paused = true)]
async fn healthy_degraded_down_and_on_a_telephone() {
    let scene = Scene::new();
    scene.an_hour().await;
    let healthy = scene.page("en").await;
    assert!(healthy.contains("<span class=\"status healthy\">healthy</span>"), "{healthy}");
    for bad_spell in ["class=\"unhealthy\" x=\"19\" width=\"6\"", "class=\"degraded\" x=\"22\" width=\"2\""] {
        assert!(healthy.contains(bad_spell), "{bad_spell}: {healthy}");
    }
    picture("health-healthy", &healthy, 760, 760);

    scene.cache.set(2);
    tokio::time::advance(Duration::from_secs(2)).await;
    assert_eq!(scene.health.report().await.status(), Status::Degraded);
    picture("health-degraded", &scene.page("en").await, 760, 760);

    scene.database.set(2);
    tokio::time::advance(Duration::from_secs(2)).await;
    assert_eq!(scene.health.report().await.status(), Status::Unhealthy);
    let down = scene.page("tr").await;
    assert!(down.contains("arızalı") && down.contains("Connection refused"), "{down}");
    picture("health-down", &down, 760, 800);

    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("health-colours.html");
    std::fs::write(&file, in_a_frame(&down, COLOUR)).unwrap();
    let ground = |scheme: &str| {
        chromium(&[&format!("--blink-settings=preferredColorScheme={scheme}"), "--dump-dom", &url(&file)]).0
    };
    assert!(ground("1").contains("<title>rgb(246, 247, 249)</title>"), "light");
    assert!(ground("0").contains("<title>rgb(17, 22, 27)</title>"), "dark");

    let narrow = in_a_frame(&down, HIDDEN);
    picture("health-narrow", &narrow, 500, 820);
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("health-narrow.html");
    let (dom, _) = chromium(&["--dump-dom", &url(&file)]);
    assert!(dom.contains("<title>hidden 0</title>"), "nothing is out of sight: {dom}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_keeps_to_its_own_policy_over_a_real_socket() {
    let scene = Scene::new();
    scene.database.set(2);
    let server = serve(scene.health.router()).await;
    let address = format!("http://{server}/health/status");
    let asked = tokio::task::spawn_blocking(move || chromium(&["--dump-dom", &address]));
    let (dom, console) = asked.await.unwrap();
    assert!(dom.contains("Connection refused") && dom.contains("database"), "{dom}");
    // A page that answers 503 is one line of the console; what its policy blocked would be another.
    let blocked: Vec<_> = console.iter().filter(|line| !line.contains("503")).collect();
    assert_eq!(blocked, [] as [&String; 0]);
}
