import { Readable } from 'node:stream';
import { test } from 'tap';
import {
  bodyOf,
  HeaderList,
  type HttpOptions,
  NO_BODY,
  readBody,
  resolveHttpConfig,
  textResponse,
} from '../../src/http/index.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { Deadline } from '../../src/http/deadline.ts';

test('fields keep their order and spelling, and are found without case', async (t) => {
  const list = new HeaderList([
    ['Set-Cookie', 'a'],
    ['X-A', '1'],
    ['set-cookie', 'b'],
  ]);
  t.equal(list.get('set-cookie'), 'a');
  t.same(list.all('set-cookie'), ['a', 'b']);
  t.equal(list.joined('x-a'), '1');
  t.equal(list.joined('x-b'), undefined);
  t.equal(list.has('x-a'), true);
  t.equal(list.size, 3);
  const copy = list.clone();
  copy.set('SET-COOKIE', 'c');
  copy.set('new', 'd');
  copy.remove('x-a');
  t.same(
    [...copy],
    [
      ['SET-COOKIE', 'c'],
      ['new', 'd'],
    ],
  );
  t.equal(list.size, 3, 'the original is as it was');
  t.same(
    [list.nameAt(0), list.lowerNameAt(0), list.valueAt(0), list.nameAt(9)],
    ['Set-Cookie', 'set-cookie', 'a', ''],
  );
});

test('bodies that are here, and answers of our own', async (t) => {
  t.equal(bodyOf(Buffer.alloc(0)), NO_BODY);
  const response = textResponse(503, 'nö', new HeaderList([['retry-after', '1']]));
  t.same(
    [...response.headers],
    [
      ['retry-after', '1'],
      ['content-type', 'text/plain; charset=utf-8'],
    ],
  );
  t.equal(response.body.length, 3);
  t.equal(String(await readBody(response.body, 3)), 'nö');
  const json = textResponse(200, '{}', new HeaderList([['Content-Type', 'application/json']]));
  t.same(json.headers.all('content-type'), ['application/json']);
});

test('a body is read whole, up to a limit', async (t) => {
  t.equal((await readBody(NO_BODY, 0)).length, 0);
  const announced = bodyOf(Buffer.from('abcd'));
  await t.rejects(readBody(announced, 3), { code: 'ERR_HTTP_BODY_TOO_LARGE', status: 413 });
  t.equal(announced.stream?.destroyed, true, 'it is given up');
  const unknown = Readable.from([Buffer.from('ab'), Buffer.from('cd')]);
  await t.rejects(readBody({ stream: unknown, length: undefined, trailers: () => undefined }, 3), {
    code: 'ERR_HTTP_BODY_TOO_LARGE',
  });
  const cut = new Readable({ read: () => undefined });
  const reading = readBody({ stream: cut, length: undefined, trailers: () => undefined }, 10);
  cut.destroy(new Error('gone'));
  await t.rejects(reading, { message: 'gone' });
  const left = new Readable({ read: () => undefined });
  const waiting = readBody({ stream: left, length: undefined, trailers: () => undefined }, 10);
  left.destroy();
  await t.rejects(waiting, { code: 'ERR_HTTP_CUT' });
});

test('the configuration is complete and within its ranges, or refused', async (t) => {
  t.equal(Object.isFrozen(resolveHttpConfig()), true);
  t.equal(resolveHttpConfig({ maxHeaderCount: 7 }).maxHeaderCount, 7);
  const rows: readonly HttpOptions[] = [
    { maxHeadBytes: 0 },
    { maxHeadBytes: 1.5 },
    { maxHeadBytes: Number.NaN },
    { maxFrameBytes: 16_383 },
    { maxFrameBytes: 0x100_0000 },
    { connectionWindowBytes: 65_534 },
    { headTimeoutMs: 0 },
    { headTimeoutMs: Number.POSITIVE_INFINITY },
  ];
  for (const options of rows)
    t.throws(() => resolveHttpConfig(options), { code: 'ERR_HTTP_CONFIG' }, JSON.stringify(options));
});

test('a deadline that moves keeps one timer, and fires when it should', async (t) => {
  const clock = createFakeClock();
  let fired = 0;
  const deadline = new Deadline(clock, () => {
    fired += 1;
  });
  deadline.set(100);
  await clock.advance(60);
  deadline.set(100);
  t.equal(clock.pending, 1);
  await clock.advance(99);
  t.equal(fired, 0);
  await clock.advance(1);
  t.equal(fired, 1);
  t.equal(deadline.isSet, false);
  deadline.set(1_000);
  deadline.set(10);
  await clock.advance(10);
  t.equal(fired, 2, 'an earlier one is kept too');
  deadline.set(10);
  deadline.clear();
  await clock.advance(100);
  t.equal(fired, 2);
  t.equal(clock.pending, 0);
  deadline.set(10);
  deadline.destroy();
  t.equal(clock.pending, 0);
});
