import type { Explanation } from '../../../../src/cli/explain/explanation.ts';
import { explain } from '../../../../src/cli/explain/explain.ts';
import { type AskedRequest, PLAIN_REQUEST } from '../../../../src/cli/explain/request/asked-request.ts';
import { createWorld, type ManifestLike, type World } from '../../../../src/cli/world/index.ts';

export const AMBIENT = { 'istio.io/dataplane-mode': 'ambient' };

export function object(
  apiVersion: string,
  kind: string,
  metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: object;
    readonly annotations?: object;
  },
  rest: object = {},
): ManifestLike {
  return { apiVersion, kind, metadata, ...rest } as ManifestLike;
}

export function namespace(name: string, labels: object = AMBIENT): ManifestLike {
  return object('v1', 'Namespace', { name, labels });
}

/** A Deployment with a service account of its own name. */
export function deployment(name: string, inNamespace = 'shop', labels: object = {}): ManifestLike {
  return object(
    'apps/v1',
    'Deployment',
    { name, namespace: inNamespace },
    {
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: name } },
        template: {
          metadata: { labels: { app: name, ...labels } },
          spec: {
            serviceAccountName: name,
            containers: [{ name, ports: [{ name: 'http', containerPort: 8080 }] }],
          },
        },
      },
    },
  );
}

export function service(
  name: string,
  labels: object = {},
  inNamespace = 'shop',
  spec: object = {},
): ManifestLike {
  const ports = [{ name: 'http', port: 80, targetPort: 8080 }];
  return object(
    'v1',
    'Service',
    { name, namespace: inNamespace, labels },
    { spec: { selector: { app: name }, ports, ...spec } },
  );
}

export function policy(
  name: string,
  spec: object,
  inNamespace = 'shop',
  annotations: object = {},
): ManifestLike {
  return object(
    'security.istio.io/v1',
    'AuthorizationPolicy',
    { name, namespace: inNamespace, annotations },
    { spec },
  );
}

export const WAYPOINT = object(
  'gateway.networking.k8s.io/v1',
  'Gateway',
  { name: 'waypoint', namespace: 'shop' },
  {
    spec: {
      gatewayClassName: 'nodemesh-waypoint',
      listeners: [{ name: 'mesh', port: 15008, protocol: 'HBONE' }],
    },
  },
);

export const BOUND = { 'istio.io/use-waypoint': 'waypoint' };

export function targetRef(name: string): object {
  return { targetRefs: [{ group: '', kind: 'Service', name }] };
}

/** cart, payments and shopper in `shop`; stranger in `edge`, which is not enrolled. */
export function shop(...more: readonly ManifestLike[]): readonly ManifestLike[] {
  const base = [
    namespace('shop'),
    namespace('edge', {}),
    deployment('shopper'),
    deployment('cart'),
    deployment('payments'),
    deployment('stranger', 'edge'),
    service('payments'),
    service('cart'),
  ];
  const replaced = new Set(more.map(keyOf));
  return [...base.filter((one) => !replaced.has(keyOf(one))), ...more];
}

export function worldOf(...more: readonly ManifestLike[]): World {
  return createWorld({ objects: shop(...more), imagine: true });
}

/** Asks a world; the request is a GET of `/` unless told otherwise. */
export function ask(
  world: World,
  source: string,
  destination: string,
  request: Partial<AskedRequest> = {},
): Promise<Explanation> {
  return explain(world, {
    source,
    destination,
    namespace: 'shop',
    request: { ...PLAIN_REQUEST, ...request },
  });
}

function keyOf({ kind, metadata }: ManifestLike): string {
  return `${kind} ${metadata.namespace ?? ''}/${metadata.name}`;
}
