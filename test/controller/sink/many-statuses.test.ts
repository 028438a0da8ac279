import { setImmediate as turn } from 'node:timers/promises';
import { test } from 'tap';
import { createSignal } from '../../../src/base/index.ts';
import { ControllerError } from '../../../src/controller/errors.ts';
import { errorOfStatus } from '../../../src/controller/kubernetes/errors.ts';
import { createSinkQueue, type ObjectStatus, silentSink } from '../../../src/controller/sink/index.ts';

/** As many as a test has time for; 100,000 differ in nothing but the time. */
const MANY = 20_000;

function status(name: string, reason = 'Accepted', kind = 'HTTPRoute'): ObjectStatus {
  const condition = { type: 'Accepted', status: 'True' as const, reason, message: '', observedGeneration: 1 };
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind,
    namespace: 'shop',
    name,
    writer: 'test',
    conditions: [condition],
  };
}

/** A queue whose writes take some turns of the loop, beside a leader until it leads. */
function queueOf({ leading = false, refused = '' } = {}) {
  const changes = createSignal<boolean>();
  const leadership = { leading, changes };
  const written: string[] = [];
  let atOnce = 0;
  let mostAtOnce = 0;
  const write = async (what: string): Promise<void> => {
    mostAtOnce = Math.max(mostAtOnce, ++atOnce);
    await turn();
    atOnce -= 1;
    written.push(what);
  };
  const sink = {
    ...silentSink,
    staleStatuses: async (all: readonly ObjectStatus[]) => all,
    async setStatus({ kind, name, conditions = [] }: ObjectStatus) {
      await write(`${name} ${conditions[0]?.reason}`);
      if (kind === refused) throw forbidden();
    },
    applyObject: () => write('object'),
    recordEvent: () => write('event'),
  };
  const queue = createSinkQueue({ sink, leadership });
  const lead = (now: boolean): void => {
    leadership.leading = now;
    changes.emit(now);
  };
  const until = async (count: number): Promise<void> => {
    while (written.length < count) await turn();
  };
  return { queue, lead, written, until, mostAtOnce: () => mostAtOnce };
}

function forbidden(): ControllerError {
  const message =
    'httproutes "a" is forbidden: User "u" cannot patch resource "httproutes/status" in API group "gateway.networking.k8s.io"';
  const cause = errorOfStatus('patch httproutes/status', { status: 403, reason: 'Forbidden', message });
  return new ControllerError({
    ...{ code: 'ERR_CONTROLLER_SINK', blame: 'upstream', message: 'status', retryable: false, cause },
  });
}

/** Few enough to be written within seconds by an API server that takes fifty a second. */
const SOON = 300;

test('what happens while a new leader writes thousands of statuses does not wait behind them', async (t) => {
  const { queue, lead, written, until, mostAtOnce } = queueOf();
  for (let index = 0; index < MANY; index++) queue.setStatus(status(`route-${index}`));
  lead(true);
  await until(1_000);
  t.ok(queue.waiting > MANY - 2_000, 'what is left is counted');
  t.match(written[0], /^route-1\d{4} /, 'the newest come first');
  const before = written.length;
  queue.setStatus(status('fresh'));
  queue.setStatus(status('route-0', 'Changed'));
  queue.applyObject({ kind: 'Deployment', metadata: { namespace: 'shop', name: 'waypoint' } } as never);
  queue.recordEvent({
    ...{ kind: 'Pod', namespace: 'shop', name: 'cart', type: 'Normal' as const },
    ...{ reason: 'Seen', message: '' },
  });
  await queue.idle();
  for (const what of ['fresh Accepted', 'route-0 Changed', 'object', 'event']) {
    const place = written.indexOf(what);
    t.ok(place >= before && place < before + SOON, `${what} is number ${place - before}`);
  }
  t.notOk(written.includes('route-0 Accepted'), 'what has been overtaken is not written');
  t.equal(written.length, MANY + 3);
  t.equal(new Set(written).size, MANY + 3, 'each once');
  t.ok(mostAtOnce() <= 16);
  t.equal(queue.waiting, 0);
});

test('a change that concerns every object does not hold up what comes after it', async (t) => {
  const { queue, written, until } = queueOf({ leading: true });
  for (let index = 0; index < 10_000; index++) queue.setStatus(status(`route-${index}`));
  queue.setStatus(status('late'));
  await until(500);
  const before = written.length;
  queue.setStatus(status('later'));
  t.ok(written.indexOf('late Accepted') < SOON);
  queue.setStatus(status('route-5000', 'Changed'));
  await queue.idle();
  for (const what of ['later Accepted', 'route-5000 Changed'])
    t.ok(written.indexOf(what) < before + SOON, `${what} is number ${written.indexOf(what) - before}`);
  t.notOk(written.lastIndexOf('route-5000 Accepted') > written.indexOf('route-5000 Changed'));
  t.same(new Set(written).size, written.length);
});

test('a right that is missing for thousands does not keep others from being written', async (t) => {
  const { queue, lead, written, until } = queueOf({ refused: 'HTTPRoute' });
  for (let index = 0; index < 1_000; index++)
    queue.setStatus(status(`gateway-${index}`, 'Accepted', 'Gateway'));
  for (let index = 0; index < 1_000; index++) queue.setStatus(status(`route-${index}`));
  lead(true);
  await until(2_000);
  t.equal(written.filter((line) => line.startsWith('gateway-')).length, 1_000);
  queue.setStatus(status('fresh', 'Accepted', 'Gateway'));
  await until(2_001);
  t.equal(written.at(-1), 'fresh Accepted');
  await queue.close();
});

test('who leads no more writes no more of what was left', async (t) => {
  const { queue, lead, written, until } = queueOf();
  for (let index = 0; index < 5_000; index++) queue.setStatus(status(`route-${index}`));
  lead(true);
  await until(100);
  lead(false);
  await queue.idle();
  t.ok(written.length < 200);
  t.equal(queue.waiting, 0);
  lead(true);
  await queue.idle();
  t.equal(new Set(written).size, 5_000, 'until it leads again');
  await queue.close();
});
