//! Signatures in the manner of [Standard Webhooks]: over id, time and body, so that none can be sent again with another.
//!
//! [Standard Webhooks]: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, InvalidHeaderValue};
use ring::hmac;

use super::WebhookError;

const PREFIX: &str = "whsec_";

/// Signs requests; its key is shown to nobody.
pub(super) struct Signer(hmac::Key);

impl Signer {
    pub(super) fn new(secret: &str) -> Result<Self, WebhookError> {
        let key = secret.strip_prefix(PREFIX).and_then(|key| STANDARD.decode(key).ok());
        let key = key.filter(|key| (24..=64).contains(&key.len())).ok_or(WebhookError::Secret)?;
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &key)))
    }

    /// Gives the headers of a request that is sent at `now`.
    pub(super) fn headers(
        &self,
        id: &str,
        now: Timestamp,
        body: &[u8],
    ) -> Result<HeaderMap, InvalidHeaderValue> {
        let time = now.as_second().to_string();
        let values = [("webhook-signature", self.sign(id, &time, body)), ("webhook-timestamp", time)];
        let mut headers = HeaderMap::with_capacity(3);
        headers.insert(HeaderName::from_static("webhook-id"), HeaderValue::from_str(id)?);
        for (name, value) in values {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_str(&value)?);
        }
        Ok(headers)
    }

    fn sign(&self, id: &str, time: &str, body: &[u8]) -> String {
        let mut context = hmac::Context::with_key(&self.0);
        [id.as_bytes(), b".", time.as_bytes(), b".", body].into_iter().for_each(|part| context.update(part));
        format!("v1,{}", STANDARD.encode(context.sign()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_standard_webhooks() {
        // The example of the project's own libraries.
        let signer = Signer::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let now = Timestamp::from_second(1_614_265_330).unwrap();
        let headers =
            signer.headers("msg_p5jXN8AQM9LWM0D4loKWxJek", now, br#"{"test": 2432232314}"#).unwrap();
        assert_eq!(headers["webhook-signature"], "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(headers["webhook-timestamp"], "1614265330");
        assert_eq!(headers["webhook-id"], "msg_p5jXN8AQM9LWM0D4loKWxJek");
    }

    #[test]
    fn a_secret_that_is_none_is_refused() {
        let short = format!("whsec_{}", STANDARD.encode([7; 23]));
        let long = format!("whsec_{}", STANDARD.encode([7; 65]));
        for secret in ["", "whsec_", "S3CR3T", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_%%%", &short, &long]
        {
            assert_eq!(Signer::new(secret).err(), Some(WebhookError::Secret), "{secret}");
        }
    }
}
