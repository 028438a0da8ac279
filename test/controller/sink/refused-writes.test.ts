import { test } from 'tap';
import { type Logger, silentLogger } from '../../../src/base/index.ts';
import { ControllerError } from '../../../src/controller/errors.ts';
import { errorOfStatus } from '../../../src/controller/kubernetes/errors.ts';
import { createSinkQueue, silentSink } from '../../../src/controller/sink/index.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const RBAC =
  'pods "a" is forbidden: User "u" cannot patch resource "pods/status" in API group "" in the namespace "shop"';
const ADMISSION =
  'pods "a" is forbidden: unable to create new content in namespace shop because it is being terminated';

function refusal(message: string): ControllerError {
  const cause = errorOfStatus('patch pods/status', { status: 403, reason: 'Forbidden', message });
  const { hint, retryable } = cause;
  return new ControllerError({
    ...{ code: 'ERR_CONTROLLER_SINK', blame: 'upstream', message: 'annotations', hint, retryable, cause },
  });
}

/** A queue into a sink that refuses for as long as `why` says why. */
function refusing() {
  const clock = createFakeClock();
  const said: string[] = [];
  const writes: string[] = [];
  const state: { why: string | undefined } = { why: RBAC };
  const say: Logger['warn'] = (message, fields) =>
    void said.push(`${message} ${String(fields?.right ?? '')}`.trim());
  const log = { ...silentLogger, info: say, warn: say, error: say };
  const write = async (name: string): Promise<void> => {
    writes.push(name);
    if (state.why !== undefined) throw refusal(state.why);
  };
  const queue = createSinkQueue({
    sink: { ...silentSink, annotatePod: ({ name }) => write(name), recordEvent: ({ name }) => write(name) },
    clock,
    log,
  });
  const annotate = (name: string): void =>
    void queue.annotatePod({ namespace: 'shop', name, annotations: {} });
  return { clock, said, writes, state, queue, annotate };
}

const MISSING = 'a right is missing; what it is for is not written until it is given patch pods/status';

test('a right that is missing for a hundred pods is said once, and asked for now and then', async (t) => {
  const { clock, said, writes, state, queue, annotate } = refusing();
  for (let index = 0; index < 100; index += 1) annotate(`pod-${index}`);
  await clock.advance(9_000);
  t.same(said, [MISSING]);
  t.equal(writes.length, 100, 'nothing is repeated each second');
  await clock.advance(60_000);
  t.ok(writes.length <= 100 + 60 * 6, `${writes.length} attempts in a minute`);
  t.same(said, [MISSING]);
  t.equal(queue.waiting, 100);

  state.why = undefined;
  await clock.advance(20_000);
  t.equal(queue.waiting, 0, 'when it is given all that waited is written, without a restart');
  t.same(said, [MISSING, 'a right that was missing has been given patch pods/status']);
  state.why = RBAC;
  annotate('pod-0');
  await clock.advance(1_000);
  t.equal(said.at(-1), MISSING, 'and said again when it is taken away again');
  await queue.close();
});

test('the first write that succeeds wakes those that would have waited longer', async (t) => {
  const { clock, state, queue, annotate } = refusing();
  for (let index = 0; index < 1_000; index += 1) annotate(`pod-${index}`);
  await clock.advance(1_000);
  state.why = undefined;
  await clock.advance(10_000);
  t.equal(queue.waiting, 0, 'not after 200 s');
  await queue.close();
});

test('only the newest waits, and closing gives it up', async (t) => {
  const { clock, writes, queue, annotate } = refusing();
  annotate('pod');
  await clock.advance(100);
  annotate('pod');
  await clock.advance(5_000);
  t.equal(queue.waiting, 1);
  t.equal(writes.length, 1);
  await queue.close();
  t.equal(clock.pending, 0);
});

test('what happened is not told hours later: an Event without the right is dropped, said once', async (t) => {
  const { clock, said, queue } = refusing();
  for (const name of ['a', 'b', 'c'])
    queue.recordEvent({ kind: 'Pod', namespace: 'shop', name, type: 'Warning', reason: 'R', message: 'm' });
  await clock.advance(100);
  t.equal(queue.waiting, 0);
  t.same(said, [MISSING]);
  await queue.close();
});

test('a refusal that no right would change is no missing right', async (t) => {
  const { clock, said, state, queue, annotate } = refusing();
  state.why = ADMISSION;
  annotate('a');
  await clock.advance(100);
  t.equal(queue.waiting, 0);
  t.same(said, ['write given up']);
  await queue.close();
});
