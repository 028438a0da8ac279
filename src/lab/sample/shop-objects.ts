import type { ManifestObject } from '../cluster/index.ts';

export const SHOP_NAMESPACE = 'shop';
const PORT = 8080;

/** The default sample: shopper → frontend → cart → payments, spread over the nodes, five orders a second. */
export function shopObjects(): readonly ManifestObject[] {
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: SHOP_NAMESPACE } },
    ...server('frontend', 2, `http://cart:${PORT}/`),
    ...server('cart', 2, `http://payments:${PORT}/`),
    ...server('payments', 1, ''),
    ...workload('shopper', 1, { next: `http://frontend:${PORT}/`, readiness: false }),
  ];
}

function server(name: string, replicas: number, next: string): readonly ManifestObject[] {
  const service: ManifestObject = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: SHOP_NAMESPACE },
    spec: { selector: { app: name }, ports: [{ name: 'http', port: PORT, targetPort: 'http' }] },
  };
  return [service, ...workload(name, replicas, { next, readiness: true })];
}

function workload(
  name: string,
  replicas: number,
  options: { readonly next: string; readonly readiness: boolean },
): readonly ManifestObject[] {
  const metadata = { name, namespace: SHOP_NAMESPACE };
  const container = {
    name,
    image: 'nodemesh/shop',
    args: [name, '--port', String(PORT), '--next', options.next],
    env: [{ name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
    ...(options.readiness
      ? {
          ports: [{ name: 'http', containerPort: PORT }],
          readinessProbe: { httpGet: { path: '/healthz', port: 'http' }, periodSeconds: 2 },
        }
      : {}),
  };
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        replicas,
        selector: { matchLabels: { app: name } },
        template: {
          metadata: { labels: { app: name } },
          spec: { serviceAccountName: name, terminationGracePeriodSeconds: 5, containers: [container] },
        },
      },
    },
  ];
}
