import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TestLab } from './lab-fixture.ts';

interface Status {
  readonly stateDirectory: string;
  readonly nodes: readonly { readonly name: string; readonly ztunnel: { readonly pid: number } }[];
}

/** Lets no packet of a node reach the controller from now on; connections that are open are not told. */
export async function cutFromController(lab: TestLab, node: string): Promise<void> {
  // A ztunnel has a namespace of its own behind that of its node.
  const rule = ['-w', '5', '-I', 'FORWARD', '-p', 'tcp', '--dport', '15012', '-j', 'DROP'];
  await inside(lab, ['nsenter', `--net=/run/netns/${node}`, '--', 'iptables', ...rule]);
}

/** Stops the ztunnel of a node where it is, as when its machine has no time for it. */
export async function freeze(lab: TestLab, node: string): Promise<void> {
  const { nodes } = await statusOf(lab);
  const pid = nodes.find(({ name }) => name === node)?.ztunnel.pid;
  if (pid === undefined) throw new Error(`${node} has no ztunnel`);
  await inside(lab, ['kill', '-STOP', `${pid}`]);
}

/** Runs a command in the namespaces of the lab's supervisor. */
async function inside(lab: TestLab, command: readonly string[]): Promise<void> {
  const { stateDirectory } = await statusOf(lab);
  // The file names the process that made the namespaces; only its child is in all of them.
  const maker = (await readFile(join(stateDirectory, 'pid'), 'utf8')).trim();
  const [child = ''] = (await readFile(`/proc/${maker}/task/${maker}/children`, 'utf8')).split(' ');
  const user = process.getuid?.() === 0 ? [] : ['--user', '--preserve-credentials'];
  await promisify(execFile)('nsenter', [
    ...['--target', child, ...user, '--mount', '--pid', '--net', '--'],
    ...command,
  ]);
}

async function statusOf(lab: TestLab): Promise<Status> {
  return JSON.parse(await lab.run('status', '-o', 'json')) as Status;
}
