import { test } from 'tap';
import { silentLogger } from '../../src/base/index.ts';
import type { EnrolmentPod } from '../../src/model/index.ts';
import {
  createNodeEnrolment,
  type EnrolmentPorts,
  type PodNamespace,
} from '../../src/ztunnel/enrolment/index.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { podOf } from './support/pod-of.ts';

interface FakeNamespace extends PodNamespace {
  closed: boolean;
}

/** A world with one pod's namespace; `steps` is what the machine did, in order. */
function fakeWorld() {
  const clock = createFakeClock();
  const steps: string[] = [];
  const world = {
    clock,
    steps,
    inode: 1n as bigint | undefined,
    captured: false,
    failing: new Set<string>(),
    tracked: 0,
    receipt: true,
    endDrain: (() => undefined) as () => void,
    holdDrain: false,
    silentController: false,
    othersBehind: false,
    deleted: false,
  };
  const step = (name: string): void => {
    steps.push(name);
    if (world.failing.has(name)) throw new Error(`${name} failed`);
  };
  const ports: EnrolmentPorts<FakeNamespace> = {
    async openNamespace(): Promise<FakeNamespace> {
      if (world.inode === undefined) throw new Error('no namespace');
      const opened: FakeNamespace = {
        device: 1n,
        inode: world.inode,
        closed: false,
        close() {
          opened.closed = true;
        },
      };
      return opened;
    },
    isCurrent: async (_pod, namespace) => namespace.inode === world.inode,
    isDeleted: () => world.deleted,
    ensureSvid: async () => step('svid'),
    async startProxy() {
      step('listen');
      return {
        drain: () => {
          steps.push('drain');
          if (!world.holdDrain) return Promise.resolve();
          return new Promise<void>((resolve) => {
            world.endDrain = resolve;
          });
        },
        destroy: () => steps.push('destroy'),
      };
    },
    redirection: {
      isCaptured: async () => world.captured,
      requirePorts: () => undefined,
      async apply(_namespace, _pod, part) {
        step(`+${part}`);
        if (part === 'nat' || part === 'nat-inbound') world.captured = true;
      },
      async remove(_namespace, _pod, part) {
        step(`-${part}`);
        if (part === 'nat-outbound') world.captured = false;
      },
      trackedConnections: async () => world.tracked,
    },
    noteExistingConnections() {
      steps.push('note existing');
      return () => void steps.push('captured existing');
    },
    report({ state }) {
      steps.push(`report ${state}`);
      if (world.silentController && state !== 'captured') return new Promise(() => undefined);
      return Promise.resolve({ acknowledged: world.receipt });
    },
    othersInStep() {
      steps.push('others');
      return world.othersBehind ? new Promise(() => undefined) : Promise.resolve({ acknowledged: true });
    },
    clock,
    log: silentLogger,
    random: () => 0.5,
  };
  return { world, enrolment: createNodeEnrolment(ports) };
}

function pod(overrides: Partial<EnrolmentPod> = {}): EnrolmentPod {
  return podOf({ kubernetesUid: '', netns: 'shop.cart', ...overrides });
}

const ENROLLED = [
  'svid',
  'listen',
  '+routing',
  'report prepared',
  'note existing',
  '+nat-outbound',
  'report sending',
  'others',
  '+nat-inbound',
  'captured existing',
  'report captured',
];

test('a running pod is announced before it is captured', async (t) => {
  const { world, enrolment } = fakeWorld();
  enrolment.update({ upserts: [pod()], removed: [] });
  await enrolment.settled();
  t.same(world.steps, ENROLLED);
  t.equal(enrolment.pods()[0]?.state.kind, 'captured');
  await enrolment.stop();
  t.equal(world.clock.pending, 0, 'no timer is left');
});

test('a new pod is captured before anybody is told', async (t) => {
  const { world, enrolment } = fakeWorld();
  enrolment.update({ upserts: [pod({ isNew: true })], removed: [] });
  await enrolment.settled();
  t.same(world.steps, [
    'svid',
    'listen',
    '+routing',
    'note existing',
    '+nat',
    'captured existing',
    'report captured',
  ]);
  await enrolment.stop();
});

test('capturing does not wait longer than 500 ms for a silent controller', async (t) => {
  const { world, enrolment } = fakeWorld();
  world.silentController = true;
  enrolment.update({ upserts: [pod()], removed: [] });
  await world.clock.advance(499);
  t.notOk(world.steps.includes('+nat-outbound'));
  await world.clock.advance(1);
  t.ok(world.steps.includes('+nat-outbound'));
  await world.clock.advance(500);
  t.ok(world.captured, 'nor once more for those who join with it');
  await enrolment.stop();
});

test('a running pod takes plaintext on until those that join with it send no more of it, for 10 s at most', async (t) => {
  const { world, enrolment } = fakeWorld();
  world.othersBehind = true;
  enrolment.update({ upserts: [pod()], removed: [] });
  await world.clock.advance(9_999);
  t.same(world.steps.slice(-2), ['report sending', 'others']);
  await world.clock.advance(1);
  t.ok(world.captured);
  await enrolment.stop();
  t.equal(world.clock.pending, 0);
});

test('unenrolling withdraws the announcement between inbound and outbound, and ends with routing', async (t) => {
  const { world, enrolment } = fakeWorld();
  enrolment.update({ upserts: [pod()], removed: [] });
  await enrolment.settled();
  world.steps.length = 0;
  world.holdDrain = true;
  enrolment.update({ upserts: [], removed: [pod().uid] });
  await world.clock.advance(2_500);
  t.same(world.steps, ['-nat-inbound', 'report leaving', 'others', '-nat-outbound', 'drain']);
  world.endDrain();
  world.tracked = 1;
  await world.clock.advance(1_000);
  t.notMatch(world.steps, ['-routing'], 'a connection that the kernel tracks keeps routing in');
  world.tracked = 0;
  await world.clock.advance(1_000);
  t.same(world.steps.slice(5), ['-routing', 'report released']);
  t.same(enrolment.pods(), []);
  await enrolment.stop();
});

test('a pod labelled again while it drains is enrolled beside what drains', async (t) => {
  const { world, enrolment } = fakeWorld();
  enrolment.update({ upserts: [pod()], removed: [] });
  await enrolment.settled();
  world.holdDrain = true;
  enrolment.update({ upserts: [], removed: [pod().uid] });
  await world.clock.advance(100);
  world.steps.length = 0;
  enrolment.update({ upserts: [pod()], removed: [] });
  await world.clock.advance(100);
  t.same(world.steps, ENROLLED);
  world.endDrain();
  world.holdDrain = false;
  await enrolment.stop();
});

test('a process that goes on with a pod whose connections live on is ready before they have ended', async (t) => {
  const { world, enrolment } = fakeWorld();
  world.tracked = 1;
  enrolment.resumeReleases([pod()]);
  let isSettled = false;
  void enrolment.settled().then(() => {
    isSettled = true;
  });
  await world.clock.advance(10_000);
  t.ok(isSettled, 'others wait for it, and may wait for an hour');
  t.notMatch(world.steps, ['-routing']);
  world.tracked = 0;
  await world.clock.advance(1_000);
  t.match(world.steps.slice(-2), ['-routing', 'report released']);
  await enrolment.stop();
});

test('a failing step is reported and tried again with backoff', async (t) => {
  const { world, enrolment } = fakeWorld();
  world.failing.add('+nat-outbound');
  enrolment.update({ upserts: [pod()], removed: [] });
  await enrolment.settled();
  t.equal(enrolment.pods()[0]?.state.kind, 'waiting');
  t.equal(world.steps.at(-1), 'report failed');
  world.failing.clear();
  await world.clock.advance(200);
  t.equal(enrolment.pods()[0]?.state.kind, 'captured');
  await enrolment.stop();
});

test('rules of an earlier process are found and left alone', async (t) => {
  const { world, enrolment } = fakeWorld();
  world.captured = true;
  enrolment.update({ upserts: [pod()], removed: [] });
  await enrolment.settled();
  t.same(world.steps, ['svid', 'listen', '+routing', 'report captured']);
  await enrolment.stop();
});

test('other modes replace the rules of a captured pod', async (t) => {
  const { world, enrolment } = fakeWorld();
  enrolment.update({ upserts: [pod()], removed: [] });
  await enrolment.settled();
  world.steps.length = 0;
  enrolment.update({
    upserts: [pod({ modes: { ...pod().modes, excludedOutboundPorts: [5432] } })],
    removed: [],
  });
  await world.clock.advance(1);
  t.match(world.steps, ['svid', '+routing', '+nat', 'report captured']);
  await enrolment.stop();
});

test('a namespace of the same name but another inode gets a proxy of its own', async (t) => {
  const { world, enrolment } = fakeWorld();
  enrolment.update({ upserts: [pod()], removed: [] });
  await enrolment.settled();
  world.steps.length = 0;
  world.inode = 2n;
  world.captured = false;
  await world.clock.advance(1_100);
  t.same(world.steps, ['destroy', ...ENROLLED]);
  await enrolment.stop();
});

test('a deleted pod is let go of at once, without touching rules', async (t) => {
  const { world, enrolment } = fakeWorld();
  enrolment.update({ upserts: [pod()], removed: [] });
  await enrolment.settled();
  world.steps.length = 0;
  world.inode = undefined;
  await world.clock.advance(3_000);
  t.same(world.steps, ['destroy']);
  t.equal(enrolment.pods()[0]?.state.kind, 'gone');
  enrolment.update({ upserts: [], removed: [pod().uid] });
  await world.clock.advance(1);
  t.same(world.steps, ['destroy', 'report released']);
  t.same(enrolment.pods(), []);
  await enrolment.stop();
});

test('a pod that is deleted while it runs stays captured until its namespace goes', async (t) => {
  const { world, enrolment } = fakeWorld();
  enrolment.update({ upserts: [pod()], removed: [] });
  await enrolment.settled();
  world.steps.length = 0;
  world.deleted = true;
  enrolment.update({ upserts: [], removed: [pod().uid] });
  await world.clock.advance(30_000);
  t.same(world.steps, []);
  world.inode = undefined;
  await world.clock.advance(1_000);
  t.same(world.steps, ['destroy', 'report released']);
  await enrolment.stop();
  t.equal(world.clock.pending, 0);
});

test('that a pod was deleted may be heard while it leaves: what it sends stays captured', async (t) => {
  const { world, enrolment } = fakeWorld();
  enrolment.update({ upserts: [pod()], removed: [] });
  await enrolment.settled();
  world.steps.length = 0;
  world.othersBehind = true;
  enrolment.update({ upserts: [], removed: [pod().uid] });
  await world.clock.advance(1_000);
  world.deleted = true;
  await world.clock.advance(30_000);
  t.same(world.steps, ['-nat-inbound', 'report leaving', 'others']);
  world.inode = undefined;
  await world.clock.advance(1_000);
  t.same(world.steps.slice(3), ['destroy', 'report released']);
  await enrolment.stop();
});

test('a process that stops drains and leaves the rules in', async (t) => {
  const { world, enrolment } = fakeWorld();
  enrolment.update({ upserts: [pod()], removed: [] });
  await enrolment.settled();
  world.steps.length = 0;
  await enrolment.stop();
  t.same(world.steps, ['drain']);
  t.ok(world.captured);
  t.equal(world.clock.pending, 0);
});

test('a pod that another mesh has is not touched until its resource says so, but one that is captured stays', async (t) => {
  const held = pod({ heldBy: 'Istio has captured it' });
  const { world, enrolment } = fakeWorld();
  enrolment.update({ upserts: [held], removed: [] });
  await enrolment.settled();
  t.same(world.steps, ['report failed']);
  t.match(enrolment.pods()[0]?.state, {
    kind: 'waiting',
    error: { code: 'ERR_ZTUNNEL_CAPTURED_BY_ANOTHER', message: /Istio has captured it/ },
  });
  enrolment.update({ upserts: [pod()], removed: [] });
  for (let round = 0; round < 100 && enrolment.pods()[0]?.state.kind !== 'captured'; round++)
    await new Promise((resolve) => setImmediate(resolve));
  t.same(world.steps.slice(1), ENROLLED);
  enrolment.update({ upserts: [held], removed: [] });
  await new Promise((resolve) => setTimeout(resolve, 20));
  t.equal(enrolment.pods()[0]?.state.kind, 'captured');
  await enrolment.stop();
});
