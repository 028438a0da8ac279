import { readFileSync } from 'node:fs';
import { test } from 'tap';
import { createMeshView, workloadIdentity } from '../../src/model/index.ts';
import { beginRecord } from '../../src/proxy/index.ts';
import { configDump } from '../../src/ztunnel/admin/index.ts';
import {
  ip,
  makePolicy,
  makeService,
  makeWorkload,
  policyOf,
  serving,
  uid,
  vip,
} from '../model/mesh-fixtures.ts';
import { conformancePath, needsConformanceData } from '../support/conformance.ts';
import { createRecorder } from './support/recorder.ts';
import { DEFAULT_MODES } from './support/pod-of.ts';

/** The dump shows nothing of it. */
const RECORD = beginRecord(createRecorder(), () => 0, {
  direction: 'inbound',
  protocol: 'HBONE',
  source: { address: ip('10.233.97.150'), port: 35_078 },
});

interface Dump {
  readonly workloads: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly services: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly policies: readonly Readonly<Record<string, unknown>>[];
  readonly workloadState: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** What istioctl's own sample says of these objects, rebuilt from our model. */
test('the dump has the shape of the one that istioctl reads', needsConformanceData(), (t) => {
  const sample = JSON.parse(
    readFileSync(conformancePath('istio/ztunnel-config-dump/dump.json'), 'utf8'),
  ) as Dump;
  const view = createMeshView();
  const ratings = makeWorkload({
    uid: uid('Kubernetes//Pod/bookinfo/ratings-v1-6484c4d9bb-mdxm5'),
    name: 'ratings-v1-6484c4d9bb-mdxm5',
    namespace: 'bookinfo',
    addresses: [ip('10.244.2.54')],
    network: 'network1',
    tunnelProtocol: 'hbone',
    nativeTunnel: true,
    serviceAccount: 'bookinfo-ratings',
    workloadName: 'ratings-v1',
    canonicalName: 'ratings',
    canonicalRevision: 'v1',
    node: 'ambient-worker2',
    locality: { region: '', zone: '', subzone: '' },
    waypoint: { kind: 'address', network: '', address: ip('10.96.65.117'), hboneMtlsPort: 15_008 },
  });
  const service = makeService({
    name: 'gateway-api-admission-server',
    namespace: 'gateway-system',
    addresses: [vip('10.96.115.16')],
    ports: [{ servicePort: 443, targetPort: 8443, appProtocol: 'unknown' }],
  });
  const admission = serving(
    makeWorkload({
      name: 'gateway-api-admission-server-85985d48ff-5jcvd',
      namespace: 'gateway-system',
      addresses: [ip('10.244.2.8')],
    }),
  );
  const member = {
    ...admission,
    services: new Map([
      [
        `gateway-system/${service.hostname}` as never,
        [{ servicePort: 443, targetPort: 8443, appProtocol: 'unknown' as const }],
      ],
    ]),
  };
  const policy = policyOf(
    { name: 'allow-waypoint', namespace: 'default', action: 'allow', scope: 'workload-selector' },
    { serviceAccounts: [{ namespace: 'default', serviceAccount: 'waypoint' }] },
  );
  view.apply({ upsertWorkloads: [ratings, member], upsertServices: [service], upsertPolicies: [policy] });
  const dump = configDump({
    view,
    pods: [
      {
        pod: {
          uid: uid('54ce2023'),
          namespace: 'bookinfo',
          name: 'productpage-v1-796f87b58-97bjk',
          identity: workloadIdentity({
            trustDomain: 'cluster.local',
            namespace: 'bookinfo',
            serviceAccount: 'bookinfo-productpage',
          }),
          kubernetesUid: 'c2f7a0b1-5c2d-4f2e-9d0b-1f6f54ce2023',
          addresses: [ip('10.244.1.9')],
          netns: '',
          heldBy: '',
          isNew: false,
          waypointBypass: 'count',
          accessLog: 'all',
          telemetry: undefined,
          modes: DEFAULT_MODES,
        },
        state: { kind: 'captured' },
        connections: [
          {
            pod: uid('54ce2023'),
            direction: 'inbound',
            protocol: 'HBONE',
            source: { address: ip('10.233.97.150'), port: 35_078 },
            dialled: undefined,
            destination: { address: ip('10.233.97.129'), port: 9080 },
            record: RECORD,
            cut: () => undefined,
          },
          {
            pod: uid('54ce2023'),
            direction: 'outbound',
            protocol: 'HBONE',
            source: { address: ip('10.233.97.129'), port: 35_380 },
            dialled: '10.233.25.246:9080',
            destination: { address: ip('10.233.97.136'), port: 15_008 },
            record: RECORD,
            cut: () => undefined,
          },
        ],
        older: [],
      },
    ],
    certificates: [],
    version: { version: '0.1.0' },
    config: {},
  }) as unknown as Dump;

  t.same(dump.workloads['network1/10.244.2.54'], sample.workloads['network1/10.244.2.54']);
  const { endpoints, ...rest } = dump.services['/10.96.115.16'] ?? {};
  const { endpoints: expected, ...expectedRest } = sample.services['/10.96.115.16'] ?? {};
  t.same(rest, expectedRest);
  t.match(endpoints, expected, 'ours say the status too');
  t.same(
    dump.policies[0],
    sample.policies.find(({ name }) => name === 'allow-waypoint'),
  );
  const state = dump.workloadState['54ce2023'] as { connections: Record<string, unknown[]>; info: object };
  const wanted = sample.workloadState['54ce2023-7c77-4bb8-b6c3-eccf619cd6f2'] as typeof state;
  t.same(state.connections.outbound, wanted.connections.outbound);
  t.same(state.connections.inbound, wanted.connections.inbound?.slice(0, 1));
  t.match(state.info, wanted.info);
  t.end();
});

test('a canary’s share and a policy that was not understood are in the dump', (t) => {
  const at = (name: string) =>
    ({ kind: 'hostname', namespace: 'shop', hostname: `${name}.shop`, hboneMtlsPort: 15_008 }) as const;
  const weightedWaypoints = [
    { destination: at('w'), weight: 95 },
    { destination: at('canary'), weight: 5 },
  ];
  const view = createMeshView();
  view.apply({
    upsertServices: [makeService({ name: 'cart', waypoint: at('w'), weightedWaypoints })],
    upsertPolicies: [{ ...makePolicy({ name: 'p' }), notUnderstood: 'spec' }],
  });
  const dump = configDump({ view, pods: [], certificates: [], version: {}, config: {} });
  t.match(Object.values(dump.services as object), [
    {
      weightedWaypoints: [
        { destination: 'shop/w.shop', weight: 95 },
        { destination: 'shop/canary.shop', weight: 5 },
      ],
    },
  ]);
  t.match(dump.policies, [{ name: 'p', notUnderstood: 'spec' }]);
  t.end();
});

test('two that claim one address are both in the dump', (t) => {
  const view = createMeshView();
  view.apply({
    upsertWorkloads: [
      makeWorkload({ name: 'a', addresses: [ip('10.0.0.1')], networkMode: 'host-network' }),
      makeWorkload({ name: 'b', addresses: [ip('10.0.0.1')], networkMode: 'host-network' }),
    ],
  });
  const dump = configDump({ view, pods: [], certificates: [], version: {}, config: {} });
  t.same(Object.keys(dump.workloads as object), ['/10.0.0.1', 'Kubernetes//Pod/shop/b']);
  t.end();
});
