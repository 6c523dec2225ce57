//! The whole of a service with the five crates: read it from `run` on as the guide to your own.

use std::process::ExitCode;
use std::time::Duration;

use axum::Router;
use medschedule::audit::Audit;
use medschedule::cache::Cache;
use medschedule::chain::Chain;
use medschedule::config::Config;
use medschedule::exposure::Exposure;
use medschedule::page::EVENTS;
use medschedule::serve::serve;
use medschedule::service::Service;
use medschedule::starting::start;
use medschedule::store::Store;
use medschedule::{Failure, alerting, catalog, commands, reload, routes, web};
use ms_alerts::{AlertHandle, exposition};
use ms_health::{Check, HealthCheck, Shutdown, SystemCheck};
use ms_logging::{Logging, log_event};
use ms_metrics::Metrics;
use tokio::net::TcpListener;
use tokio::runtime::{Handle, Runtime};

/// How long running requests may take after the last one was accepted; then sinks and log have as long again.
const LIMIT: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    let config = Config::load();
    let ended = Runtime::new().map_err(Failure::from).and_then(|runtime| {
        let ended = runtime.block_on(async {
            match &config.command {
                Some(command) => commands::run(command, &config).await,
                None => run(&config).await.map(|()| ExitCode::SUCCESS),
            }
        });
        // A check that hangs on its thread must not keep the process from ending.
        runtime.shutdown_timeout(Duration::from_secs(1));
        ended
    });
    ended.unwrap_or_else(|error| {
        eprintln!("medschedule: {}", Chain(error));
        ExitCode::FAILURE
    })
}

async fn run(config: &Config) -> Result<(), Failure> {
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
    let audit = Audit::open(&config.log_directory())?;
    let service =
        Service::new(store.clone(), cache.clone(), metrics.business(), &config.data_dir).audited(audit);
    tokio::spawn(service.sessions().clone().expire());
    let mut health = HealthCheck::builder()
        .system(SystemCheck::new())
        .add(Check::of("database", store.clone()).critical())
        .add(Check::of("cache", cache.clone()))
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
    let alerts = alerts(config, metrics.clone())?;
    reload::on_hangup(alerts.clone())?;

    // Without a token nobody may change levels, nor silence alerts.
    let levels = token.as_ref().map(|_| log.levels());
    let app: Router = routes(&service, &metrics, &health, &alerts, levels)
        .route_layer(metrics.endpoint_latency_layer())
        .merge(metrics.router())
        .merge(health.router())
        .merge(alerts.router());
    let app = match &token {
        Some(token) => app
            .route_service("/log/levels", log.levels().service("/log/levels", token.expose())?)
            .merge(alerts.silences_router()),
        None => app,
    };
    let app = web::protect(app, &service, Exposure::new(&config.allow_hosts, token.as_ref()));
    // The metrics last, so that 404s and templates are seen.
    let app = web::traced(app.layer(log.http_layer().trace_id_in_response()))
        .layer(metrics.http_layer().exemplars().exclude([EVENTS]));

    let address = listener.local_addr()?;
    let ended = Shutdown::new(&health)
        .requests(LIMIT)
        .step("alerts", LIMIT * 2, async move {
            let undelivered = alerts.shutdown(LIMIT).await.undelivered;
            log_event!("alerts_stopped", undelivered = undelivered);
        })
        .step("database", LIMIT, async move { store.close().await })
        // From here on a signal is an end in order, and probes are answered; a long seed must not look like a hang. `start`
        // opens the startup gate behind it, by `health.mark_started()`.
        .serve(async |signal| {
            tokio::select! {
                () = serve(listener, app, signal) => Ok(()),
                Err(failure) = start(config, &service, &health, address) => Err(failure),
            }
        })
        .await;
    log_event!("service_stopped", unfinished = ended.unfinished.len());
    // Last, since a log that is closed takes no line about its own end.
    let lost = log.shutdown(LIMIT).abandoned;
    if lost > 0 {
        eprintln!("medschedule: the last {lost} log lines could not be written");
    }
    ended.server.unwrap_or(Ok(()))
}

fn alerts(config: &Config, metrics: Metrics) -> Result<AlertHandle, Failure> {
    let builder = alerting::builder(config)?.journal(config.data_dir.join("alerts.journal"));
    Ok(builder.source(exposition(move || metrics.render())).spawn()?)
}
