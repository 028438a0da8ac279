import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { openAuthority } from '../../../src/identity/index.ts';
import { namespace } from '../../mesh/support/objects.ts';
import { httpRoute, type KubeObject, service } from '../../waypoint-mesh/support/objects.ts';
import { CLIENTS, SHOP } from '../../waypoint-mesh/support/waypoint-world.ts';

/** A service whose waypoint is not there. */
export const lostService: KubeObject = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace: SHOP, name: 'nowhere', labels: { 'istio.io/use-waypoint': 'missing' } },
  spec: { selector: { app: 'server' }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
};

export const notUnderstoodPolicy: KubeObject = {
  apiVersion: 'security.istio.io/v1',
  kind: 'AuthorizationPolicy',
  metadata: { namespace: 'monitoring', name: 'odd' },
  spec: { selector: { matchLabels: { app: 'nobody' } }, action: 'MAYBE', rules: [{}] },
};

/** A service whose requests the waypoint answers itself: nobody else has work with them. */
export const ELSEWHERE = `elsewhere.${SHOP}.svc.cluster.local`;
export const elsewhere: readonly KubeObject[] = [
  service(SHOP, 'elsewhere', { app: 'server' }),
  httpRoute(SHOP, 'elsewhere', 'elsewhere', {
    filters: [
      { type: 'RequestRedirect', requestRedirect: { hostname: 'elsewhere.example', statusCode: 302 } },
    ],
  }),
];

/** Its pod, which is not in the mesh, listens where a ztunnel would have to. */
export const CROWDED = 'crowded';
export const crowdedObjects: readonly KubeObject[] = [
  namespace(CROWDED),
  podOf(CROWDED, 'squatter', { command: ['node', '-e', 'require("node:net").createServer().listen(15008)'] }),
];

/** Requests to the service at a steady rate, for as long as the lab is up. */
export function trafficPod(host: string): KubeObject {
  const program = resolve('test/waypoint-mesh/programs/load/steady-load.ts');
  return podOf(CLIENTS, 'traffic', {
    // The program goes on for as long as its input does.
    command: ['sh', '-c', `sleep infinity | exec node ${program} ${host} 80 20`],
    serviceAccount: 'client',
  });
}

/** Controllers, as pods beside the lab's own, whose roots are about to expire. */
export interface OldControllers {
  readonly objects: readonly KubeObject[];
  /** Their pods' names begin so. */
  readonly prefix: string;
  remove(): Promise<void>;
}

export async function prepareOldControllers(daysLeft: readonly number[]): Promise<OldControllers> {
  const folder = mkdtempSync(join(tmpdir(), 'nodemesh-authorities-'));
  const prefix = 'root-';
  writeFileSync(join(folder, 'jwks.json'), '{"keys":[]}');
  const objects: KubeObject[] = [];
  for (const days of daysLeft) {
    const name = `${prefix}${String(days).replace('.', '-')}`;
    const [manifests, authorityFolder] = [join(folder, `objects-${days}`), join(folder, `ca-${days}`)];
    mkdirSync(manifests);
    const authority = await openAuthority({
      directory: authorityFolder,
      trustDomain: 'cluster.local',
      rootLifetimeMs: days * DAY_MS,
    });
    await authority.close();
    const command = [
      ...['node', resolve('bin/nodemesh.js'), 'controller'],
      ...['--manifests', manifests, '--ca-dir', authorityFolder, '--jwks-file', join(folder, 'jwks.json')],
      ...['--listen', '127.0.0.1:15012', '--admin', '0.0.0.0:15014'],
    ];
    objects.push(podOf('monitoring', name, { command, node: 'node-2' }));
  }
  return { objects, prefix, remove: () => rm(folder, { recursive: true, force: true }) };
}

function podOf(
  within: string,
  name: string,
  options: {
    readonly command: readonly string[];
    readonly node?: string;
    readonly serviceAccount?: string;
  },
): KubeObject {
  const { command, node = 'node-1', serviceAccount = 'default' } = options;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: within, name, labels: { app: name } },
    spec: {
      nodeName: node,
      serviceAccountName: serviceAccount,
      terminationGracePeriodSeconds: 2,
      containers: [{ name: 'main', command }],
    },
  };
}

const DAY_MS = 86_400_000;
