//! Whatever a rule file holds, it is loaded or refused by a line and column, and what was loaded is evaluated.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ms_alerts::AlertManager;

fuzz_target!(|text: &str| {
    match AlertManager::builder().rules_text("fuzzed.yml", text) {
        Ok(builder) => {
            let manager = builder.build().expect("builds");
            let samples = ms_alerts::parse_exposition("up 1\nup{job=\"a\"} 0\n").expect("valid");
            let check = std::pin::pin!(manager.check_samples(&samples));
            // A check is done at the first poll.
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            assert!(check.poll(&mut context).is_ready());
        }
        Err(error) => {
            assert!(!error.problems().is_empty(), "{error}");
            for problem in error.problems() {
                assert!(
                    problem.line() >= 1 && problem.column() >= 1 && !problem.message().is_empty(),
                    "{error}"
                );
            }
        }
    }
});
