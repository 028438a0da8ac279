import { readdirSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { type Fields, type Manifest, meta, NAMESPACE, selectorOf } from './manifest.ts';

/** What Prometheus' operator makes of the mesh: whom to scrape, and when to alert. */
export function operatorObjects(): readonly Manifest[] {
  return [
    podMonitor('nodemesh-controller', { matchNames: [NAMESPACE] }, selectorOf('controller')),
    podMonitor('nodemesh-ztunnel', { matchNames: [NAMESPACE] }, selectorOf('ztunnel')),
    podMonitor('nodemesh-waypoint', { any: true }, WAYPOINTS),
    {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PrometheusRule',
      metadata: meta('nodemesh', COMPONENT),
      spec: parse(readFileSync(new URL('prometheus/nodemesh.rules.yaml', SHIPPED), 'utf8')) as Fields,
    },
  ];
}

/** Boards for the sidecar of Grafana that looks for ConfigMaps with its label. */
export function dashboardObjects(): readonly Manifest[] {
  const folder = new URL('grafana/', SHIPPED);
  return readdirSync(folder)
    .sort()
    .map((name) => {
      const { labels, ...metadata } = meta(name.replace(/\.json$/, '-dashboard'), COMPONENT);
      return {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { ...metadata, labels: { ...(labels as Fields), grafana_dashboard: '1' } },
        // On one line: a board has some hundred numbers, and nobody reads it here.
        data: { [name]: JSON.stringify(JSON.parse(readFileSync(new URL(name, folder), 'utf8'))) },
      };
    });
}

function podMonitor(name: string, namespaceSelector: Fields, matchLabels: Fields): Manifest {
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PodMonitor',
    metadata: meta(name, COMPONENT),
    spec: {
      namespaceSelector,
      selector: { matchLabels },
      podMetricsEndpoints: [{ port: 'metrics', path: '/metrics' }],
    },
  };
}

const COMPONENT = 'monitoring';
/** On the pods that the controller deploys for Gateways. */
const WAYPOINTS = { 'gateway.istio.io/managed': 'nodemesh.io-waypoint-controller' };
/** The same whether this runs from source or is built. */
const SHIPPED = new URL('../../../../daemonset/', import.meta.url);
