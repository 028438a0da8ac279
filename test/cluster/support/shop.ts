import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Kubectl } from '../../kubernetes/support/kubectl.ts';

/** What runs in namespace `shop`: `cart`, which two nodes have, and `load`, which asks it without a pause. */
export const SHOP = 'shop';

export const STRICT = {
  apiVersion: 'security.istio.io/v1',
  kind: 'PeerAuthentication',
  metadata: { name: 'default', namespace: SHOP },
  spec: { mtls: { mode: 'STRICT' } },
};

/** Ends well if its one request is answered. */
export const ASKS = `const r = await fetch('http://cart'); if (r.status !== 200) process.exit(1)`;

export interface LoadSeen {
  readonly answered: number;
  readonly failed: number;
  /** By reason. */
  readonly errors: Readonly<Record<string, number>>;
  /** Of the one connection that is held from the start: what came back, for how many seconds, and how it is. */
  readonly echoed: number;
  readonly heldFor: number;
  readonly held: string;
}

export async function openShop(kubectl: Kubectl, image: string): Promise<void> {
  const spread = spreadOver('cart');
  const probed = {
    readinessProbe: { httpGet: { port: 8080 }, periodSeconds: 1, failureThreshold: 2 },
    livenessProbe: { tcpSocket: { port: 9090 }, periodSeconds: 1, initialDelaySeconds: 20 },
  };
  const ports = [
    { name: 'http', port: 80, targetPort: 8080 },
    { name: 'echo', port: 9090 },
  ];
  const items = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: SHOP } },
    deployment('cart', { image, replicas: 2, program: 'server', more: probed, spread }),
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: named('cart'),
      spec: { selector: { app: 'cart' }, ports },
    },
  ];
  await kubectl.must(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  await rolledOut(kubectl, 'cart');
  await kubectl.must(
    ['apply', '-f', '-'],
    JSON.stringify(deployment('load', { image, replicas: 1, program: 'load' })),
  );
  await rolledOut(kubectl, 'load');
}

export async function rolledOut(kubectl: Kubectl, name: string): Promise<void> {
  await kubectl.must(['rollout', 'status', `deployment/${name}`, '-n', SHOP, '--timeout=120s']);
}

/** What the load, or another deployment of that program, has seen so far. */
export async function loadSeen(kubectl: Kubectl, name = 'load'): Promise<LoadSeen> {
  const line = await kubectl.must(['logs', '-n', SHOP, `deployment/${name}`, '--tail=1']);
  return JSON.parse(line) as LoadSeen;
}

/** The answer to one request of a pod of the load, and how it ended. */
export async function askCart(kubectl: Kubectl, method = 'GET'): Promise<string> {
  const program = `fetch('http://cart', {method: '${method}'}).then(async (r) => console.log(r.status, await r.text()), (e) => console.log(e.cause?.code))`;
  return (await kubectl.must(['exec', '-n', SHOP, 'deployment/load', '--', 'node', '-e', program])).trim();
}

interface DeploymentWish {
  readonly image: string;
  readonly replicas: number;
  /** Of test/cluster/apps. */
  readonly program: string;
  readonly more?: object;
  readonly spread?: object;
  /** A program that must end well before the container starts. */
  readonly before?: string;
}

/** As many pods of a deployment on each node. */
export function spreadOver(name: string): object {
  return {
    maxSkew: 1,
    topologyKey: 'kubernetes.io/hostname',
    whenUnsatisfiable: 'DoNotSchedule',
    labelSelector: { matchLabels: { app: name } },
  };
}

export function deployment(name: string, wish: DeploymentWish): object {
  const { image, replicas, program, more = {}, spread, before } = wish;
  const container = (which: string, text: string): object => ({
    name: which,
    image,
    imagePullPolicy: 'Never',
    command: ['node', '--input-type=module', '-e', text],
  });
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: named(name),
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          terminationGracePeriodSeconds: 5,
          ...(spread === undefined ? {} : { topologySpreadConstraints: [spread] }),
          ...(before === undefined ? {} : { initContainers: [container('before', before)] }),
          containers: [{ ...container('main', readFileSync(join(APPS, `${program}.mjs`), 'utf8')), ...more }],
        },
      },
    },
  };
}

function named(name: string): object {
  return { name, namespace: SHOP };
}

const APPS = join(import.meta.dirname, '..', 'apps');
