import { test } from 'tap';
import { describeError } from '../../../src/base/index.ts';
import { SERVER_NAME, startTestController } from '../support/controller.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

for (const [name, fromMs, untilMs, said] of [
  [
    'of a controller whose clock is ahead',
    57 * MINUTE_MS,
    DAY_MS,
    /certificate is not yet valid; this machine's clock shows 20\S+Z, the server's certificate is valid from 20\S+Z to 20\S+Z: the clock is at least 5[67] min behind the server's/,
  ],
  [
    'that ended three days ago by the clock of this machine',
    -4 * DAY_MS,
    -3 * DAY_MS,
    /certificate has expired; this machine's clock shows .*: unless it was not renewed, the clock is at least 3.0 d ahead of the server's/,
  ],
] as const)
  test(`a certificate ${name} is refused, with the difference in words`, async (t) => {
    const controller = await startTestController();
    const { authority, grpcServer } = controller;
    grpcServer.setCertificate(await authority.serverCertificateValid(SERVER_NAME, fromMs, untilMs));
    const client = controller.client();
    const report = client.reportNode({ node: 'node-1', generation: 3, pods: [] });
    const error: unknown = await report.then(
      () => undefined,
      (failure: unknown) => failure,
    );
    t.match(error, { code: 'ERR_WIRE_UNAVAILABLE', retryable: true });
    t.match(describeError(error), said);

    // Right again, it is reached without a restart.
    grpcServer.setCertificate(await authority.serverCertificate(SERVER_NAME));
    const again = (): Promise<unknown> =>
      client.reportNode({ node: 'node-1', generation: 4, pods: [] }).catch((failure: unknown) => {
        t.match(describeError(failure), said);
        return new Promise((resolve) => setTimeout(resolve, 100)).then(again);
      });
    t.same(await again(), { acknowledged: true });
    await client.close();
    await controller.close();
  });
