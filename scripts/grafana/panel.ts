/** One picture of a board: what it shows, and the queries (PromQL) with the text of their legends. */
export interface PanelSpec {
  readonly title: string;
  /** A sentence under the question mark of its title. */
  readonly description: string;
  readonly kind: 'timeseries' | 'stat' | 'table';
  /** Grafana's name of a unit: `reqps`, `Bps`, `ms`, `s`, `percentunit`, `short`. */
  readonly unit: string;
  readonly queries: readonly (readonly [expression: string, legend: string])[];
  /** Of 24 columns. Default 8. */
  readonly width?: number;
}

export interface BoardSpec {
  /** Also its file's name. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly rows: readonly { readonly title: string; readonly panels: readonly PanelSpec[] }[];
  /** Names of variables with the query that lists their values; each also has `.*`, "All". */
  readonly variables: Readonly<Record<string, string>>;
}

/** What Grafana 10 and later import. */
export function boardOf(spec: BoardSpec): object {
  const panels: object[] = [];
  let y = 0;
  let id = 0;
  for (const row of spec.rows) {
    panels.push({
      id: ++id,
      type: 'row',
      title: row.title,
      collapsed: false,
      gridPos: { x: 0, y, w: 24, h: 1 },
    });
    y += 1;
    let x = 0;
    for (const panel of row.panels) {
      const width = panel.width ?? 8;
      if (x + width > 24) {
        x = 0;
        y += PANEL_HEIGHT;
      }
      panels.push(panelOf(panel, ++id, { x, y, w: width, h: PANEL_HEIGHT }));
      x += width;
    }
    y += PANEL_HEIGHT;
  }
  return {
    uid: spec.uid,
    title: spec.title,
    description: spec.description,
    tags: ['nodemesh'],
    schemaVersion: 39,
    editable: true,
    graphTooltip: 1,
    refresh: '10s',
    time: { from: 'now-30m', to: 'now' },
    templating: {
      list: [
        { name: 'datasource', type: 'datasource', query: 'prometheus', label: 'Prometheus' },
        ...Object.entries(spec.variables).map(([name, query]) => ({
          name,
          type: 'query',
          label: name,
          datasource: DATASOURCE,
          query: { query, refId: name },
          refresh: 2,
          includeAll: true,
          multi: true,
          allValue: '.*',
          current: { text: 'All', value: '$__all' },
        })),
      ],
    },
    panels,
  };
}

function panelOf(
  { title, description, kind, unit, queries }: PanelSpec,
  id: number,
  gridPos: object,
): object {
  return {
    id,
    type: kind,
    title,
    description,
    gridPos,
    datasource: DATASOURCE,
    fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
    ...(kind === 'timeseries'
      ? {
          options: {
            legend: { displayMode: 'list', placement: 'bottom' },
            tooltip: { mode: 'multi', sort: 'desc' },
          },
        }
      : {}),
    targets: queries.map(([expr, legendFormat], index) => ({
      refId: String.fromCharCode(65 + index),
      datasource: DATASOURCE,
      expr,
      legendFormat,
      ...(kind === 'timeseries' ? {} : { instant: true }),
      ...(kind === 'table' ? { format: 'table' } : {}),
    })),
  };
}

const DATASOURCE = { type: 'prometheus', uid: '$datasource' };
const PANEL_HEIGHT = 8;
