//! The whole of a service with the five crates: read it from `run` on as the guide to your own.

use std::error::Error;
use std::io::IsTerminal;
use std::net::SocketAddr;
use std::pin::pin;
use std::process::ExitCode;
use std::time::Duration;

use axum::Router;
use medschedule::cache::Cache;
use medschedule::chain::Chain;
use medschedule::config::{Command, Config};
use medschedule::doctor::{self, Verdict};
use medschedule::exposure::Exposure;
use medschedule::greeting::greet;
use medschedule::load;
use medschedule::seed::seed;
use medschedule::serve::serve;
use medschedule::service::Service;
use medschedule::store::Store;
use medschedule::{RULES, asking::asking, catalog, reload, routes, web};
use ms_alerts::{AlertHandle, AlertManager, WebhookSink, exposition, log_sink};
use ms_health::{HealthCheck, SystemCheck};
use ms_logging::{Logging, log_event};
use ms_metrics::Metrics;
use tokio::net::TcpListener;
use tokio::runtime::Handle;

type Failure = Box<dyn Error + Send + Sync>;

/// How long running requests may take after the last one was accepted; then sinks and log have as long again.
const LIMIT: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    let config = Config::load();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(error.into()),
    };
    let ended = match &config.command {
        Some(Command::Doctor) => runtime.block_on(examine(&config)),
        Some(Command::Load(options)) => {
            let sent = runtime.block_on(load::command(&config, options, &mut std::io::stdout()));
            sent.map(|()| ExitCode::SUCCESS).map_err(Into::into)
        }
        None => runtime.block_on(run(config)).map(|()| ExitCode::SUCCESS),
    };
    // A check that hangs on its thread must not keep the process from ending.
    runtime.shutdown_timeout(Duration::from_secs(1));
    ended.unwrap_or_else(fail)
}

async fn examine(config: &Config) -> Result<ExitCode, Failure> {
    let findings = doctor::examine(config).await;
    let mut terminal = std::io::stdout();
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    doctor::print(&findings, terminal.is_terminal() && !plain, &mut terminal)?;
    let works = findings.iter().all(|finding| finding.verdict != Verdict::Bad);
    Ok(if works { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn run(config: Config) -> Result<(), Failure> {
    let token = config.token()?;
    config.check_servers()?;
    config.make_data_dir()?;
    let listener = TcpListener::bind(config.listen)
        .await
        .map_err(|error| format!("--listen {}: {error}", config.listen))?;
    let log = Logging::builder().file(config.log_file()).console(false).env()?.install()?;
    let store = match &config.database_url {
        Some(url) => Store::postgres(url).await?,
        None => Store::sqlite(&config.database_file()).await?,
    };
    let cache = config.redis_url.as_ref().map_or_else(|| Ok(Cache::memory()), Cache::redis)?;

    let metrics = Metrics::builder().catalog(catalog::OBSERVED).system().process();
    let metrics = metrics.runtime(Handle::current()).install()?;
    store.departments().await?.iter().for_each(|known| metrics.business().shifts_scheduled(known, 0));
    let service = Service::new(store.clone(), cache.clone(), metrics.business(), &config.data_dir);
    tokio::spawn(service.sessions().clone().expire());
    let mut health = HealthCheck::builder()
        .system(SystemCheck::new())
        .critical(
            "database",
            asking(store.clone(), |store| async move { store.ping().await.map_err(Chain::from) }),
        )
        .check("cache", asking(cache.clone(), |cache| async move { cache.ping().await.map_err(Chain::from) }))
        .poll_interval(Duration::from_secs(15))
        .startup_gate()
        .kubernetes_paths()
        .status_page()
        .drain_period(config.drain);
    // Behind `web::protect`, which looks at the Host. What a token guards, it guards from neighbours on this machine too.
    health = match &token {
        Some(token) => health.token(token.expose()),
        None => health.details_on_loopback(true),
    };
    let health = health.build()?;
    let alerts = alerts(&config, metrics.clone())?;
    reload::on_hangup(alerts.clone())?;

    let app: Router = routes(&service, &metrics, &health, &alerts)
        .route_layer(metrics.endpoint_latency_layer())
        .merge(metrics.router())
        .merge(health.router())
        .merge(alerts.router());
    // Without a token nobody may change levels.
    let app = match &token {
        Some(token) => app.route_service("/log/levels", log.levels().service("/log/levels", token.expose())?),
        None => app,
    };
    let app = web::protect(app, &service, Exposure::new(&config.allow_hosts, token.as_ref()));
    // The metrics last, so that 404s and templates are seen.
    let app = web::traced(app.layer(log.http_layer().trace_id_in_response()))
        .layer(metrics.http_layer().exemplars());

    let address = listener.local_addr()?;
    // From here on a signal is an end in order, and probes are answered; a long seed must not look like a hang.
    let mut serving = pin!(serve(listener, app, health.shutdown(), LIMIT));
    let all_answered = tokio::select! {
        ended = &mut serving => ended,
        started = start(&config, &service, &health, address) => {
            started?;
            serving.await
        }
    };
    if !all_answered {
        tracing::warn!("requests were cut off");
    }
    let undelivered = alerts.shutdown(LIMIT).await.undelivered;
    service.close().await;
    log_event!("service_stopped", undelivered_alerts = undelivered);
    let lost = log.shutdown(LIMIT).abandoned;
    if lost > 0 {
        eprintln!("medschedule: the last {lost} log lines could not be written");
    }
    Ok(())
}

async fn start(
    config: &Config,
    service: &Service,
    health: &HealthCheck,
    address: SocketAddr,
) -> Result<(), Failure> {
    if let Some(file) = &config.seed {
        seed(service, file, &mut std::io::stdout()).await?;
    }
    log_event!("service_started", address = address.to_string(), database = service.database());
    health.mark_started();
    greet(config, service, address);
    Ok(())
}

fn alerts(config: &Config, metrics: Metrics) -> Result<AlertHandle, Failure> {
    let rules = match &config.rules {
        Some(pattern) => AlertManager::builder().rules_files(pattern)?,
        None => AlertManager::builder().rules_text("alerts.yml", RULES)?,
    };
    let mut rules = rules.source(exposition(move || metrics.render())).sink(log_sink());
    if let Some(url) = &config.webhook {
        rules = rules.sink(WebhookSink::internal(url.expose())?);
    }
    Ok(rules.spawn()?)
}

fn fail(error: Failure) -> ExitCode {
    eprintln!("medschedule: {}", Chain(error));
    ExitCode::FAILURE
}
