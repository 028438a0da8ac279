import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { decodeDeltaRequest } from '../../../src/wire/message/delta-request-message.ts';
import { decodeDeltaResponse } from '../../../src/wire/message/delta-response-message.ts';
import type { DeltaResponse } from '../../../src/xds/index.ts';
import type { RunningController, TokenParts } from '../../controller/support/running-controller.ts';

const DELTA = '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources';
export const CERTIFICATE = '/istio.v1.auth.IstioCertificateService/CreateCertificate';
export const NODE_REPORT = '/nodemesh.enrolment.NodeReports/Report';
export const OBSERVATIONS = '/nodemesh.observation.v1.Observations/Report';
const same = (bytes: Buffer): Buffer => bytes;

/** Sends bytes as they are, and gives what comes. */
export interface RawClient {
  unary(path: string, request: Buffer): Promise<Buffer>;
  /** Sends the requests, and resolves with what came until every one of `types` has been answered; rejects after 10 s. */
  delta(requests: readonly Buffer[], types: ReadonlySet<string>): Promise<readonly DeltaResponse[]>;
  close(): void;
}

export function rawClient(running: RunningController, parts: TokenParts): RawClient {
  const roots = readFileSync(join(running.directory, 'ca', 'root-cert.pem'));
  const client = new Client(
    `127.0.0.1:${running.controller.addresses.grpc?.port}`,
    credentials.createSsl(roots),
  );
  const metadata = async (): Promise<Metadata> => {
    const made = new Metadata();
    made.set('authorization', `Bearer ${await running.token(parts)}`);
    made.set('clusterid', 'Kubernetes');
    return made;
  };
  return {
    async unary(path, request) {
      const token = await metadata();
      return new Promise((resolve, reject) => {
        client.makeUnaryRequest(path, same, same, request, token, (error, answer) =>
          error === null && answer !== undefined ? resolve(answer) : reject(error),
        );
      });
    },
    async delta(requests, types) {
      const call = client.makeBidiStreamRequest(DELTA, same, same, await metadata());
      const responses: DeltaResponse[] = [];
      const unanswered = new Set(types);
      const done = new Promise<readonly DeltaResponse[]>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`no answer for ${[...unanswered].join()}`)), 10_000);
        call.on('data', (bytes: Buffer) => {
          const response = decodeDeltaResponse(bytes);
          responses.push(response);
          unanswered.delete(response.typeUrl);
          if (unanswered.size > 0) return;
          clearTimeout(timer);
          resolve(responses);
        });
        call.on('error', reject);
      });
      for (const request of requests) call.write(request);
      try {
        return await done;
      } finally {
        call.on('error', () => undefined);
        call.cancel();
      }
    },
    close: () => client.close(),
  };
}

/** What a stream begins with: the requests before any answer. */
export function openingOf(requests: readonly Buffer[]): readonly Buffer[] {
  return requests.filter((bytes) => decodeDeltaRequest(bytes).responseNonce === '');
}
