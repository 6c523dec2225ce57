//! Whatever a template holds, it is refused or filled in, and never without a bound.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ms_alerts::{AlertManager, AlertRule, above};

fuzz_target!(|text: &str| {
    let manager = AlertManager::new();
    if manager.add_rule(AlertRule::new("up", above(), 0.0).annotation("text", text)).is_err() {
        return;
    }
    let samples = ms_alerts::parse_exposition("up{a=\"b:80\"} 1.5\n").expect("valid");
    let mut check = std::pin::pin!(manager.check_samples(&samples));
    // A check is done at the first poll.
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let std::task::Poll::Ready(fired) = check.as_mut().poll(&mut context) else { panic!("it waits") };
    let text = fired.first().and_then(|alert| alert.annotations.get("text")).unwrap_or_default();
    assert!(text.len() <= 65 * 1024);
});
