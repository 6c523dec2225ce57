//! The metrics of another service, read over HTTP.

use reqwest::{Client, Url};
use tokio::runtime::Handle;

use super::source::{Read, Reading, Source};
use crate::delivery::{WebhookError, client};

/// More than any service has to say.
const MOST_READ: usize = 64 << 20;

/// Reads the page of metrics at a URL, as a Prometheus server scrapes it: text format 0.0.4, of up to 64 MiB and within
/// 10 s.
///
/// Beside its samples there is `up{instance="host:port"}`, which is 1. While the page cannot be had or read it is 0, and the
/// series of the page have gone; a rule of a file that reads them may fire then, but resolves nothing until they are back. Redirects are not followed, and the proxy variables of the environment are
/// ignored; addresses of one's own network and machine are called, link-local ones are not.
///
/// ```
/// use ms_alerts::{AlertManager, scrape};
///
/// let alerts = AlertManager::builder().source(scrape("http://127.0.0.1:9100/metrics")?);
/// # Ok::<(), ms_alerts::WebhookError>(())
/// ```
///
/// # Errors
///
/// [`WebhookError`]: the URL is none of HTTP, its host is an address that may not be called, or the machine has no usable
/// certificates.
pub fn scrape(url: &str) -> Result<Source, WebhookError> {
    let url = client::parse(url)?;
    let client = client::new(&url, true, &[])?;
    let host = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default().unwrap_or(0);
    let instance = format!("{host}:{port}");
    Ok(Source::new(instance.clone(), Page { client, url, instance }))
}

struct Page {
    client: Client,
    url: Url,
    /// Path and query may hold a secret; this is all that is told.
    instance: String,
}

impl Page {
    async fn fetch(&self) -> Result<String, String> {
        let request = self.client.get(self.url.clone()).header("Accept", "text/plain;version=0.0.4");
        let mut answer = request.send().await.map_err(|error| client::reason(&error))?;
        if !answer.status().is_success() {
            return Err(format!("HTTP {}", answer.status().as_u16()));
        }
        let mut page = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(|error| client::reason(&error))? {
            if page.len() + part.len() > MOST_READ {
                return Err("the page is longer than 64 MiB".to_owned());
            }
            page.extend_from_slice(&part);
        }
        String::from_utf8(page).map_err(|_| "the page is not UTF-8".to_owned())
    }
}

impl Read for Page {
    fn read(&self) -> Result<Box<dyn Reading>, String> {
        // Sources are read on a thread for blocking work.
        let runtime = Handle::try_current().map_err(|_| "there is no runtime".to_owned())?;
        Ok(Box::new(runtime.block_on(self.fetch())?))
    }

    fn instance(&self) -> Option<&str> {
        Some(&self.instance)
    }
}
