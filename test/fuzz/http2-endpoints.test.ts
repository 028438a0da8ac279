import fc from 'fast-check';
import { test } from 'tap';
import { HttpError, readBody, textResponse } from '../../src/http/index.ts';
import {
  encodeGoAway,
  encodePing,
  encodeReset,
  encodeSettings,
  encodeWindowUpdate,
  FrameFlag,
  SETTINGS_ACK,
} from '../../src/http/http2/frame/index.ts';
import { createHpackEncoder, type HeaderField } from '../../src/http/http2/hpack/index.ts';
import { data, frame } from '../http/http2/support/scripted-peer.ts';
import { openHttp2ClientWire, openHttp2ServerWire } from '../http/http2/support/endpoint-wire.ts';
import { requestOf } from '../http/support/requests.ts';
import { settle } from '../http/support/wire.ts';

const streamId = fc.constantFrom(1, 1, 1, 3, 3, 5, 2, 0, 7);
const piece = (...values: string[]): fc.Arbitrary<string> => fc.constantFrom(...values);
const field: fc.Arbitrary<HeaderField> = fc.oneof(
  fc.tuple(
    piece('x-a', 'host', 'content-length', 'cookie', 'te', 'expect', 'connection', 'X-B', 'a b', ''),
    piece('', '0', '3', 'shop', 'trailers', 'a\r\nb', '100-continue'),
  ),
  fc.tuple(
    piece(':method', ':path', ':authority', ':scheme', ':status', ':other'),
    piece('GET', 'HEAD', '/', 'shop', 'http', '200', '103', '204', '', '/#', 'CONNECT'),
  ),
);
const request: readonly HeaderField[] = [
  [':method', 'POST'],
  [':scheme', 'http'],
  [':authority', 'shop'],
  [':path', '/'],
];
/** Heads that are good, good with something odd in or missing from them, or nothing but oddities. */
const head = (base: readonly HeaderField[]): fc.Arbitrary<readonly HeaderField[]> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.constant(base) },
    { weight: 3, arbitrary: fc.array(field, { maxLength: 2 }).map((more) => [...base, ...more]) },
    {
      weight: 1,
      arbitrary: fc.nat({ max: base.length }).map((left) => base.filter((_, index) => index !== left)),
    },
    { weight: 1, arbitrary: fc.array(field, { maxLength: 4 }) },
  );
/** No table of its own: blocks may come in any order. */
const encode = (fields: readonly HeaderField[]): Buffer => createHpackEncoder().encode(fields);
const headers = (base: readonly HeaderField[]): fc.Arbitrary<Buffer> =>
  fc
    .tuple(streamId, head(base), fc.constantFrom(4, 4, 5, 5, 0, 0x24))
    .map(([id, fields, flags]) => frame(1, id, encode(fields), flags));
const others: fc.Arbitrary<Buffer> = fc.oneof(
  fc
    .tuple(streamId, fc.constantFrom(0, 1, 3, 100, 20_000), fc.boolean())
    .map(([id, length, end]) => data(id, length, end)),
  fc.tuple(streamId, fc.nat({ max: 14 })).map(([id, code]) => encodeReset(id, code)),
  fc
    .tuple(streamId, fc.constantFrom(0, 1, 65_535, 0x7fff_ffff))
    .map(([id, window]) => encodeWindowUpdate(id, window)),
  fc.constantFrom(
    encodeSettings([]),
    encodeSettings([[4, 0]]),
    encodeSettings([[3, 0]]),
    encodeSettings([[5, 16_384]]),
    SETTINGS_ACK,
  ),
  fc.constantFrom(encodePing(Buffer.alloc(8), false), encodePing(Buffer.from('draining'), true)),
  fc.tuple(streamId, fc.nat({ max: 14 })).map(([id, code]) => encodeGoAway(id, code)),
  fc
    .tuple(streamId, fc.array(field, { maxLength: 2 }))
    .map(([id, fields]) => frame(1, id, encode(fields), FrameFlag.END_HEADERS | FrameFlag.END_STREAM)),
  fc
    .tuple(fc.nat({ max: 12 }), streamId, fc.uint8Array({ maxLength: 20 }), fc.nat({ max: 255 }))
    .map(([type, id, payload, flags]) => frame(type, id, Buffer.from(payload), flags)),
);

test('a server’s end survives any frames in any order, and settles every exchange', {
  timeout: 120_000,
}, async (t) => {
  let answered = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof({ weight: 2, arbitrary: headers(request) }, others), { maxLength: 15 }),
      fc.nat({ max: 3 }),
      async (frames, manner) => {
        const wire = await openHttp2ServerWire();
        const settled: Promise<unknown>[] = [];
        for (const sent of frames) {
          await wire.send(sent);
          for (const exchange of wire.exchanges.splice(0)) {
            const { body } = exchange.request;
            if (manner === 0) exchange.abort(new Error('no'));
            else if (manner === 1) body.stream?.destroy();
            const work = async (): Promise<void> => {
              if (manner === 2) await readBody(body, 1 << 20);
              await exchange.respond(textResponse(200, 'x'.repeat(100)));
              answered += 1;
            };
            settled.push(
              work().catch((error) => {
                if (!(error instanceof HttpError)) throw error;
              }),
            );
          }
        }
        wire.connection.destroy();
        await wire.clock.advance(5_000);
        await wire.connection.closed;
        await Promise.all(settled);
        if (wire.connection.activeExchanges !== 0) throw new Error('an exchange is left');
        if (wire.clock.pending !== 0) throw new Error('a timer is left');
      },
    ),
    { numRuns: 3_000 },
  );
  t.ok(answered > 100, `${answered} answers`);
});

test('a client’s end survives any frames in any order, and settles every request', {
  timeout: 120_000,
}, async (t) => {
  let answered = 0;
  const answer: readonly HeaderField[] = [[':status', '200']];
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof({ weight: 2, arbitrary: headers(answer) }, others), { maxLength: 15 }),
      fc.boolean(),
      async (frames, read) => {
        const wire = await openHttp2ClientWire();
        const settled = Array.from({ length: 3 }, async () => {
          try {
            const { body } = await wire.connection.send(requestOf());
            if (read) await readBody(body, 1 << 20);
            else body.stream?.destroy();
            answered += 1;
          } catch (error) {
            if (!(error instanceof HttpError)) throw error;
          }
        });
        await settle();
        for (const sent of frames) await wire.send(sent);
        wire.connection.destroy();
        await wire.clock.advance(5_000);
        await wire.connection.closed;
        await Promise.all(settled);
        if (wire.connection.activeRequests !== 0) throw new Error('a request is left');
        if (wire.clock.pending !== 0) throw new Error('a timer is left');
      },
    ),
    { numRuns: 3_000 },
  );
  t.ok(answered > 100, `${answered} answers`);
});
