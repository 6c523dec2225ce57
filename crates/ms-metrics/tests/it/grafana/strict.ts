// What a generated dashboard may hold: Grafana's published types, and those of its panels where they leave a field open.
import type { AnnotationQuery, Dashboard, DataQuery, FieldConfig, Panel, RowPanel } from '@grafana/schema';
import type * as heatmap from '@grafana/schema/dist/esm/raw/composable/heatmap/panelcfg/x/HeatmapPanelCfg_types.gen';
import type * as timeseries from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

// JSON has no enums: their values are written.
type Json<T> = T extends string ? `${T}` : T extends object ? { [K in keyof T]: Json<T[K]> } : T;

// The package has no types of the Prometheus data source; these are what its query and its annotations are made of.
interface PrometheusQuery extends DataQuery {
  refId: string;
  expr: string;
  legendFormat?: string;
  format?: 'time_series' | 'table' | 'heatmap';
  range?: boolean;
  exemplar?: boolean;
}
interface PrometheusAnnotation extends AnnotationQuery<PrometheusQuery> {
  titleFormat: string;
  textFormat: string;
  tagKeys: string;
}

interface Typed<Type extends string, Options, Custom>
  extends Omit<Panel, 'type' | 'options' | 'fieldConfig' | 'targets'> {
  type: Type;
  title: string;
  options: Options;
  fieldConfig: { defaults: Omit<FieldConfig, 'custom'> & { custom?: Custom }; overrides: [] };
  targets: PrometheusQuery[];
}
type AnyPanel =
  | Typed<'timeseries', timeseries.Options, timeseries.FieldConfig>
  | Typed<'heatmap', heatmap.Options, heatmap.FieldConfig>
  | RowPanel;

export type Strict = Json<
  Omit<Dashboard, 'panels' | 'annotations'> & { panels: AnyPanel[]; annotations: { list: PrometheusAnnotation[] } }
>;
export type Published = Json<Dashboard>;
