import fc from 'fast-check';
import { test } from 'tap';
import type { ObjectKind } from '../../../../src/controller/objects/index.ts';
import { ApiStatus } from '../../../support/kubernetes-api/api-object.ts';
import type { Fault } from '../../../support/kubernetes-api/misbehaviour.ts';
import type { Verb } from '../../../support/kubernetes-api/request-info.ts';
import { objectOf } from './objects.ts';
import { createWorld, type World } from './world.ts';

/** How long histories are made, in seconds: some thousand of them, more with `NODEMESH_TEST_SECONDS=600`. */
const SECONDS = Number(process.env.NODEMESH_TEST_SECONDS ?? 40);
/** Histories that run side by side: they mostly wait. */
const LANES = 12;

type Step =
  | { readonly do: 'put'; readonly kind: ObjectKind; readonly name: string; readonly variant: number }
  | { readonly do: 'remove'; readonly kind: ObjectKind; readonly name: string }
  | {
      readonly do: 'fault';
      readonly verb: Verb;
      readonly resource: string | undefined;
      readonly fault: Fault;
      readonly times: number;
    }
  | {
      readonly do: 'watches';
      readonly how: 'cut' | 'end' | 'freeze' | 'hold' | 'release' | 'bookmark';
      readonly resource: string | undefined;
    }
  | { readonly do: 'error'; readonly code: number; readonly resource: string | undefined }
  | { readonly do: 'restart'; readonly versions: 'same' | 'lower' | 'higher'; readonly awayMs: number }
  | { readonly do: 'compact' }
  | { readonly do: 'uninstall' }
  | { readonly do: 'install'; readonly versions: readonly string[] }
  | { readonly do: 'pause'; readonly ms: number };

const kind = fc.constantFrom<ObjectKind>('Namespace', 'Pod', 'HTTPRoute', 'AuthorizationPolicy');
const name = fc.constantFrom('a', 'b', 'c', 'd');
const resource = fc.option(
  fc.constantFrom(
    'namespaces',
    'pods',
    'httproutes.gateway.networking.k8s.io',
    'authorizationpolicies.security.istio.io',
    'customresourcedefinitions.apiextensions.k8s.io',
  ),
  { nil: undefined },
);
const fault = fc.oneof(
  fc.record({
    type: fc.constant('status' as const),
    code: fc.constantFrom(403, 404, 410, 429, 500, 503, 504),
  }),
  fc.record({ type: fc.constant('status' as const), code: fc.constant(429), retryAfterSeconds: fc.nat(2) }),
  fc.record({ type: fc.constant('slow' as const), ms: fc.integer({ min: 1, max: 30 }) }),
  fc.record({ type: fc.constant('stale' as const), changes: fc.integer({ min: 1, max: 10 }) }),
  fc.constantFrom<Fault>(
    { type: 'truncate' },
    { type: 'garble' },
    { type: 'drop' },
    { type: 'hang' },
    { type: 'repeat' },
    { type: 'shuffle' },
  ),
);
const change = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('put' as const), kind, name, variant: fc.nat(5) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('remove' as const), kind, name }) },
);
const trouble: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('fault' as const),
      verb: fc.constantFrom<Verb>('list', 'watch', 'discover'),
      resource,
      fault,
      times: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('watches' as const),
      how: fc.constantFrom('cut', 'end', 'freeze', 'hold', 'release', 'bookmark'),
      resource,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('error' as const),
      code: fc.constantFrom(410, 500, 504),
      resource,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('restart' as const),
      versions: fc.constantFrom('same', 'lower', 'higher'),
      awayMs: fc.nat(20),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ do: 'compact' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'uninstall' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('install' as const),
      versions: fc.constantFrom(['v1', 'v1beta1'], ['v1beta1'], ['v1']),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('pause' as const), ms: fc.nat(15) }) },
);
/** A step, and how long the source has to notice before the next one. */
const steps = fc.array(
  fc.record({
    step: fc.oneof({ weight: 3, arbitrary: change }, { weight: 2, arbitrary: trouble }),
    thenMs: fc.constantFrom(0, 0, 0, 1, 3, 8),
  }),
  {
    minLength: 1,
    maxLength: 30,
  },
);

test('after any history of changes and misbehaviour the source says what is so, and nothing is left open', async (t) => {
  let count = 0;
  const property = fc.asyncProperty(steps, steps, fc.boolean(), async (before, after, isCalmAtFirst) => {
    count++;
    const world = await createWorld();
    try {
      for (const { step } of before) if (!isCalmAtFirst || isChange(step)) await take(world, step);
      const starting = world.source.start();
      if (isCalmAtFirst) await starting;
      for (const { step, thenMs } of after) {
        await take(world, step);
        if (thenMs > 0) await sleep(thenMs);
      }
      await heal(world);
      await starting;
      await world.agree();
    } catch (error) {
      await world.close().catch(() => undefined);
      throw error;
    }
    await world.close();
  });
  const untilMs = performance.now() + SECONDS * 1000;
  const lane = async (): Promise<void> => {
    while (performance.now() < untilMs) await fc.assert(property, { numRuns: 10, endOnFailure: true });
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  t.comment(`${count} histories`);
  t.ok(count > LANES);
});

function isChange(step: Step): boolean {
  return step.do === 'put' || step.do === 'remove';
}

async function take({ fake, install, uninstall }: World, step: Step): Promise<void> {
  const match = 'resource' in step && step.resource !== undefined ? { resource: step.resource } : {};
  switch (step.do) {
    case 'put':
      if (isServed(fake, step.kind)) fake.put(objectOf(step.kind, step.name, step.variant));
      return;
    case 'remove':
      if (isServed(fake, step.kind))
        fake.remove(step.kind, step.kind === 'Namespace' ? '' : 'shop', step.name);
      return;
    case 'fault':
      fake.faults.add(
        { verb: step.verb, ...(step.verb === 'discover' ? {} : match) },
        step.fault,
        step.times,
      );
      return;
    case 'watches':
      return disturb(fake, step.how, match);
    case 'error':
      return fake.watches.fail(new ApiStatus(step.code, '', 'told to fail'), match);
    case 'restart':
      await fake.stop();
      if (step.versions === 'lower') fake.store.renumber(Math.max(1_000, fake.store.version - 300_000));
      if (step.versions === 'higher') fake.store.renumber(fake.store.version + 5_000_000);
      await sleep(step.awayMs);
      return await fake.start();
    case 'compact':
      return fake.store.compact();
    case 'uninstall':
      if (isServed(fake, 'HTTPRoute')) uninstall('HTTPRoute');
      return;
    case 'install':
      return install('HTTPRoute', step.versions);
    case 'pause':
      return await sleep(step.ms);
  }
}

type Fake = World['fake'];

function disturb(
  { watches }: Fake,
  how: Extract<Step, { do: 'watches' }>['how'],
  match: { readonly resource?: string },
): void {
  if (how === 'cut') watches.drop(match);
  else if (how === 'end') watches.drop(match, 'end');
  else if (how === 'release') watches.release();
  else watches[how](match);
}

/** From here on the API server is as it should be; what was frozen stays so. */
async function heal({ fake }: World): Promise<void> {
  fake.faults.clear();
  fake.watches.release();
}

function isServed(fake: Fake, kind: ObjectKind): boolean {
  try {
    fake.get(kind, '', '');
    return true;
  } catch {
    // Withdrawn: then nothing can be put there.
    return false;
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
