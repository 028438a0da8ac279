import { pod } from './lab-fixture.ts';

/**
 * A shop behind a waypoint, with one of each: a service that answers, now and then only when asked again (`web`); one with an
 * endpoint that never answers well and is left out for it (`api`); a client that asks them for ever; and a stranger whose every
 * request is refused by the policy `only-friends`.
 */
export function l7Shop(namespace: string): readonly object[] {
  return [
    {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: {
        name: namespace,
        labels: { 'istio.io/dataplane-mode': 'ambient', 'istio.io/use-waypoint': 'waypoint' },
      },
    },
    ...['client', 'stranger', 'web'].map((name) => ({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name, namespace },
    })),
    ...pods().map((each) => inNamespace(each, namespace)),
    ...['web', 'api'].map((name) => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace },
      spec: { selector: { serves: name }, ports: [{ name: 'http', port: 8080 }] },
    })),
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { name: 'web', namespace },
      spec: {
        parentRefs: [{ group: '', kind: 'Service', name: 'web' }],
        rules: [
          {
            matches: [{ path: { type: 'PathPrefix', value: '/flaky' } }],
            backendRefs: [{ name: 'web', port: 8080 }],
            retry: { attempts: 2, codes: [503], backoff: '10ms' },
          },
          { backendRefs: [{ name: 'web', port: 8080 }] },
        ],
      },
    },
    {
      apiVersion: 'nodemesh.io/v1alpha1',
      kind: 'TrafficPolicy',
      metadata: { name: 'api', namespace },
      spec: {
        targetRefs: [{ group: '', kind: 'Service', name: 'api' }],
        outlierEjection: { consecutive5xxErrors: 3, baseEjectionTime: '60s', maxEjectedPercent: 50 },
      },
    },
    {
      apiVersion: 'security.istio.io/v1',
      kind: 'AuthorizationPolicy',
      metadata: { name: 'only-friends', namespace },
      spec: {
        targetRefs: [{ group: '', kind: 'Service', name: 'web' }],
        action: 'ALLOW',
        rules: [{ from: [{ source: { principals: [`cluster.local/ns/${namespace}/sa/client`] } }] }],
      },
    },
  ];
}

/** Answers the first request of each path below /flaky with 503. No connection is kept, so that each has its span in the trace. */
const FLAKY_WEB = `
const asked = new Set();
require('node:http').createServer((request, response) => {
  const isFirst = !asked.has(request.url);
  asked.add(request.url);
  response.shouldKeepAlive = false;
  response.writeHead(request.url.startsWith('/flaky') && isFirst ? 503 : 200).end('hello');
}).listen(8080, '::')`;
const BROKEN = "require('node:http').createServer((_, r) => r.writeHead(500).end()).listen(8080, '::')";

const pods = (): readonly object[] => [
  pod('client', asks(['web:8080/', 'web:8080/flaky/', 'api:8080/items/']), on('node-1', 'client')),
  pod('stranger', asks(['web:8080/orders/']), on('node-1', 'stranger')),
  labelled(pod('web', ['node', '-e', FLAKY_WEB], on('node-2', 'web')), 'web'),
  labelled(pod('api-good', ['node', '-e', FLAKY_WEB], on('node-2')), 'api'),
  labelled(pod('api-broken', ['node', '-e', BROKEN], on('node-2')), 'api'),
];

/** Asks each of these for ever, some ten times a second, a new connection each time; another path each time where it ends in `/`. */
function asks(targets: readonly string[]): readonly string[] {
  return ['node', '--input-type=module', '-e', ASK.replace('TARGETS', JSON.stringify(targets))];
}

const ASK = `
for (let turn = 0; ; turn++) {
  for (const target of TARGETS)
    await fetch('http://' + target + (target.endsWith('/') ? turn : ''), { headers: { connection: 'close' } }).then((r) => r.text(), () => undefined);
  await new Promise((r) => setTimeout(r, 100));
}`;

function on(nodeName: string, serviceAccountName?: string): object {
  return serviceAccountName === undefined ? { nodeName } : { nodeName, serviceAccountName };
}

interface Manifest {
  readonly metadata: { readonly labels?: Readonly<Record<string, string>> };
}

function labelled(object: object, serves: string): object {
  const { metadata, ...rest } = object as Manifest;
  return { ...rest, metadata: { ...metadata, labels: { ...metadata.labels, serves } } };
}

function inNamespace(object: object, namespace: string): object {
  const { metadata, ...rest } = object as Manifest;
  return { ...rest, metadata: { ...metadata, namespace } };
}
