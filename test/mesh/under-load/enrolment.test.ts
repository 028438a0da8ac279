import { after, before, test } from 'tap';
import { hasFailures, startLoad } from '../support/load.ts';
import { peerAuthentication } from '../support/objects.ts';
import { LOAD_SECONDS, startWorld, untilEnrolled, type World } from '../support/world.ts';

const LOADS = [
  { behaviour: 'rate', amount: 50 },
  { behaviour: 'hold', amount: 5 },
] as const;
const TIMEOUT = { timeout: (LOAD_SECONDS * 3 + 300) * 1000 };

let world: World;
before(async () => {
  world = await startWorld({
    name: 'enrolment',
    namespaces: { changing: false, outside: false, inside: true, strict: false },
    more: [peerAuthentication('strict', 'STRICT')],
  });
});
after(() => world.lab.down());

/** Who talks to whom while a namespace's label changes: `from` and `to` are namespaces. */
interface Flow {
  readonly from: string;
  readonly to: string;
}

/** Steady new connections, and some that are held open, on every flow, before, during and after `change`. */
async function loadWhile(flows: readonly Flow[], change: () => Promise<void>): Promise<void> {
  const loads = await Promise.all(
    flows.flatMap(({ from, to }) =>
      LOADS.map(async (load) => ({
        name: `${from} → ${to}`,
        load: await startLoad(world.lab, world.client(from), { ...load, target: world.server(to, 7000) }),
      })),
    ),
  );
  await change();
  const answers = await Promise.all(
    loads.map(async ({ name, load }) => ({ name, answer: await load.stop() })),
  );
  const failed = answers.filter(({ answer }) => hasFailures(answer));
  if (failed.length > 0)
    throw new Error(`failures while the label changed: ${JSON.stringify(failed, null, 1)}`);
}

const label = (namespaceName: string, change: string): Promise<string> =>
  world.lab.lab('label', 'namespace', namespaceName, change);

test(
  'labelling a namespace under load fails no connection, and lists those that are older',
  TIMEOUT,
  async (t) => {
    const flows = [
      { from: 'outside', to: 'changing' },
      { from: 'changing', to: 'outside' },
      { from: 'inside', to: 'changing' },
      { from: 'changing', to: 'inside' },
      { from: 'changing', to: 'changing' },
    ];
    let older = '';
    await loadWhile(flows, async () => {
      await label('changing', 'istio.io/dataplane-mode=ambient');
      await untilEnrolled(world, 'changing', 2);
      older = await world.lab.nodemesh('connections', '-o', 'json');
    });
    t.match(older, /older/i, 'connections from before the enrolment are listed as such');
  },
);

test('unlabelling a namespace under load fails no connection', TIMEOUT, async () => {
  const flows = [
    { from: 'outside', to: 'changing' },
    { from: 'inside', to: 'changing' },
    { from: 'changing', to: 'inside' },
    { from: 'changing', to: 'changing' },
  ];
  await loadWhile(flows, async () => {
    await label('changing', 'istio.io/dataplane-mode-');
    await untilEnrolled(world, 'changing', 0);
  });
});

test(
  'a STRICT namespace joins and leaves under load from inside the mesh without a failure',
  TIMEOUT,
  async (t) => {
    const flows = [
      { from: 'inside', to: 'strict' },
      { from: 'strict', to: 'inside' },
      { from: 'strict', to: 'strict' },
    ];
    await loadWhile(flows, async () => {
      await label('strict', 'istio.io/dataplane-mode=ambient');
      await untilEnrolled(world, 'strict', 2);
    });
    const outsider = await world.lab.client(world.client('outside'), 'echo', world.server('strict', 7000));
    t.not(outsider.outcome, 'ok', 'plaintext from outside is refused');
    await loadWhile(flows, async () => {
      await label('strict', 'istio.io/dataplane-mode-');
      await untilEnrolled(world, 'strict', 0);
    });
  },
);
