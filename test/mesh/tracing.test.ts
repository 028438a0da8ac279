import { resolve } from 'node:path';
import { after, before, test } from 'tap';
import type { ReceivedSpan } from '../support/otlp/received.ts';
import { type LabUnderTest, startLab } from './support/lab-under-test.ts';
import { namespace, pod, serviceAccount, serviceOf } from './support/objects.ts';
import { until } from './support/world.ts';

// One trace of a request over all that carries it: client's ztunnel, waypoint, its tries, server's ztunnel, server.
const COLLECTOR = '10.96.0.99';
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

const podOf = (namespace: string, name: string, node: string, command: readonly string[]) =>
  pod({ namespace, name, node, serviceAccount: name, command });

const WEB = podOf('shop', 'web', 'node-2', ['node', resolve('test/mesh/programs/flaky-web.ts'), '8080']);
const OBJECTS = [
  namespace('shop', { 'istio.io/dataplane-mode': 'ambient', 'istio.io/use-waypoint': 'waypoint' }),
  namespace('watch', {}),
  ...['client', 'web'].map((name) => serviceAccount('shop', name)),
  serviceAccount('watch', 'collector'),
  podOf('shop', 'client', 'node-1', ['sleep', 'infinity']),
  WEB,
  serviceOf('shop', 'web', [{ name: 'http', port: 8080 }]),
  podOf('watch', 'collector', 'node-1', ['node', resolve('test/support/otlp/receiver-main.ts'), '4317']),
  serviceOf('watch', 'collector', [{ name: 'http', port: 4317 }], { clusterIP: COLLECTOR }),
  {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { namespace: 'shop', name: 'web' },
    spec: {
      parentRefs: [{ group: '', kind: 'Service', name: 'web' }],
      rules: [
        {
          backendRefs: [{ name: 'web', port: 8080 }],
          retry: { attempts: 2, codes: [503], backoff: '10ms' },
        },
      ],
    },
  },
];

let lab: LabUnderTest;
before(async () => {
  lab = await startLab('tracing', OBJECTS, [
    '--trace-sampling',
    '100%',
    '--otlp-endpoint',
    `http://${COLLECTOR}:4317`,
  ]);
  await lab.nodemesh('waypoint', 'apply', '-n', 'shop', '--wait');
  await until('requests go through the waypoint', async () => (await get('/')).includes('traceparent'));
});
after(() => lab.down());

const get = (path: string, ...headers: readonly string[]): Promise<string> =>
  lab.lab('exec', '-n', 'shop', 'client', '--', ...['curl', '-sS', '-m', '5'], ...headers, `web:8080${path}`);

async function spans(): Promise<readonly ReceivedSpan[]> {
  const text = await lab.lab('logs', '-n', 'watch', 'collector');
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .flatMap((line) => (JSON.parse(line) as { readonly span?: ReceivedSpan }).span ?? []);
}

/** The spans of a trace, once there are `count` of them. */
async function traceOf(traceId: string, count: number): Promise<readonly ReceivedSpan[]> {
  let found: readonly ReceivedSpan[] = [];
  await until(`${count} spans of the trace ${traceId}`, async () => {
    found = (await spans()).filter((span) => span.traceId === traceId);
    return found.length >= count;
  });
  return found;
}

const from = (all: readonly ReceivedSpan[], proxy: string, kind: number): readonly ReceivedSpan[] =>
  all
    .filter((span) => span.resource['service.name'] === proxy && span.kind === kind)
    .sort((a, b) => a.startMs - b.startMs);
const SERVER = 2;
const CLIENT = 3;

/** The trace that the server was told of: a body of flaky-web.ts. */
function told(body: string): { readonly traceId: string; readonly spanId: string } {
  const { traceparent } = JSON.parse(body) as { readonly traceparent: string };
  const [, traceId = '', spanId = ''] = traceparent.split('-');
  return { traceId, spanId };
}

test('a request that is tried again is one trace, from the client’s ztunnel to the server', async (t) => {
  const { traceId, spanId } = told(await get('/flaky/one'));
  const all = await traceOf(traceId, 4);
  const [outbound] = from(all, 'nodemesh-ztunnel', CLIENT);
  const [request] = from(all, 'nodemesh-waypoint', SERVER);
  const tries = from(all, 'nodemesh-waypoint', CLIENT);
  t.equal(outbound?.parentId, '', 'it begins in the client’s ztunnel');
  t.equal(outbound?.attributes['nodemesh.source.workload'], 'client');
  t.equal(request?.parentId, outbound?.spanId, 'the request came by that connection');
  t.match(request?.attributes, { 'http.request.method': 'GET', 'http.response.status_code': 200 });
  t.equal(tries.at(-1)?.spanId, spanId, 'the server was told of the last try');
  t.ok(
    tries.every(({ parentId }) => parentId === request?.spanId),
    'tries are below the request',
  );
  t.same(
    tries.map(({ attributes }) => attributes['http.response.status_code']),
    [503, 200],
  );
  t.same(
    tries.map(({ attributes }) => attributes['http.request.resend_count']),
    [undefined, 1],
  );
});

test('a trace of the client’s own goes on, down to the server’s ztunnel', async (t) => {
  // Where connections were kept, the server's ztunnel would have nothing new to tell.
  await lab.lab('delete', 'pod', 'web', '-n', 'shop');
  await lab.apply(WEB);
  let body = '';
  await until('the new pod answers', async () => {
    body = await get(
      '/flaky/two',
      ...['-H', `traceparent: 00-${TRACE}-${SPAN}-01`, '-H', 'tracestate: foo=1'],
    ).catch(() => '');
    return body.includes('traceparent');
  });
  t.equal(told(body).traceId, TRACE);
  t.match(body, /"tracestate":"foo=1"/);
  // Spans of connections are told when these end.
  await lab.lab('delete', 'pod', 'web', '-n', 'shop');
  await until('the span of the connection that a try opened', async () => {
    const all = (await spans()).filter(({ traceId }) => traceId === TRACE);
    const tries = new Set(from(all, 'nodemesh-waypoint', CLIENT).map(({ spanId }) => spanId));
    return from(all, 'nodemesh-ztunnel', SERVER).some(
      ({ parentId, attributes }) =>
        tries.has(parentId) && attributes['nodemesh.destination.workload'] === 'web',
    );
  });
  const all = (await spans()).filter(({ traceId }) => traceId === TRACE);
  const requests = from(all, 'nodemesh-waypoint', SERVER);
  t.ok(requests.every(({ parentId }) => parentId === SPAN));
  const ids = new Set(requests.map(({ spanId }) => spanId));
  t.ok(from(all, 'nodemesh-waypoint', CLIENT).every(({ parentId }) => ids.has(parentId)));
  await lab.apply(WEB);
});

test('without the collector no request fails, and spans that are lost are counted', async (t) => {
  await until('the server is back', async () => (await get('/').catch(() => '')).includes('traceparent'));
  await lab.lab('delete', 'pod', 'collector', '-n', 'watch');
  for (let count = 0; count < 20; count++) t.match(await get('/'), /traceparent/);
  await until('lost spans are counted', async () => {
    const metrics = await lab.nodemesh('admin', 'waypoint/shop/waypoint', '/metrics');
    const failed = /nodemesh_telemetry_exports_total\{signal="spans",outcome="failed"\} (\d+)/.exec(metrics);
    return Number(failed?.[1]) > 0;
  });
  t.match(await get('/'), /traceparent/);
});
