//! A browser shows the token once, in a form, and a cookie from then on.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use ms_logging::log_event;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tokio::time::Instant;
use uuid::Uuid;

use super::Exposure;
use crate::problem::Problem;

/// Where a browser signs in.
pub(super) const PATH: &str = "/sign-in";
const COOKIE: &str = "medschedule";
const LIFETIME: Duration = Duration::from_secs(12 * 3600);
/// After so many wrong tokens nobody may try for a minute.
const WRONG: u32 = 10;
const PAUSE: Duration = Duration::from_secs(60);
/// Older ones are forgotten first.
const MOST: usize = 1_000;

/// The browsers that have shown the token.
#[derive(Debug, Default)]
pub(super) struct Browsers(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// When each signed in, by the digest of its cookie.
    since: HashMap<[u8; 32], Instant>,
    wrong: u32,
    last_wrong: Option<Instant>,
}

impl Browsers {
    /// Whether the request's cookie is that of a browser that has signed in.
    pub(super) fn know(&self, headers: &HeaderMap) -> bool {
        let Some(digest) = cookie(headers) else { return false };
        self.0.lock().since.get(&digest).is_some_and(|since| since.elapsed() < LIFETIME)
    }

    fn sign_in(&self) -> String {
        let mut bytes = [0; 32];
        // Version 4 has 122 random bits of the system's each.
        for half in bytes.chunks_exact_mut(16) {
            half.copy_from_slice(Uuid::new_v4().as_bytes());
        }
        let mut id = String::new();
        for byte in bytes {
            // Writing to a String cannot fail.
            let _ = write!(id, "{byte:02x}");
        }
        let mut known = self.0.lock();
        known.wrong = 0;
        known.since.retain(|_, since| since.elapsed() < LIFETIME);
        if known.since.len() >= MOST
            && let Some(oldest) =
                known.since.iter().min_by_key(|(_, since)| **since).map(|(digest, _)| *digest)
        {
            known.since.remove(&oldest);
        }
        known.since.insert(Sha256::digest(&id).into(), Instant::now());
        id
    }

    fn sign_out(&self, headers: &HeaderMap) {
        if let Some(digest) = cookie(headers) {
            self.0.lock().since.remove(&digest);
        }
    }

    /// Whether too many wrong tokens came just now.
    fn is_locked(&self) -> bool {
        let mut known = self.0.lock();
        if known.last_wrong.is_some_and(|last| last.elapsed() >= PAUSE) {
            known.wrong = 0;
        }
        known.wrong >= WRONG
    }

    fn count_wrong(&self) {
        let mut known = self.0.lock();
        known.wrong += 1;
        known.last_wrong = Some(Instant::now());
    }
}

/// The digest of the one cookie of ours.
fn cookie(headers: &HeaderMap) -> Option<[u8; 32]> {
    let values = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut ours = values.flat_map(|value| value.split(';')).filter_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == COOKIE).then_some(value)
    });
    let (Some(only), None) = (ours.next(), ours.next()) else { return None };
    Some(Sha256::digest(only).into())
}

/// The routes of signing in and out.
pub(super) fn router(exposure: Exposure) -> Router {
    Router::new()
        .route(PATH, get(async || form(StatusCode::OK, "")).post(sign_in))
        .route("/sign-out", post(sign_out))
        .with_state(Arc::new(exposure))
}

async fn sign_in(State(exposure): State<Arc<Exposure>>, headers: HeaderMap, body: Bytes) -> Response {
    let Some(expected) = &exposure.token else { return Redirect::to("/").into_response() };
    if exposure.browsers.is_locked() {
        let problem =
            Problem::new(StatusCode::TOO_MANY_REQUESTS, "too many wrong tokens; try again in a minute");
        return ([(header::RETRY_AFTER, "60")], problem).into_response();
    }
    let given = form_urlencoded::parse(&body).find(|(name, _)| name == "token");
    let given = given.map(|(_, token)| token.trim().to_owned()).unwrap_or_default();
    let digest: [u8; 32] = Sha256::digest(given).into();
    if !bool::from(digest.ct_eq(expected)) {
        exposure.browsers.count_wrong();
        tracing::warn!("a browser showed a wrong token");
        return form(
            StatusCode::UNAUTHORIZED,
            "<p role=\"alert\">That is not the token. – Anahtar bu değil.</p>",
        );
    }
    let is_https = headers.get(header::ORIGIN).is_some_and(|origin| origin.as_bytes().starts_with(b"https:"));
    let secure = if is_https { "; Secure" } else { "" };
    let id = exposure.browsers.sign_in();
    log_event!("browser_signed_in");
    let seconds = LIFETIME.as_secs();
    let cookie = format!("{COOKIE}={id}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}");
    ([(header::SET_COOKIE, cookie)], Redirect::to("/")).into_response()
}

async fn sign_out(State(exposure): State<Arc<Exposure>>, headers: HeaderMap) -> Response {
    exposure.browsers.sign_out(&headers);
    let cookie = format!("{COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
    ([(header::SET_COOKIE, cookie)], Redirect::to(PATH)).into_response()
}

fn form(status: StatusCode, told: &str) -> Response {
    let page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>MedSchedule: sign in</title>\n\
         <link rel=\"icon\" href=\"data:,\">\n<link rel=\"stylesheet\" href=\"/operations.css\">\n</head>\n<body>\n\
         <main><section><h1>MedSchedule</h1>{told}\n<form method=\"post\" action=\"{PATH}\">\n\
         <label>Token – <span lang=\"tr\">Anahtar</span> <input type=\"password\" name=\"token\" required \
         autocomplete=\"current-password\"></label>\n\
         <button>Sign in – <span lang=\"tr\">Gir</span></button>\n</form></section></main>\n</body>\n</html>\n"
    );
    let policy = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'self'; \
         frame-ancestors 'none'";
    // Without its origin the form would come back from nowhere.
    let headers = [(header::CONTENT_SECURITY_POLICY, policy), (header::REFERRER_POLICY, "same-origin")];
    (status, headers, Html(page)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(cookie: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, cookie.parse().expect("a value"));
        headers
    }

    #[tokio::test(start_paused = true)]
    async fn a_browser_is_known_by_its_cookie_until_it_signs_out_or_twelve_hours_have_passed() {
        let browsers = Browsers::default();
        let (first, second) = (browsers.sign_in(), browsers.sign_in());
        assert!(first.len() == 64 && first != second);
        let mine = with(&format!("a=b; medschedule={first}; c=d"));
        assert!(browsers.know(&mine));
        for stranger in ["", "medschedule=", "medschedule=x", &format!("x{COOKIE}={first}")] {
            assert!(!browsers.know(&with(stranger)), "{stranger}");
        }
        assert!(!browsers.know(&with(&format!("medschedule={first}; medschedule={second}"))), "two are none");
        browsers.sign_out(&mine);
        assert!(!browsers.know(&mine));
        tokio::time::advance(LIFETIME).await;
        assert!(!browsers.know(&with(&format!("medschedule={second}"))));
    }

    #[tokio::test(start_paused = true)]
    async fn ten_wrong_tokens_are_followed_by_a_minute_without() {
        let browsers = Browsers::default();
        for _ in 0..WRONG {
            assert!(!browsers.is_locked());
            browsers.count_wrong();
        }
        assert!(browsers.is_locked());
        tokio::time::advance(PAUSE).await;
        assert!(!browsers.is_locked());
        browsers.count_wrong();
        assert!(!browsers.is_locked(), "the count begins anew");
    }

    #[tokio::test(start_paused = true)]
    async fn the_oldest_of_a_thousand_browsers_is_forgotten() {
        let browsers = Browsers::default();
        let first = with(&format!("medschedule={}", browsers.sign_in()));
        for _ in 0..MOST {
            tokio::time::advance(Duration::from_millis(1)).await;
            browsers.sign_in();
        }
        assert!(!browsers.know(&first));
        assert_eq!(browsers.0.lock().since.len(), MOST);
    }
}
