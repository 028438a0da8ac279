import { rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeError, errnoOf } from '../../base/index.ts';
import {
  countTrackedConnections,
  type NetNamespace,
  openNamespace,
  removeHostProbes,
  removeRedirection,
} from '../../net/index.ts';
import { CliError } from '../errors.ts';
import { capturedNamespaces } from './captured-namespaces.ts';

/** Which node, and how patient to be with its connections. */
export interface NodeCleanUp {
  /** The machine's /proc. */
  readonly proc: string;
  /** The file of the node's own network namespace. */
  readonly hostNetwork: string;
  /** The folder that ztunnels of this node keep their socket and state in; its name is `nodemesh`. */
  readonly folder: string;
  /** How long connections that were captured have to end, in milliseconds. */
  readonly waitMs: number;
  /** A line of what was done. */
  readonly tell: (text: string) => void;
}

/**
 * Takes everything off a node that ztunnels have left there: the redirection in its pods, the rules for its probes, the files.
 * May be repeated. What fails does not keep the rest from being done. Rejects with CliError: ERR_CLI_OPTION for a folder
 * that is not ours, ERR_CLI_NODE when a ztunnel still runs, and, at the end, when something is left.
 */
export async function cleanUpNode(options: NodeCleanUp): Promise<void> {
  const { folder, tell } = options;
  if (basename(folder) !== 'nodemesh')
    throw new CliError({
      code: 'ERR_CLI_OPTION',
      blame: 'downstream',
      message: `expected --node-folder to be a folder named nodemesh, got ${folder}: it is removed with all that is in it`,
    });
  if (await answers(join(folder, 'cni.sock')))
    throw new CliError({
      code: 'ERR_CLI_NODE',
      blame: 'downstream',
      message: `a ztunnel of this node answers at ${join(folder, 'cni.sock')}; nothing was changed`,
      hint: 'end it first: its pods would be cut off from it',
    });
  const failures: string[] = [];
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      failures.push(describeError(error));
    }
  };
  await attempt(async () => void failures.push(...(await cleanUpPods(options))));
  await attempt(() => cleanUpHost(options));
  await attempt(async () => {
    if (!(await isThere(folder))) return;
    await rm(folder, { recursive: true });
    tell(`${folder} removed`);
  });
  if (failures.length > 0)
    throw new CliError({
      code: 'ERR_CLI_NODE',
      blame: 'local',
      message: `something is left on this node: ${failures.join('; ')}`,
      hint: 'what could be removed is; run this again: it takes CAP_NET_ADMIN, CAP_SYS_ADMIN and CAP_SYS_PTRACE',
    });
  tell('nothing of the mesh is left on this node');
}

/** Resolves with what has failed. */
async function cleanUpPods({ proc, waitMs, tell }: NodeCleanUp): Promise<readonly string[]> {
  const { looked, captured, failures } = await capturedNamespaces(proc);
  tell(`${looked} network namespaces of pods were looked at, ${captured.length} of them are captured`);
  try {
    const deadline = performance.now() + waitMs;
    const results = await Promise.allSettled(
      captured.map(async (namespace) => {
        // In this order, or connections that are still redirected would be reset (docs/data-path.md).
        await removeRedirection(namespace, 'nat');
        const cut = await untilOver(namespace, deadline);
        await removeRedirection(namespace, 'routing');
        tell(`${namespace.path}: as it was found${cut === 0 ? '' : `; ${cut} connections had not ended`}`);
      }),
    );
    return [
      ...failures,
      ...results.flatMap((result) => (result.status === 'rejected' ? describeError(result.reason) : [])),
    ];
  } finally {
    for (const namespace of captured) namespace.close();
  }
}

/** Waits until no captured connection is alive, or the time is over; resolves with how many there are then. */
async function untilOver(namespace: NetNamespace, deadline: number): Promise<number> {
  for (;;) {
    const { redirected, marked } = await countTrackedConnections(namespace);
    const alive = redirected + marked;
    const left = deadline - performance.now();
    if (alive === 0 || left <= 0) return alive;
    await sleep(Math.min(left, CHECK_EVERY_MS));
  }
}

async function cleanUpHost({ hostNetwork, tell }: NodeCleanUp): Promise<void> {
  const namespace = openNamespace(hostNetwork);
  try {
    await removeHostProbes(namespace);
    tell("no rule and no set of addresses for the node's probes is left");
  } finally {
    namespace.close();
  }
}

/** Whether a process listens there; the socket of one that is gone may still lie about. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const settle = (result: boolean): void => {
      socket.destroy();
      resolve(result);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}

const CHECK_EVERY_MS = 500;
