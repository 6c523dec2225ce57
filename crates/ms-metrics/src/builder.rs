//! How everything is put together.

mod checked;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;
#[cfg(feature = "otlp")]
use std::time::SystemTime;

use crate::business::BusinessMetrics;
use crate::catalog::{Catalog, Metric, MetricError};
use crate::collect::{Collectors, Threads};
use crate::error::{BuildError, InstallError};
use crate::exposition::Format;
#[cfg(feature = "http")]
use crate::http::{EndpointLatencyLayer, HttpLayers, HttpMetricsLayer, LatencyRoutes};
#[cfg(feature = "native-histograms")]
use crate::native::NativeBuckets;
use crate::recorder::MetricsRecorder;
use crate::registry::Registry;
#[cfg(feature = "scrape")]
use crate::scrape::Pages;

/// The metrics of a service; made by [`Metrics::builder`]. Clones share their numbers.
#[derive(Clone)]
pub struct Metrics(Arc<Shared>);

struct Shared {
    registry: Arc<Registry>,
    catalog: Catalog,
    business: BusinessMetrics,
    /// Since when counters count.
    #[cfg(feature = "otlp")]
    started: SystemTime,
    #[cfg(feature = "http")]
    series_cap: usize,
    #[cfg(feature = "http")]
    layers: HttpLayers,
    #[cfg(feature = "http")]
    latencies: Arc<LatencyRoutes>,
    #[cfg(feature = "scrape")]
    pages: Arc<Pages>,
    /// They end with the last clone.
    _threads: Threads,
}

impl Metrics {
    /// Starts with the defaults.
    pub fn builder() -> MetricsBuilder {
        MetricsBuilder::default()
    }

    /// Renders all metrics as Prometheus text 0.0.4, in the order of their names.
    pub fn render(&self) -> String {
        self.0.registry.render(Format::Text)
    }

    /// Renders all metrics as OpenMetrics 1.0, with units and exemplars, in the order of their names.
    pub fn render_openmetrics(&self) -> String {
        self.0.registry.render(Format::OpenMetrics)
    }

    #[cfg(feature = "scrape")]
    pub(crate) fn pages(&self) -> &Arc<Pages> {
        &self.0.pages
    }

    /// Gives the recorder for the `metrics` facade.
    pub fn recorder(&self) -> MetricsRecorder {
        MetricsRecorder(Arc::clone(&self.0.registry))
    }

    /// Gives the declared metrics: ours, and those given to [`MetricsBuilder::catalog`].
    pub fn catalog(&self) -> &Catalog {
        &self.0.catalog
    }

    pub(crate) fn registry(&self) -> &Arc<Registry> {
        &self.0.registry
    }

    #[cfg(feature = "otlp")]
    pub(crate) fn started(&self) -> SystemTime {
        self.0.started
    }

    /// Gives the handles of the business metrics.
    pub fn business(&self) -> BusinessMetrics {
        self.0.business.clone()
    }

    /// Makes the layer that counts and times requests; apply it last.
    #[cfg(feature = "http")]
    pub fn http_layer(&self) -> HttpMetricsLayer {
        HttpMetricsLayer::new(Arc::clone(&self.0.registry), self.0.series_cap, self.0.layers.clone())
    }

    /// Makes the layer that times handlers, for `Router::route_layer`.
    #[cfg(feature = "http")]
    pub fn endpoint_latency_layer(&self) -> EndpointLatencyLayer {
        EndpointLatencyLayer::new(Arc::clone(&self.0.latencies))
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

/// Configures [`Metrics`].
///
/// | option | default |
/// |---|---|
/// | [`buckets`](Self::buckets) | 1 ms to 10 s for the catalog's own histograms; others are summaries |
/// | [`catalog`](Self::catalog) | our own metrics |
/// | [`series_cap`](Self::series_cap) | 1,000 |
/// | [`idle_timeout`](Self::idle_timeout) | series stay for good |
/// | [`allowed_values`](Self::allowed_values) | any |
/// | [`departments`](Self::departments) | none |
/// | [`collector`](Self::collector), [`try_collector`](Self::try_collector) | none |
/// | `system` | no |
/// | `system_interval` | 15 s |
/// | `process` | no |
/// | `runtime` | none |
#[derive(Clone, Debug)]
#[must_use = "nothing is measured until `build` or `install`"]
pub struct MetricsBuilder {
    declared: Vec<Metric>,
    buckets: Vec<(String, Vec<f64>)>,
    #[cfg(feature = "native-histograms")]
    native: Vec<(String, NativeBuckets)>,
    series_cap: usize,
    idle_timeout: Option<Duration>,
    departments: Vec<String>,
    allowed: Vec<(String, String, Vec<String>)>,
    pub(crate) collectors: Collectors,
}

impl Default for MetricsBuilder {
    fn default() -> Self {
        Self {
            declared: Vec::new(),
            buckets: Vec::new(),
            #[cfg(feature = "native-histograms")]
            native: Vec::new(),
            series_cap: 1000,
            idle_timeout: None,
            departments: Vec::new(),
            allowed: Vec::new(),
            collectors: Collectors::default(),
        }
    }
}

impl MetricsBuilder {
    /// Declares metrics of the team's own, beside ours; called again it adds to them.
    ///
    /// Their names are reserved for them, they have help, unit and buckets whoever registers them, and
    /// [`Metrics::counter`], [`gauge`](Metrics::gauge) and [`histogram`](Metrics::histogram) give their handles. A counter
    /// whose name does not end in `_total` costs a warning.
    ///
    /// ```
    /// use ms_metrics::{Metric, Metrics};
    ///
    /// const SWAPS: Metric = Metric::counter("shift_swaps_total", "Shifts swapped.").labels(&["department"]);
    ///
    /// let metrics = Metrics::builder().catalog([SWAPS]).build()?;
    /// metrics.counter(&SWAPS, &["Dahiliye"]).increment(1);
    /// # Ok::<(), ms_metrics::BuildError>(())
    /// ```
    pub fn catalog(mut self, metrics: impl IntoIterator<Item = Metric>) -> Self {
        self.declared.extend(metrics);
        self
    }

    /// Makes the histogram `name` one with these upper bounds, finite and rising, in its own unit; an infinite one is
    /// always added. Histograms without are summaries: quantiles over the last minute, which cannot be added up
    /// over instances.
    pub fn buckets(mut self, name: impl Into<String>, bounds: &[f64]) -> Self {
        self.buckets.push((name.into(), bounds.to_vec()));
        self
    }

    /// Makes the histogram `name` a native one: its buckets follow the values, and `histogram_quantile` is as exact as
    /// they are fine, whatever the range. [Declared bounds](Self::buckets) stay beside them, for the formats that have no
    /// place for native ones.
    ///
    /// Prometheus reads them as protocol buffers, with `--enable-feature=native-histograms`. A value takes a lock.
    ///
    /// ```
    /// use ms_metrics::{Metrics, NativeBuckets};
    ///
    /// let metrics = Metrics::builder().native_histogram("job_seconds", NativeBuckets::default()).build()?;
    /// metrics::with_local_recorder(&metrics.recorder(), || metrics::histogram!("job_seconds").record(0.25));
    /// assert!(metrics.render().contains("job_seconds_bucket{le=\"+Inf\"} 1"));
    /// # Ok::<(), ms_metrics::BuildError>(())
    /// ```
    #[cfg(feature = "native-histograms")]
    pub fn native_histogram(mut self, name: impl Into<String>, buckets: NativeBuckets) -> Self {
        self.native.push((name.into(), buckets));
        self
    }

    /// Bounds the series of each metric: at most `series` in all, of which the last stands for every further one, its label
    /// values `__other__`. A series without labels always finds room. Default 1,000; 0 is taken as 1.
    pub fn series_cap(mut self, series: usize) -> Self {
        self.series_cap = series;
        self
    }

    /// Lets a series leave the page once it was idle for `timeout`, at least a second: nobody looked it up, and nobody
    /// outside has its handle. Default never.
    ///
    /// The total of a counter, and counts and sum of a histogram or summary, move to the series `__other__`, so that the
    /// sum over all series stays the number of calls; `rate` sees a jump there. A gauge just goes. Used again, a series
    /// begins at 0, as after a restart. Series without labels, and those that the HTTP layers have met, stay.
    ///
    /// Idle series are looked for when somebody reads or registers, so it may take half as long again. No sample costs
    /// more for it.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = Some(timeout);
        self
    }

    /// Lets a label of a metric take these values alone, whoever registers it; any other, and an absent one, is counted as
    /// `__other__` and in `ms_metrics_label_overflow_total`. Called again it allows more. Default any.
    ///
    /// ```
    /// let builder = ms_metrics::Metrics::builder().allowed_values("visits_total", "ward", &["A", "B"]);
    /// let metrics = builder.build()?;
    /// metrics::with_local_recorder(&metrics.recorder(), || {
    ///     metrics::counter!("visits_total", "ward" => "C", "kind" => "x").increment(1);
    /// });
    /// assert!(metrics.render().contains("visits_total{ward=\"__other__\",kind=\"x\"} 1"));
    /// # Ok::<(), ms_metrics::BuildError>(())
    /// ```
    pub fn allowed_values(
        mut self,
        metric: impl Into<String>,
        label: impl Into<String>,
        values: &[impl AsRef<str>],
    ) -> Self {
        let values = values.iter().map(|value| value.as_ref().to_owned()).collect();
        self.allowed.push((metric.into(), label.into(), values));
        self
    }

    /// Declares the departments of `scheduled_shifts_total`: they are on the page from the start, at 0, and all others
    /// are counted together under `__other__`. Default none: whichever come, up to the series cap. One without a name is
    /// among the others.
    pub fn departments(mut self, departments: &[impl AsRef<str>]) -> Self {
        self.departments.extend(departments.iter().map(|department| department.as_ref().to_owned()));
        self
    }

    /// Makes the metrics without a global recorder.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if bounds, a declared metric or the name of a collector are not what they should be, or no thread
    /// can be had.
    pub fn build(self) -> Result<Metrics, BuildError> {
        #[cfg(feature = "otlp")]
        let started = SystemTime::now();
        let wrong =
            |(metric, source): (Metric, MetricError)| BuildError::Metric { metric: metric.name, source };
        let catalog = Catalog::new(self.declared).map_err(wrong)?;
        let buckets = checked::buckets(&catalog, &self.buckets)?;
        #[cfg(feature = "native-histograms")]
        let buckets = checked::with_native(&catalog, buckets, &self.native)?;
        let allowed = checked::allowed_values(self.allowed, &self.departments)?;
        let registry = Arc::new(
            Registry::new(self.series_cap, self.idle_timeout, &catalog, buckets, allowed).map_err(wrong)?,
        );
        let business = BusinessMetrics::new(Arc::clone(&registry), &self.departments);
        let threads = self.collectors.start(&registry)?;
        Ok(Metrics(Arc::new(Shared {
            #[cfg(feature = "http")]
            series_cap: self.series_cap,
            #[cfg(feature = "http")]
            layers: HttpLayers::default(),
            #[cfg(feature = "http")]
            latencies: Arc::new(LatencyRoutes::new(Arc::clone(&registry), self.series_cap)),
            #[cfg(feature = "scrape")]
            pages: Arc::new(Pages::new(Arc::clone(&registry))),
            _threads: threads,
            #[cfg(feature = "otlp")]
            started,
            registry,
            catalog,
            business,
        })))
    }

    /// Makes the metrics and their recorder the global one, for [`metrics::counter!`] and its kin everywhere.
    ///
    /// # Errors
    ///
    /// [`InstallError::Installed`] if there is a global recorder already: it stays, and nothing of this one is left behind.
    pub fn install(self) -> Result<Metrics, InstallError> {
        let metrics = self.build()?;
        metrics::set_global_recorder(metrics.recorder()).map_err(|_| InstallError::Installed)?;
        Ok(metrics)
    }
}
