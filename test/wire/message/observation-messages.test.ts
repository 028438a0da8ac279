import { test } from 'tap';
import { create, toBinary } from '@bufbuild/protobuf';
import type { ObservationReport, ProxyDiscovery, RefusalView } from '../../../src/model/index.ts';
import { ObservationReportSchema } from '../../../src/wire/generated/observation_pb.js';
import {
  decodeObservationReceipt,
  decodeObservationReport,
  encodeObservationReceipt,
  encodeObservationReport,
  LONGEST_REPORT_BYTES,
} from '../../../src/wire/message/observation/report-message.ts';
import { createObservationStore, proxyStateOf } from '../../../src/telemetry/index.ts';
import { requestView } from '../../telemetry/observation/observed-traffic.ts';
import { observeSome, someFacts } from '../../telemetry/api/api-fixture.ts';

async function someReport(): Promise<ObservationReport> {
  let nowMs = 1_000_000_000_000;
  const clock = { now: () => nowMs, monotonic: () => nowMs, after: () => ({ cancel: () => undefined }) };
  const store = createObservationStore({ proxy: 'ztunnel/node-1', clock });
  observeSome(store);
  nowMs += 10_000;
  const facts = someFacts();
  const [waypoint] = facts.waypoints(60_000);
  const rates = proxyStateOf(store, facts).workloads[0]?.rates;
  if (waypoint === undefined || rates === undefined) throw new Error('expected something to report');
  return {
    proxy: 'ztunnel/node-1',
    instance: store.instance,
    version: '0.1.0',
    sentMs: nowMs,
    dashboardUrl: 'http://127.0.0.1:4001/',
    batch: store.since(0),
    requests: [
      requestView('/orders'),
      { ...requestView('/grpc'), protocol: 'grpc', grpcStatus: 0, service: undefined },
    ],
    state: {
      ...proxyStateOf(store, facts),
      waypoint: { ...waypoint, rates },
      certificates: facts.certificates().map((certificate) => ({ ...certificate, proxy: 'ztunnel/node-1' })),
    },
  };
}

test('a report comes out as it went in', async (t) => {
  const report = await someReport();
  t.ok(report.batch.slots.length > 1 && report.batch.flows.length > 1 && report.batch.spans.length > 0);
  t.same(decodeObservationReport(encodeObservationReport(report)), report);
  const without = { ...report, state: undefined };
  t.same(decodeObservationReport(encodeObservationReport(without)), without);
  const receipt = { acknowledged: 7, requestsFollowed: true, meshDashboardUrl: 'https://mesh.example/' };
  t.same(decodeObservationReceipt(encodeObservationReceipt(receipt)), receipt);
});

const DISCOVERY: ProxyDiscovery = {
  ...{ atMs: 5, connectedMs: 4, version: '0.1.0', pushP50Ms: 0.5, pushP99Ms: 20 },
  types: [
    {
      ...{ typeUrl: 'type', sent: '2', acknowledged: '1', acknowledgedMs: 3, behindSinceMs: 4 },
      rejection: { version: '2', message: 'no' },
    },
    {
      ...{ typeUrl: 'other', sent: '', acknowledged: '', acknowledgedMs: 0 },
      ...{ behindSinceMs: undefined, rejection: undefined },
    },
  ],
};

test('what controllers add for one another comes out as it went in', async (t) => {
  const report = await someReport();
  const quiet = { ...DISCOVERY, pushP50Ms: undefined, pushP99Ms: undefined };
  for (const discovery of [DISCOVERY, quiet, undefined]) {
    const relayed = { ...report, relay: { discovery } };
    t.same(decodeObservationReport(encodeObservationReport(relayed)), relayed);
  }
  const receipt = {
    ...{ acknowledged: 7, requestsFollowed: false, meshDashboardUrl: '', nextUpTo: 9 },
    discovery: DISCOVERY,
  };
  t.same(decodeObservationReceipt(encodeObservationReceipt(receipt)), receipt);
});

test('what is said of a stream is bounded', async (t) => {
  const report = await someReport();
  const decode = (over: Partial<ProxyDiscovery>) =>
    decodeObservationReport(
      encodeObservationReport({ ...report, relay: { discovery: { ...DISCOVERY, ...over } } }),
    ).relay?.discovery;
  const [type] = DISCOVERY.types;
  if (type === undefined) throw new Error('the fixture lacks a type');
  t.throws(() => decode({ types: Array.from({ length: 101 }, () => type) }), {
    message: /relay\.discovery\.types: expected 100 at most, got 101/,
  });
  t.throws(() => decode({ types: [{ ...type, sent: 'x'.repeat(300) }] }), {
    message: /relay\.discovery\.types\[0\]\.sent: expected 256 characters at most, got 300/,
  });
  t.throws(() => decode({ connectedMs: Number.NaN }), { message: /relay\.discovery\.connected_ms/ });
  const long = decode({ types: [{ ...type, rejection: { version: '2', message: 'x'.repeat(5_000) } }] });
  t.equal(long?.types[0]?.rejection?.message.length, 1_024);
});

test('a link that must not be followed is not passed on, and the rest of the report is', async (t) => {
  const report = await someReport();
  for (const dashboardUrl of [
    'javascript:alert(1)',
    'http://user@node-1/',
    `http://${'a'.repeat(2_000)}/`,
    '/',
  ]) {
    const decoded = decodeObservationReport(encodeObservationReport({ ...report, dashboardUrl }));
    t.same(decoded, { ...report, dashboardUrl: '' });
  }
});

test('whatever a report says, it is of the proxy that sent it', async (t) => {
  const report = await someReport();
  const { batch, state } = decodeObservationReport(
    encodeObservationReport({ ...report, proxy: 'ztunnel/node-9' }),
  );
  for (const { proxy } of [...batch.refusals, ...batch.flows, ...batch.spans, ...(state?.certificates ?? [])])
    t.equal(proxy, 'ztunnel/node-9');
  t.match(batch.refusals[0]?.id, /^ztunnel\/node-9\//);
});

test('what another proxy refused is told under its name, by whoever dialled it and by nobody else', async (t) => {
  const report = await someReport();
  const [first] = report.batch.refusals;
  if (first === undefined) throw new Error('expected a refusal');
  const decode = (over: Partial<RefusalView>, proxy = report.proxy) =>
    decodeObservationReport(
      encodeObservationReport({
        ...report,
        proxy,
        batch: { ...report.batch, refusals: [{ ...first, ...over }] },
      }),
    ).batch.refusals[0];
  const foreign = { reporter: 'source', proxy: 'ztunnel/node-2', id: 'ztunnel/node-2/x/t1' } as const;
  t.match(decode(foreign), foreign);
  t.throws(() => decode({ ...foreign, id: 'ztunnel/node-3/x/t1' }), { message: /expected a refusal of/ });
  const waypoint = 'waypoint/shop/waypoint-1';
  t.match(decode({ ...foreign, reporter: 'waypoint' }, waypoint), { proxy: 'ztunnel/node-2' });
  t.throws(() => decode({ ...foreign, reporter: 'waypoint', proxy: 'waypoint/shop/other' }, waypoint), {
    message: /refused_by: expected nobody else/,
  });
});

test('a report that cannot be is one clear error', async (t) => {
  const bytes = (message: object): Uint8Array =>
    toBinary(
      ObservationReportSchema,
      create(ObservationReportSchema, { proxy: 'x', instance: 'y', ...message }),
    );
  const cases: readonly (readonly [Uint8Array, RegExp])[] = [
    [new Uint8Array([255, 255, 255]), /expected nodemesh.observation.v1.ObservationReport/],
    [bytes({ proxy: '' }), /proxy: expected text/],
    [bytes({ instance: '' }), /instance: expected text/],
    [bytes({ fromSequence: 5, upToSequence: 4 }), /up_to_sequence: expected 5 or more, got 4/],
    [bytes({ fromSequence: 0.5 }), /from_sequence: expected a whole number/],
    [bytes({ slots: [{ edge: 0 }] }), /slots\[0\].edge: expected one of 0 edges, got 0/],
    [bytes({ edges: [{}] }), /edges\[0\].reporter: value 0 is not known/],
    [
      bytes({ edges: [{ reporter: 1, protocol: 1 }], slots: [{ statuses: [1] }] }),
      /slots\[0\].statuses: expected none or five, got 1/,
    ],
    [
      bytes({ edges: [{ reporter: 1, protocol: 1 }], slots: [{ sentBytes: Number.NaN }] }),
      /slots\[0\].sent_bytes: expected a number from 0 to 2\^53, got NaN/,
    ],
    [
      bytes({ edges: [{ reporter: 1, protocol: 1 }], slots: [{ latency: Array(50).fill(1) }] }),
      /slots\[0\].latency: expected 40 at most, got 50/,
    ],
    [
      bytes({ edges: [{ reporter: 1, protocol: 1 }], slots: [{ receivedBytes: 1e308 }] }),
      /slots\[0\].received_bytes: expected a number from 0 to 2\^53, got 1e\+308/,
    ],
    [
      bytes({ refusals: [{ id: 'x', reporter: 1, atMs: 1e300 }] }),
      /refusals\[0\].at_ms: expected milliseconds since 1970, got 1e\+300/,
    ],
    [bytes({ sentMs: Number.POSITIVE_INFINITY }), /sent_ms: expected milliseconds since 1970, got Infinity/],
    [bytes({ instance: 'a'.repeat(1_000) }), /instance: expected 256 characters at most, got 1000/],
    [bytes({ flows: [{ policy: 'a'.repeat(20_000) }] }), /an entry of flows may have 16384 bytes, got 200/],
    [new Uint8Array(LONGEST_REPORT_BYTES + 1), /may have 8388608 bytes, got 8388609/],
  ];
  for (const [encoded, message] of cases) t.throws(() => decodeObservationReport(encoded), { message });
});

test('a report that would unfold into millions of objects is refused before any is made', async (t) => {
  const head = toBinary(
    ObservationReportSchema,
    create(ObservationReportSchema, {
      proxy: 'x',
      instance: 'y',
      edges: [{ reporter: 1, protocol: 1 }],
    }),
  );
  const field = (name: string): number => {
    const found = ObservationReportSchema.fields.find(({ localName }) => localName === name);
    if (found === undefined) throw new Error(`expected a field ${name}`);
    return (found.number << 3) | 2;
  };
  const many = (tag: number): Buffer => Buffer.alloc(LONGEST_REPORT_BYTES / 2, Buffer.from([tag, 0]));
  const tooMany = { code: 'ERR_WIRE_INVALID_REQUEST', message: /may have 300000 parts, got more/ };
  for (const name of ['slots', 'refusals', 'flows', 'spans', 'requests', 'edges'])
    t.throws(() => decodeObservationReport(Buffer.concat([head, many(field(name))])), tooMany, name);

  // Within the state, which is one message, and of fields that nobody knows.
  const workloads = many((1 << 3) | 2);
  const length = Buffer.alloc(4);
  for (let index = 0, rest = workloads.length; index < 4; index++, rest >>>= 7)
    length[index] = (rest & 0x7f) | (index < 3 ? 0x80 : 0);
  const state = Buffer.concat([Buffer.from([field('state')]), length, workloads]);
  t.throws(() => decodeObservationReport(Buffer.concat([head, state])), tooMany);
  t.throws(() => decodeObservationReport(Buffer.concat([head, many((15 << 3) | 2)])), tooMany);
});
