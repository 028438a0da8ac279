import fc from 'fast-check';
import { test } from 'tap';
import { encodeSettings, SETTINGS_ACK } from '../../src/http/http2/frame/index.ts';
import {
  createHpackDecoder,
  createHpackEncoder,
  type HeaderField,
} from '../../src/http/http2/hpack/index.ts';
import { HttpError } from '../../src/http/index.ts';
import { frame, openDialogue, recordingSink } from '../http/http2/support/scripted-peer.ts';

const bytes = fc.uint8Array({ maxLength: 600 }).map((array) => Buffer.from(array));

/** Runs `work`; only an HttpError may come out of it. */
function onlyHttpErrors(work: () => void): boolean {
  try {
    work();
    return true;
  } catch (error) {
    if (error instanceof HttpError) return false;
    throw error;
  }
}

test('HPACK reads what it wrote, and survives what it did not', async () => {
  const name = fc.stringMatching(/^[a-z0-9-]{1,20}$/);
  const value = fc.stringMatching(/^[ -~]{0,200}$/);
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value), { maxLength: 20 }), bytes, (fields, garbage) => {
      const limits = { tableBytes: 4096, maxListBytes: 1 << 20 };
      const { fields: read } = createHpackDecoder(limits).decode(
        createHpackEncoder().encode(fields as HeaderField[]),
      );
      if (JSON.stringify(read) !== JSON.stringify(fields)) throw new Error('not what was written');
      onlyHttpErrors(() => createHpackDecoder(limits).decode(garbage));
    }),
    { numRuns: 3_000 },
  );
});

test('a connection survives any bytes and any frames, in any order, on either side', async (t) => {
  const anyFrame = fc
    .tuple(
      fc.integer({ min: 0, max: 11 }),
      fc.constantFrom(0, 1, 2, 3, 5, 7, 0x7fff_ffff),
      fc.uint8Array({ maxLength: 40 }),
      fc.integer({ min: 0, max: 255 }),
    )
    .map(([type, streamId, payload, flags]) => frame(type, streamId, Buffer.from(payload), flags));
  const plausible = fc.constantFrom(
    (d: ReturnType<typeof openDialogue>) => d.connect(1),
    (d: ReturnType<typeof openDialogue>) => d.connect(3),
    (d: ReturnType<typeof openDialogue>) => d.headers(1, [[':status', '200']]),
    (d: ReturnType<typeof openDialogue>) => d.headers(3, [[':status', '503']], 5),
    () => encodeSettings([[4, 100]]),
    () => SETTINGS_ACK,
  );
  const step = fc.oneof(
    anyFrame.map((made) => () => made),
    plausible,
    bytes.map((made) => () => made),
  );
  let survived = 0;
  fc.assert(
    fc.property(fc.constantFrom('client', 'server'), fc.array(step, { maxLength: 12 }), (role, steps) => {
      const dialogue = openDialogue({ role });
      const sinks = [recordingSink(), recordingSink()];
      if (role === 'client')
        for (const sink of sinks) dialogue.connection.request([[':method', 'CONNECT']], sink);
      const fine = onlyHttpErrors(() => {
        for (const make of steps) dialogue.send(make(dialogue));
      });
      if (fine) survived += 1;
      dialogue.connection.abandon(new Error('over'));
      dialogue.sent();
      if (dialogue.connection.activeStreams !== 0) throw new Error('a stream is left');
      for (const sink of sinks)
        if (sink.events.filter((event) => event.startsWith('cut')).length > 1) throw new Error('cut twice');
    }),
    { numRuns: 5_000 },
  );
  t.ok(survived > 0, `${survived} dialogues ended well`);
});
