import { resolve } from 'node:path';
import { after, before, test } from 'tap';
import type { ReceivedSpan } from '../support/otlp/received.ts';
import { type LabUnderTest, startLab } from './support/lab-under-test.ts';
import { pod, serviceOf } from './support/objects.ts';
import { until } from './support/world.ts';

// Telemetry objects decide for one namespace, while it serves, over what flags and MeshConfig say.
const COLLECTOR = '10.96.0.98';
const NAMESPACES = ['loud', 'quiet'] as const;
type Named = (typeof NAMESPACES)[number];

const podOf = (namespace: string, name: string, node: string, command: readonly string[]) =>
  pod({ namespace, name, node, serviceAccount: name, command });
const web = ['node', resolve('test/mesh/programs/flaky-web.ts'), '8080'];
const OBJECTS = [
  ...NAMESPACES.flatMap((namespace) => [
    {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: namespace, labels: { 'istio.io/dataplane-mode': 'ambient' } },
    },
    podOf(namespace, 'client', 'node-1', ['sleep', 'infinity']),
    podOf(namespace, 'web', 'node-2', web),
    serviceOf(namespace, 'web', [{ name: 'http', port: 8080 }]),
  ]),
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'watch' } },
  podOf('watch', 'collector', 'node-1', ['node', resolve('test/support/otlp/receiver-main.ts'), '4317']),
  serviceOf('watch', 'collector', [{ name: 'http', port: 4317 }], { clusterIP: COLLECTOR }),
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace: 'istio-system', name: 'istio' },
    data: {
      mesh: `accessLogFile: ""
extensionProviders:
- name: otel
  opentelemetry: {service: collector.watch.svc.cluster.local, port: 4317}
- name: lines
  envoyFileAccessLog:
    path: /dev/stdout
    logFormat: {text: "own-format %REQ(:METHOD)% %RESPONSE_CODE% %UPSTREAM_CLUSTER%\\n"}
`,
    },
  },
];
const telemetry = (namespace: Named, name: string, spec: object) => ({
  apiVersion: 'telemetry.istio.io/v1',
  kind: 'Telemetry',
  metadata: { namespace, name },
  spec,
});

let lab: LabUnderTest;
before(async () => {
  lab = await startLab('telemetry', OBJECTS, ['--trace-sampling', '0']);
  for (const namespace of NAMESPACES)
    await until(`${namespace} is served`, async () => (await get(namespace).catch(() => '')) !== '');
});
after(() => lab.down());

const get = (namespace: Named): Promise<string> =>
  lab.lab('exec', '-n', namespace, 'client', '--', ...['curl', '-sSf', '-m', '5', 'web:8080/']);

async function accessLines(): Promise<readonly string[]> {
  const logs = await Promise.all(['node-1', 'node-2'].map((node) => lab.lab('logs', `ztunnel/${node}`)));
  return logs.flatMap((log) => log.split('\n')).filter((line) => line.includes('\taccess\t'));
}

async function spans(): Promise<readonly ReceivedSpan[]> {
  const text = await lab.lab('logs', '-n', 'watch', 'collector');
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .flatMap((line) => (JSON.parse(line) as { readonly span?: ReceivedSpan }).span ?? []);
}

/** Requests of both namespaces, one after the other, until `holds`; a failed one fails the test. */
async function servingUntil(what: string, holds: () => Promise<boolean>): Promise<void> {
  await until(what, async () => {
    for (const namespace of NAMESPACES) await get(namespace);
    return holds();
  });
}

test('a Telemetry turns access logs and traces on, for its namespace alone, while that serves', async (t) => {
  t.same(await accessLines(), [], 'MeshConfig says that there are none');
  await lab.apply(
    telemetry('loud', 'default', {
      accessLogging: [
        { providers: [{ name: 'envoy' }], filter: { expression: "connection.direction == 'outbound'" } },
      ],
      tracing: [
        {
          providers: [{ name: 'otel' }],
          randomSamplingPercentage: 100,
          customTags: { team: { literal: { value: 'red' } } },
        },
      ],
    }),
  );
  await servingUntil('its connections are told', async () => (await accessLines()).length > 2);
  const lines = await accessLines();
  t.ok(
    lines.every((line) => line.includes('src.namespace=loud')),
    'nobody else’s',
  );
  t.ok(
    lines.every((line) => line.includes('direction=outbound')),
    'what the filter wants',
  );
  await servingUntil('its spans arrive', async () => (await spans()).length > 2);
  for (const { attributes } of await spans()) {
    t.equal(attributes['nodemesh.source.namespace'], 'loud');
    t.equal(attributes.team, 'red');
  }
  const object = await lab.lab('get', 'telemetry', '-n', 'loud', '-o', 'json');
  t.match(object, /"type": "Accepted"/);
  t.match(object, /"reason": "Accepted"/);
});

test('a waypoint of the namespace follows it too, in a format of its own, and as a Service says', async (t) => {
  await lab.nodemesh('waypoint', 'apply', '-n', 'loud', '--enroll-namespace', '--wait');
  await lab.apply(telemetry('loud', 'default', { accessLogging: [{ providers: [{ name: 'lines' }] }] }));
  const pods = async (): Promise<readonly string[]> =>
    (await lab.lab('get', 'pods', '-n', 'loud')).match(/^waypoint-\S+/gm) ?? [];
  const told = async (): Promise<readonly string[]> => {
    const logs = await Promise.all((await pods()).map((name) => lab.lab('logs', '-n', 'loud', name)));
    return logs.flatMap((log) => log.split('\n')).filter((line) => line.startsWith('own-format'));
  };
  await servingUntil('lines in the format', async () => (await told()).length > 0);
  t.equal((await told())[0], 'own-format GET 200 web.loud.svc.cluster.local');

  await lab.apply(
    telemetry('loud', 'web', {
      targetRefs: [{ group: '', kind: 'Service', name: 'web' }],
      accessLogging: [{ disabled: true }],
    }),
  );
  await servingUntil('the Service is silent', async () => {
    const before = (await told()).length;
    for (let count = 0; count < 3; count++) await get('loud');
    return (await told()).length === before;
  });
  t.pass();
});

test('without the object the mesh’s word holds again', async (t) => {
  await lab.lab('delete', 'telemetry', 'default', '-n', 'loud');
  await servingUntil('no lines any more', async () => {
    const before = (await accessLines()).length;
    for (let count = 0; count < 3; count++) await get('loud');
    return (await accessLines()).length === before;
  });
  t.pass();
});
