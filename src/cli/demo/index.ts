import type { Command } from 'commander';
import { createLabClient, findLab } from '../../lab/index.ts';
import type { CliContext } from '../context.ts';
import { labsDirectory, bringUp, takeDown } from '../lab/index.ts';
import { formatTable } from '../terminal/index.ts';
import type { DemoCheck } from './checks.ts';
import { observeShop, type Shop } from './shop.ts';
import { allowByIdentity } from './steps/allow.ts';
import { crashTheProxy } from './steps/crash.ts';
import { joinByLabel } from './steps/join.ts';
import { readTheWire } from './steps/plaintext.ts';
import { putAWaypointInTheWay } from './steps/waypoint.ts';

const LAB_NAME = 'demo';

type DemoStep = (shop: Shop, say: (text: string) => void) => Promise<readonly DemoCheck[]>;

/** The story in the order in which it is told. */
const STEPS: readonly { readonly title: string; readonly run: DemoStep }[] = [
  { title: 'No mesh', run: readTheWire },
  { title: 'Join by label', run: joinByLabel },
  { title: 'Policy by identity', run: allowByIdentity },
  { title: 'Policy by request', run: putAWaypointInTheWay },
  { title: 'A proxy crashes', run: crashTheProxy },
];

/** `nodemesh demo`. */
export function addDemoCommand(program: Command, context: CliContext): void {
  program
    .command('demo')
    .description(
      'show what the mesh does: a two-node lab, a label, policies, a waypoint, a crash (about a minute)',
    )
    .option('--keep', 'leave the lab running afterwards')
    .action((options: { readonly keep?: boolean }) => runDemo(options.keep ?? false, context));
}

async function runDemo(keep: boolean, context: CliContext): Promise<void> {
  const { stdout, colours } = context.terminal;
  const file: readonly string[] = [];
  const options = {
    file,
    nodes: 2,
    name: LAB_NAME,
    mesh: true,
    wait: true,
    timeout: 90,
    svidTtl: '24h',
    logLevel: 'info',
  };
  stdout.write(`\n${colours.bold('A lab')}\n`);
  await bringUp(options, context);
  const stateDirectory = findLab(labsDirectory(context), LAB_NAME);
  const checks: DemoCheck[] = [];
  try {
    const shop = observeShop(createLabClient(stateDirectory));
    for (const { title, run } of STEPS) {
      stdout.write(`\n${colours.bold(title)}\n`);
      for (const check of await run(shop, (text) => stdout.write(`${colours.dim(text)}\n`))) {
        checks.push(check);
        stdout.write(`${check.ok ? colours.green('✓') : colours.red('✗')} ${check.claim}: ${check.seen}\n`);
      }
    }
  } finally {
    if (!keep) await takeDown(stateDirectory, context);
  }
  const rows = checks.map(({ claim, seen, ok }) => [
    ok ? colours.green('yes') : colours.red('NO'),
    claim,
    seen,
  ]);
  stdout.write(`\n${formatTable(['HOLDS', 'CLAIM', 'SEEN'], rows, 2)}`);
  const different = checks.filter(({ ok }) => !ok).length;
  if (different > 0) {
    stdout.write(`\n${different} of ${checks.length} did not hold\n`);
    context.setExitCode(1);
  }
  if (keep) stdout.write(WHAT_NEXT);
}

const WHAT_NEXT = `
The lab is still up. Try next:
  nodemesh workloads --lab ${LAB_NAME}                who is in the mesh
  nodemesh connections --lab ${LAB_NAME}              who talks to whom
  nodemesh policies --lab ${LAB_NAME}                 what is allowed
  nodemesh routes --lab ${LAB_NAME}                   what the waypoint does with requests
  nodemesh lab logs ztunnel/node-1 --name ${LAB_NAME}  every connection, and why one was refused
  nodemesh lab capture node-1 --name ${LAB_NAME}       what crosses the wire
  nodemesh lab down --name ${LAB_NAME}
`;
