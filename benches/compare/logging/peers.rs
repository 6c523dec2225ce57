//! Other loggers, each with the options that cost it least and lose nothing.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use log4rs::append::rolling_file::RollingFileAppender;
use log4rs::append::rolling_file::policy::compound::CompoundPolicy;
use log4rs::append::rolling_file::policy::compound::roll::fixed_window::FixedWindowRoller;
use log4rs::append::rolling_file::policy::compound::trigger::size::SizeTrigger;
use log4rs::config::{Appender, Config, Root};
use log4rs::encode::json::JsonEncoder;
use slog::Drain as _;
use spdlog::formatter::{Formatter, FullFormatter, JsonFormatter};
use spdlog::sink::{RotatingFileSink, RotationPolicy};
use tracing_appender::non_blocking::NonBlockingBuilder;

use super::subject::{BACKUPS, MAX_BYTES, Running};

pub fn appender(dir: &Path) -> Running {
    let file = tracing_appender::rolling::never(dir, "events.jsonl");
    let (writer, guard) = NonBlockingBuilder::default().lossy(false).finish(file);
    let subscriber = tracing_subscriber::fmt().json().with_writer(writer).finish();
    tracing::subscriber::set_global_default(subscriber).expect("nothing else is installed");
    Running { emit: Box::new(super::subject::emit), finish: Box::new(move || drop(guard)) }
}

/// As `appender`, and rotated.
pub fn logroller(dir: &Path) -> Running {
    use logroller::{LogRollerBuilder, Rotation, RotationSize};

    let file = LogRollerBuilder::new(dir, Path::new("events.jsonl"))
        .rotation(Rotation::SizeBased(RotationSize::Bytes(MAX_BYTES)))
        .max_keep_files(u64::from(BACKUPS))
        // Or files would still be renamed while they are counted.
        .graceful_shutdown(true)
        .build()
        .expect("a file");
    let (writer, guard) = NonBlockingBuilder::default().lossy(false).finish(file);
    let subscriber = tracing_subscriber::fmt().json().with_writer(writer).finish();
    tracing::subscriber::set_global_default(subscriber).expect("nothing else is installed");
    Running { emit: Box::new(super::subject::emit), finish: Box::new(move || drop(guard)) }
}

pub fn logforth(dir: &Path) -> Running {
    use logforth::append::file::FileBuilder;
    use logforth::bridge::log::LogBridge;
    use logforth::layout::JsonLayout;

    let size = NonZeroUsize::new(MAX_BYTES as usize).expect("more than none");
    let file = FileBuilder::new(dir, "events")
        .filename_suffix("jsonl")
        .rollover_size(size)
        .max_log_files(NonZeroUsize::new(BACKUPS as usize).expect("more than none"))
        .layout(JsonLayout::default())
        .build()
        .expect("a file");
    let logger = logforth::core::builder().dispatch(|dispatch| dispatch.append(file)).build();
    log::set_boxed_logger(Box::new(LogBridge::new(logger))).expect("nothing else is installed");
    log::set_max_level(log::LevelFilter::Info);
    Running { emit: Box::new(emit_log), finish: Box::new(|| log::logger().flush()) }
}

pub fn slog(path: &Path) -> Running {
    let file = std::io::BufWriter::with_capacity(64 * 1024, std::fs::File::create(path).expect("a file"));
    let json = slog_json::Json::new(file).add_default_keys().build().fuse();
    let (drain, guard) = slog_async::Async::new(json)
        .chan_size(8192)
        .overflow_strategy(slog_async::OverflowStrategy::Block)
        .build_with_guard();
    let logger = slog::Logger::root(drain.fuse(), slog::o!());
    let held = logger.clone();
    let emit = move |events| {
        for id in 0..events {
            slog::info!(logger, "shift planned";
                "shift" => id, "department" => "Acil Servis", "hours" => 8.5, "night" => false, "attempt" => 1);
        }
    };
    let finish = move || {
        drop(held);
        drop(guard);
    };
    Running { emit: Box::new(emit), finish: Box::new(finish) }
}

pub fn spdlog_json(path: PathBuf) -> Running {
    spdlog(path, JsonFormatter::new())
}

pub fn spdlog_text(path: PathBuf) -> Running {
    spdlog(path, FullFormatter::new())
}

fn spdlog(path: PathBuf, formatter: impl Formatter + 'static) -> Running {
    let sink = RotatingFileSink::builder()
        .base_path(path)
        .rotation_policy(RotationPolicy::FileSize(MAX_BYTES))
        .max_files(BACKUPS as usize)
        .formatter(formatter)
        .build_arc()
        .expect("a sink");
    let logger = spdlog::Logger::builder().sink(sink).build_arc().expect("a logger");
    let ended = logger.clone();
    let emit = move |events| {
        for id in 0..events {
            spdlog::info!(logger: logger, "shift planned", kv: {
                shift = id, department = "Acil Servis", hours = 8.5, night = false, attempt = 1
            });
        }
    };
    Running { emit: Box::new(emit), finish: Box::new(move || ended.flush()) }
}

pub fn flexi(dir: &Path) -> Running {
    use flexi_logger::{Cleanup, Criterion, FileSpec, Logger, Naming, WriteMode};

    let handle = Logger::with(log::LevelFilter::Info)
        .log_to_file(FileSpec::default().directory(dir).basename("events").suffix("jsonl"))
        .format(flexi_logger::json_format)
        .rotate(Criterion::Size(MAX_BYTES), Naming::Numbers, Cleanup::KeepLogFiles(BACKUPS as usize))
        .write_mode(WriteMode::BufferDontFlush)
        .start()
        .expect("nothing else is installed");
    Running { emit: Box::new(emit_log), finish: Box::new(move || handle.shutdown()) }
}

pub fn log4rs(dir: &Path) -> Running {
    let backups = dir.join("events.{}.jsonl");
    let roller = FixedWindowRoller::builder().build(backups.to_str().expect("UTF-8"), BACKUPS);
    let policy = CompoundPolicy::new(
        Box::new(SizeTrigger::new(MAX_BYTES)),
        Box::new(roller.expect("a pattern of backups")),
    );
    let appender = RollingFileAppender::builder()
        .encoder(Box::new(JsonEncoder::new()))
        .build(dir.join("events.jsonl"), Box::new(policy))
        .expect("a file");
    let config = Config::builder().appender(Appender::builder().build("file", Box::new(appender)));
    let config = config.build(Root::builder().appender("file").build(log::LevelFilter::Info));
    log4rs::init_config(config.expect("a configuration")).expect("nothing else is installed");
    Running { emit: Box::new(emit_log), finish: Box::new(|| log::logger().flush()) }
}

fn emit_log(events: u64) {
    for id in 0..events {
        log::info!(
            shift = id,
            department = "Acil Servis",
            hours = 8.5,
            night = false,
            attempt = 1;
            "shift planned"
        );
    }
}
