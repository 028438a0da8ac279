import { create, toBinary } from '@bufbuild/protobuf';
import { type Test, test } from 'tap';
import { warnOfSkew } from '../../src/controller/feedback/index.ts';
import { createSignal } from '../../src/base/index.ts';
import { NodeReportSchema, PodReportSchema } from '../../src/wire/generated/enrolment_pb.js';
import { decodeCertificateResponse } from '../../src/wire/message/certificate-message.ts';
import { encodeDeltaRequest } from '../../src/wire/message/delta-request-message.ts';
import { decodeDeltaResponse } from '../../src/wire/message/delta-response-message.ts';
import { decodeNodeReceipt } from '../../src/wire/message/node-report-message.ts';
import { decodeObservationReceipt } from '../../src/wire/message/observation/report-message.ts';
import type { DeltaResponse } from '../../src/xds/index.ts';
import { runController } from '../controller/support/running-controller.ts';
import { MESH, PROXIES, PROXY_KINDS, type ProxyKind } from './support/mesh.ts';
import { CERTIFICATE, NODE_REPORT, OBSERVATIONS, openingOf, rawClient } from './support/raw-client.ts';
import { readStreams, RECORDED_VERSIONS } from './support/streams.ts';

/** A field that nobody knows yet: number 2,000, text. */
const UNKNOWN_FIELD = Buffer.from([0x82, 0x7d, 0x03, 0x6e, 0x65, 0x77]);

/** Names by type. */
function names(responses: readonly DeltaResponse[]): ReadonlyMap<string, readonly string[]> {
  return new Map(
    [...Map.groupBy(responses, ({ typeUrl }) => typeUrl)].map(([type, own]) => [
      type,
      own.flatMap(({ resources }) => resources.map(({ name }) => name)).sort(),
    ]),
  );
}

async function connect(t: Test, kind: ProxyKind) {
  const running = await runController(t, { objects: MESH });
  const raw = rawClient(running, PROXIES[kind]);
  t.teardown(() => raw.close());
  return { running, raw };
}

for (const version of RECORDED_VERSIONS) {
  for (const kind of PROXY_KINDS) {
    const recorded = readStreams(version, kind);
    const wanted = names(recorded.responses.map((bytes) => decodeDeltaResponse(bytes)));

    test(`a ${kind} of version ${version} gets from this controller what it got from its own`, async (t) => {
      const { raw } = await connect(t, kind);
      const got = names(await raw.delta(openingOf(recorded.requests), new Set(wanted.keys())));
      for (const [type, own] of wanted)
        for (const name of own) t.ok(got.get(type)?.includes(name), `${type} ${name}`);
      const { chainPem } = decodeCertificateResponse(
        await raw.unary(CERTIFICATE, recorded.certificateRequest),
      );
      t.ok(chainPem.length >= 2);
      t.same(
        decodeObservationReceipt(await raw.unary(OBSERVATIONS, recorded.observationReport)).acknowledged,
        0,
      );
      if (recorded.nodeReport !== undefined)
        t.same(decodeNodeReceipt(await raw.unary(NODE_REPORT, recorded.nodeReport)), { acknowledged: true });
    });

    test(`a ${kind} newer than ${version} is served, whatever it says that this controller does not know`, async (t) => {
      const { raw } = await connect(t, kind);
      const newer = (bytes: Buffer): Buffer => Buffer.concat([bytes, UNKNOWN_FIELD]);
      const unknownType = encodeDeltaRequest({
        typeUrl: 'type.googleapis.com/nodemesh.future.Thing',
        ...{ subscribe: ['*', 'some/name'], unsubscribe: [], initialVersions: [], responseNonce: '' },
        rejection: undefined,
      });
      const requests = [unknownType, ...openingOf(recorded.requests).map(newer), unknownType];
      const got = names(await raw.delta(requests, new Set(wanted.keys())));
      for (const [type, own] of wanted)
        for (const name of own) t.ok(got.get(type)?.includes(name), `${type} ${name}`);
      const certificate = await raw.unary(CERTIFICATE, newer(recorded.certificateRequest));
      t.ok(decodeCertificateResponse(certificate).chainPem.length >= 2);
      await raw.unary(OBSERVATIONS, newer(recorded.observationReport));
      if (kind !== 'ztunnel') return;
      const states = [3, 99].map((state, index) =>
        create(PodReportSchema, { uid: `Kubernetes//Pod/shop/${index === 0 ? 'cart' : 'till'}`, state }),
      );
      const report = create(NodeReportSchema, { node: 'node-1', generation: 2n, pods: states });
      const answer = await raw.unary(NODE_REPORT, newer(Buffer.from(toBinary(NodeReportSchema, report))));
      t.same(decodeNodeReceipt(answer), { acknowledged: true }, 'a state of the future is passed over');
    });
  }
}

test('the controller shows which version a proxy says it is, and warns once of one that is too far from its own', async (t) => {
  const greetings = createSignal<{ readonly proxy: string; readonly version: string }>();
  const told: unknown[] = [];
  const stop = warnOfSkew({ greetings }, '0.4.1', { warn: (_message, fields) => void told.push(fields) });
  for (const version of ['0.3.9', '0.5.0', '', '0.2.0', '0.2.0', '1.4.0', 'odd'])
    greetings.emit({ proxy: 'ztunnel/node-1', version });
  t.match(told, [{ version: '0.2.0', controller: '0.4.1' }, { version: '1.4.0' }, { version: 'odd' }]);
  stop();
});
