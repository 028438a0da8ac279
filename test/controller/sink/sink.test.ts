import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'tap';
import { createSinkQueue, createSocketSink, silentSink } from '../../../src/controller/sink/index.ts';
import { createSignal } from '../../../src/base/index.ts';
import { ControllerError } from '../../../src/controller/errors.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const change = (value: string | null) => ({ namespace: 'shop', name: 'cart', annotations: { a: value } });

test('the socket sink posts JSON and tells what was answered', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'nodemesh-sink-'));
  const got: string[] = [];
  let status = 204;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      got.push(`${request.method} ${request.url} ${Buffer.concat(chunks).toString()}`);
      response.writeHead(status).end(status === 204 ? undefined : '{"error":"no"}');
    });
  });
  const path = join(directory, 's.sock');
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const sink = createSocketSink(path);
  await sink.annotatePod(change('x'));
  t.same(got, ['POST /sink/annotate {"namespace":"shop","name":"cart","annotations":{"a":"x"}}']);
  status = 404;
  await t.rejects(sink.annotatePod(change(null)), { code: 'ERR_CONTROLLER_SINK', retryable: false });
  status = 500;
  await t.rejects(sink.annotatePod(change(null)), { code: 'ERR_CONTROLLER_SINK', retryable: true });
  await new Promise((resolve) => server.close(resolve));
  await t.rejects(sink.annotatePod(change(null)), { code: 'ERR_CONTROLLER_SINK', retryable: true });
  await rm(directory, { recursive: true });
});

test('writes are tried again until the newest has succeeded', async (t) => {
  const seen: (string | null | undefined)[] = [];
  let failures = 2;
  const sink = {
    ...silentSink,
    async annotatePod({ annotations }: ReturnType<typeof change>) {
      seen.push(annotations.a);
      if (failures-- > 0) {
        throw new ControllerError({
          code: 'ERR_CONTROLLER_SINK',
          blame: 'upstream',
          message: 'not now',
          retryable: true,
        });
      }
    },
  };
  const queue = createSinkQueue({ sink });
  // The queue's own timers keep no process alive.
  const alive = setInterval(() => undefined, 1_000);
  const first = queue.annotatePod(change('one'));
  const second = queue.annotatePod(change('two'));
  await Promise.all([first, second]);
  t.same(seen, ['one', 'two', 'two'], 'what was overtaken is not written');
  clearInterval(alive);
  t.equal(queue.waiting, 0);
  await queue.close();
});

test('a write that can never succeed is given up, and closing gives up the rest', async (t) => {
  let calls = 0;
  const fail = (retryable: boolean) => async () => {
    calls += 1;
    throw new ControllerError({ code: 'ERR_CONTROLLER_SINK', blame: 'upstream', message: 'no', retryable });
  };
  const queue = createSinkQueue({ sink: { ...silentSink, annotatePod: fail(false) } });
  await queue.annotatePod(change('x'));
  t.equal(calls, 1);
  await queue.close();
  const stubborn = createSinkQueue({ sink: { ...silentSink, annotatePod: fail(true) } });
  const written = stubborn.annotatePod(change('x'));
  await stubborn.close();
  await written;
  t.equal(stubborn.waiting, 0);
});

test('a status is written when it is new, and by each writer for itself', async (t) => {
  const seen: string[] = [];
  const queue = createSinkQueue({
    sink: {
      ...silentSink,
      async setStatus({ writer, conditions = [] }) {
        seen.push(`${writer} ${conditions.map(({ status }) => status).join()}`);
      },
    },
  });
  const route = { apiVersion: 'v1', kind: 'HTTPRoute', namespace: 'shop', name: 'cart' };
  const write = async (writer: string, status: 'True' | 'False'): Promise<void> => {
    const conditions = [{ type: 'Accepted', status, reason: 'r', message: 'm', observedGeneration: 1 }];
    queue.setStatus({ ...route, writer, conditions });
  };
  await Promise.all([write('a', 'True'), write('a', 'True'), write('b', 'True'), write('b', 'False')]);
  await queue.idle();
  t.same(seen, ['a True', 'b True', 'b False']);
  await write('a', 'True');
  await queue.idle();
  t.equal(seen.length, 3, 'nothing new');
  queue.forgetStatus({ ...route, writer: 'a' });
  await write('a', 'True');
  await write('b', 'False');
  await queue.idle();
  t.same(seen.slice(3), ['a True'], 'after its object was gone');
  await queue.close();
});

function candidacy(leading: boolean) {
  const changes = createSignal<boolean>();
  const leadership = { leading, changes };
  return {
    leadership,
    lead(next: boolean) {
      leadership.leading = next;
      changes.emit(next);
    },
  };
}

const accepted = (name: string) => ({
  apiVersion: 'v1',
  kind: 'HTTPRoute',
  namespace: 'shop',
  name,
  writer: 'a',
  conditions: [
    { type: 'Accepted', status: 'True' as const, reason: 'r', message: 'm', observedGeneration: 1 },
  ],
});
const notice = (message: string) => ({
  kind: 'Pod',
  namespace: 'shop',
  name: 'cart',
  type: 'Warning' as const,
  reason: 'r',
  message,
});

test('beside a leader nothing is written; on taking over, all that is wanted is, and of statuses the newest first', async (t) => {
  const seen: string[] = [];
  const { leadership, lead } = candidacy(false);
  const clock = createFakeClock();
  const queue = createSinkQueue({
    leadership,
    clock,
    sink: {
      ...silentSink,
      setStatus: async ({ name }) => void seen.push(name),
      recordEvent: async ({ message }) => void seen.push(message),
      applyObject: async () => void seen.push('applied'),
    },
  });
  queue.recordEvent(notice('long ago'));
  await clock.advance(60_000);
  queue.setStatus(accepted('one'));
  queue.setStatus(accepted('two'));
  queue.setStatus(accepted('three'));
  queue.forgetStatus(accepted('three'));
  queue.setStatus(accepted('one'));
  queue.applyObject({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'shop', name: 'x', labels: {}, annotations: {}, ownerReferences: [] },
  });
  queue.recordEvent(notice('just now'));
  await queue.idle();
  t.same(seen, []);
  lead(true);
  await queue.idle();
  t.same(seen, ['just now', 'two', 'one']);
  queue.setStatus(accepted('one'));
  await queue.idle();
  t.equal(seen.length, 3, 'nothing new');
  await queue.close();
});

test('who leads no more stops writing at once, and writes again when it leads again', async (t) => {
  const seen: string[] = [];
  const { leadership, lead } = candidacy(true);
  const queue = createSinkQueue({
    leadership,
    sink: {
      ...silentSink,
      setStatus: ({ name }, signal) =>
        new Promise((resolve, reject) => {
          seen.push(name);
          if (seen.length > 1) resolve();
          else signal?.addEventListener('abort', () => reject(signal.reason));
        }),
    },
  });
  queue.setStatus(accepted('one'));
  await new Promise((resolve) => setImmediate(resolve));
  lead(false);
  await queue.idle();
  t.same(seen, ['one'], 'the write under way was called back');
  queue.setStatus(accepted('two'));
  t.equal(queue.waiting, 0);
  lead(true);
  await queue.idle();
  t.same(seen, ['one', 'two', 'one']);
  await queue.close();
});

test('taking over does not write everything at once', async (t) => {
  const { leadership, lead } = candidacy(false);
  let now = 0;
  let most = 0;
  let all = 0;
  const queue = createSinkQueue({
    leadership,
    sink: {
      ...silentSink,
      async setStatus() {
        now += 1;
        all += 1;
        most = Math.max(most, now);
        await new Promise((resolve) => setImmediate(resolve));
        now -= 1;
      },
    },
  });
  for (let index = 0; index < 500; index++) queue.setStatus(accepted(`route-${index}`));
  lead(true);
  await queue.idle();
  t.equal(all, 500);
  t.ok(most <= 16, `${most} at once`);
  await queue.close();
});
