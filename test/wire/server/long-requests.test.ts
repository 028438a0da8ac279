import { test } from 'tap';
import { frameMessage } from '../../../src/wire/grpc/message-framing.ts';
import { decodeDeltaResponse } from '../../../src/wire/message/delta-response-message.ts';
import { startTestController, type TestController } from '../support/controller.ts';
import { call, readMessage, request } from '../support/raw-call.ts';

const MEBIBYTE = 1024 * 1024;

/** Two MiB of names that do not exist. */
function longRequest(): Buffer {
  const initialVersions = Array.from(
    { length: 20_000 },
    (_, index) => [`gone-${index}`.padEnd(100, '.'), '1'] as const,
  );
  return request({ initialVersions });
}

test('long requests of many proxies come in as there is room for them, and all are answered', async (t) => {
  const controller = await startTestController({ maxRequestMemoryBytes: 3 * MEBIBYTE });
  const message = longRequest();
  t.ok(message.length > 2 * MEBIBYTE && message.length < 3 * MEBIBYTE);
  const calls = Array.from({ length: 8 }, (_, index) =>
    call(controller, { token: `token-of-node-${index}` }),
  );
  for (const proxy of calls) proxy.write(message);
  for (const proxy of calls) {
    const response = decodeDeltaResponse(await readMessage(proxy.stream));
    t.equal(response.removed.length, 20_000);
  }
  for (const proxy of calls) await proxy.hangUp();
  await controller.close();
});

test('a caller that sends more at a time than it may is refused, and nobody else', async (t) => {
  const controller = await startTestController({ maxRequestMemoryBytesPerCaller: 5 * MEBIBYTE });
  const message = longRequest();
  const begun = Array.from({ length: 2 }, () => call(controller));
  for (const hostile of begun) hostile.stream.write(frameMessage([message]).subarray(0, MEBIBYTE));
  // What is begun is known once its connection has been served.
  const refused = await firstRefused(controller, message);
  t.match(refused, { status: '8', message: /ERR_WIRE_EXHAUSTED: a caller may be sending/ });
  const other = call(controller, { token: 'token-of-node-1' });
  other.write(message);
  t.equal(decodeDeltaResponse(await readMessage(other.stream)).removed.length, 20_000);
  for (const hostile of begun) await hostile.hangUp();
  const again = call(controller);
  again.write(message);
  t.equal(
    decodeDeltaResponse(await readMessage(again.stream)).removed.length,
    20_000,
    'what is cut does not count',
  );
  for (const one of [other, again]) await one.hangUp();
  await controller.close();
});

/** The bytes of the other calls take their time. */
async function firstRefused(
  controller: TestController,
  message: Buffer,
): Promise<{ readonly status: string; readonly message: string }> {
  const deadline = Date.now() + 20_000;
  while (Date.now() < deadline) {
    const third = call(controller);
    third.write(message);
    const answered = readMessage(third.stream).then(() => undefined);
    const refusal = await Promise.race([third.ended, answered]);
    await third.hangUp();
    if (refusal !== undefined) return refusal;
  }
  throw new Error('none was refused');
}

test('a request that is too long is refused by its head', async (t) => {
  const controller = await startTestController({ maxRequestBytes: 3 * MEBIBYTE });
  const hostile = call(controller);
  hostile.stream.write(frameMessage([Buffer.alloc(4 * MEBIBYTE)]).subarray(0, 5));
  t.match(await hostile.ended, {
    status: '8',
    message: /ERR_WIRE_TOO_LONG: a request may have 3145728 bytes, got one of 4194304/,
  });
  await hostile.hangUp();
  await controller.close();
});
