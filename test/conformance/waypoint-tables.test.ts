import { readFileSync } from 'node:fs';
import { test } from 'tap';
import { listTable, statusTable } from '../../src/cli/waypoint/tables.ts';
import { readWaypoints, type WaypointGateway } from '../../src/cli/waypoint/waypoint-gateway.ts';
import type { KubeObject } from '../../src/lab/cluster/objects/index.ts';
import { conformancePath, needsConformanceData } from '../support/conformance.ts';

function golden(file: string): string {
  const text = readFileSync(conformancePath('istio', 'istioctl-waypoint', file), 'utf8');
  // Istio pads the last column too.
  return `${text
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .trimEnd()}\n`;
}

interface Row {
  readonly namespace?: string;
  readonly name?: string;
  readonly traffic?: string;
  readonly revision?: string;
  readonly programmed?: boolean;
  readonly className?: string;
}

/** istioctl says `none` of a Gateway without the label; here it says what then holds, so the rows have one. */
function gateway(row: Row): KubeObject {
  const { traffic = 'none', revision, programmed = true } = row;
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: {
      name: row.name ?? 'waypoint',
      namespace: row.namespace ?? 'default',
      uid: '',
      resourceVersion: '1',
      generation: 1,
      creationTimestamp: '',
      labels: { 'istio.io/waypoint-for': traffic, ...(revision ? { 'istio.io/rev': revision } : {}) },
      annotations: {},
    },
    spec: { gatewayClassName: row.className ?? 'istio-waypoint' },
    status: {
      conditions: [{ type: 'Programmed', status: programmed ? 'True' : 'False', observedGeneration: 1 }],
    },
  };
}

function waypoints(...rows: readonly Row[]): readonly WaypointGateway[] {
  return readWaypoints(rows.map(gateway), []);
}

test('waypoint list has istioctl’s columns', needsConformanceData(), async (t) => {
  t.equal(listTable(waypoints(), false), golden('no-gateway.txt'));
  t.equal(listTable(waypoints({}), false), golden('default-gateway.txt'));
  t.equal(listTable(waypoints({ namespace: 'fake' }, {}), true), golden('all-gateway.txt'));
  const combined = waypoints(
    { namespace: 'default', name: 'waypoint', programmed: false },
    { namespace: 'default', name: 'bookinfo', programmed: false },
    { namespace: 'default', name: 'no-name-convention' },
    { namespace: 'bookinfo', name: 'bookinfo-valid' },
    { namespace: 'bookinfo', name: 'bookinfo-rev', revision: 'rev1' },
    { namespace: 'bookinfo', name: 'bookinfo-traffic-type', traffic: 'all' },
    { namespace: 'bookinfo', name: 'an-ingress', className: 'nginx' },
  );
  t.equal(listTable(combined, true), golden('combined-gateway.txt'));
});

test('waypoint status has istioctl’s columns', needsConformanceData(), async (t) => {
  t.equal(statusTable(waypoints({}), false), golden('waypoint-status-ready.txt'));
  t.equal(statusTable(waypoints({ programmed: false }), false), golden('waypoint-status-notready.txt'));
  const three = ['fake1', 'fake2', 'fake3'].map((namespace) => ({ namespace }));
  t.equal(statusTable(waypoints(...three), true), golden('waypoint-status-all.txt'));
});
