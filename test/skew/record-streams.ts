// `node test/skew/record-streams.ts VERSION`: records what today's proxies and controller say to one another into
// test/skew/recorded/VERSION. Run it once for each minor version, when it is released; recordings are never made again.
import { mkdirSync, writeFileSync } from 'node:fs';
import { createSigningRequest } from '../../src/identity/index.ts';
import { workloadIdentity, type WorkloadUid } from '../../src/model/index.ts';
import { encodeCertificateRequest } from '../../src/wire/message/certificate-message.ts';
import { encodeDeltaRequest } from '../../src/wire/message/delta-request-message.ts';
import { encodeDeltaResponse } from '../../src/wire/message/delta-response-message.ts';
import { encodeNodeReport } from '../../src/wire/message/node-report-message.ts';
import { encodeObservationReport } from '../../src/wire/message/observation/report-message.ts';
import type { DeltaTransport } from '../../src/xds/index.ts';
import { runController } from '../controller/support/running-controller.ts';
import { follow } from './support/followed.ts';
import { MESH, PROXIES, PROXY_KINDS } from './support/mesh.ts';

const [version = ''] = process.argv.slice(2);
if (!/^\d+\.\d+$/.test(version)) throw new TypeError(`expected a version such as 0.1, got ${version}`);
const folder = new URL(`./recorded/${version}/`, import.meta.url);
mkdirSync(folder, { recursive: true });

const ends: (() => unknown)[] = [];
const running = await runController({ teardown: (end: () => unknown) => void ends.push(end) } as never, {
  objects: MESH,
});
for (const kind of PROXY_KINDS) {
  const requests: string[] = [];
  const responses: string[] = [];
  const { xdsTransport } = running.client(() => running.token(PROXIES[kind]));
  const recording: DeltaTransport = {
    async open(signal) {
      const channel = await xdsTransport.open(signal);
      async function* heard() {
        for await (const response of channel.responses) {
          responses.push(encodeDeltaResponse(response).toString('base64'));
          yield response;
        }
      }
      return {
        responses: heard(),
        close: () => channel.close(),
        send(request) {
          requests.push(encodeDeltaRequest(request).toString('base64'));
          return channel.send(request);
        },
      };
    },
  };
  const { client } = follow(kind, recording);
  client.start();
  await client.ready;
  await new Promise((resolve) => setTimeout(resolve, 500));
  await client.close();
  const account = kind === 'ztunnel' ? 'cart' : 'waypoint';
  const identity = workloadIdentity({
    trustDomain: 'cluster.local',
    namespace: 'shop',
    serviceAccount: account,
  });
  const { csrPem } = await createSigningRequest(identity);
  const impersonated = kind === 'ztunnel' ? identity : undefined;
  const uid = 'Kubernetes//Pod/shop/cart' as WorkloadUid;
  const report = {
    node: 'node-1',
    generation: 1,
    pods: [{ uid, state: 'captured' as const, errorCode: '', error: '' }],
  };
  const empty = { from: 0, upTo: 0, slots: [], refusals: [], flows: [], spans: [] };
  const observed = {
    proxy: kind === 'ztunnel' ? 'ztunnel/node-1' : 'waypoint/shop/waypoint',
    ...{ instance: 'recorded', version: `${version}.0`, sentMs: 1_900_000_000_000, dashboardUrl: '' },
    ...{ batch: empty, state: undefined, requests: [] },
  };
  const recorded = {
    requests,
    responses,
    certificateRequest: encodeCertificateRequest({ csrPem, ttlMs: 3_600_000, impersonated }).toString(
      'base64',
    ),
    observationReport: Buffer.from(encodeObservationReport(observed)).toString('base64'),
    ...(kind === 'ztunnel' ? { nodeReport: encodeNodeReport(report).toString('base64') } : {}),
  };
  writeFileSync(new URL(`${kind}.json`, folder), `${JSON.stringify(recorded, undefined, 2)}\n`);
}
for (const end of ends.reverse()) await end();
