import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { cleanUpNode } from '../../../src/cli/node-cleanup/clean-up.ts';
import {
  applyRedirection,
  type HostFirewallKind,
  inspectRedirection,
  listTcpConnections,
  openHostFirewall,
  planRedirection,
  resetTcpConnections,
} from '../../../src/net/index.ts';
import { endShells } from '../../../src/net/redirection/command.ts';
import { ask, startWorld, until } from '../../netns/echo-world.ts';
import {
  createTestNamespace,
  createTestPair,
  endProcess,
  enterSandbox,
  SERVER_ADDRESSES,
} from '../../support/netns.ts';

const PLAN = planRedirection();
const LEGACY = ['/usr/sbin/xtables-legacy-multi', '/sbin/xtables-legacy-multi'].find(existsSync);

if (await enterSandbox(import.meta.filename, { timeoutSeconds: 240 })) {
  for (const kind of ['iptables-nft', 'iptables-legacy'] as const) {
    const skip = kind === 'iptables-legacy' && LEGACY === undefined;
    const needs = skip ? { skip: 'this machine has no legacy iptables' } : {};
    test(
      `${kind}: what is connected stays so until it ends, and only new connections go past the mesh`,
      needs,
      async (t) => {
        const node = await startNode(t, kind);
        const captured = await node.dial();
        t.match(await ask(captured, 'a'), /^through the proxy/);
        let isOver = false;
        const cleaned = node.cleanUp(60_000).then(() => {
          isOver = true;
        });
        await node.untilReleased();
        for (const word of ['b', 'c', 'd']) t.match(await ask(captured, word), /^through the proxy/);
        t.match(await ask(await node.dial(), 'e'), /^app sees/);
        t.notOk(isOver, 'it waits for what is connected');
        captured.end();
        captured.resume();
        await once(captured, 'close');
        await cleaned;
        t.match(node.said(), /: as it was found$/m);
        t.notMatch(node.said(), 'had not ended');
        t.match(await inspectRedirection(node.pod), { naming: undefined, routing: false });
        t.notMatch(node.rules(), 'NODEMESH');
      },
    );

    test(`${kind}: who is still connected when the wait is over is counted`, needs, async (t) => {
      const node = await startNode(t, kind);
      const captured = await node.dial();
      t.match(await ask(captured, 'a'), /^through the proxy/);
      await node.cleanUp(1_000);
      t.match(node.said(), /: as it was found; \d connections had not ended/);
      t.match(await ask(await node.dial(), 'b'), /^app sees/);
    });
  }
}

/** A node with a captured pod, whose proxy goes on while it is cleaned: the ztunnel's last generation. */
async function startNode(t: Test, kind: HostFirewallKind) {
  if (kind === 'iptables-legacy') useLegacy(t);
  const pair = createTestPair('live');
  const host = createTestNamespace('live-host');
  const world = await startWorld(pair);
  const holders = [host, pair.server].map((netns) => netns.start('sleep', '100'));
  const root = mkdtempSync(join(tmpdir(), 'nodemesh-live-'));
  const [proc, folder] = [join(root, 'proc'), join(root, 'nodemesh')];
  mkdirSync(proc);
  for (const [name, holder] of [
    ['1', holders[0]],
    [String(holders[1]?.pid), holders[1]],
  ] as const)
    symlinkSync(`/proc/${holder?.pid}`, join(proc, name));
  const pod = pair.server.namespace;
  await applyRedirection(pod, PLAN, 'routing');
  await applyRedirection(pod, PLAN, 'nat');
  await (await openHostFirewall(host.namespace, kind)).install();
  const sockets: Socket[] = [];
  const said: string[] = [];
  t.teardown(async () => {
    for (const socket of sockets) socket.destroy();
    // Those that were cut off would wait for an end that finds no way to them.
    resetTcpConnections(pod, listTcpConnections(pod));
    await world.close();
    for (const holder of holders) await endProcess(holder);
    pair.close();
    host.close();
    rmSync(root, { recursive: true });
  });
  return {
    pod,
    said: () => said.join('\n'),
    rules: () => `${host.run(`${kind}-save`)}${pair.server.run(`${kind}-save`)}`,
    async dial(): Promise<Socket> {
      const socket = await world.dial(SERVER_ADDRESSES.v4);
      sockets.push(socket.on('error', () => undefined));
      return socket;
    },
    untilReleased: () =>
      until(async () => {
        const { natInbound, natOutbound } = await inspectRedirection(pod);
        return !natInbound && !natOutbound;
      }),
    cleanUp: (waitMs: number) =>
      cleanUpNode({
        ...{ proc, folder, waitMs, hostNetwork: join(proc, '1/ns/net') },
        tell: (text) => void said.push(text),
      }),
  };
}

/** The programs that have no variant in their name. */
function useLegacy(t: Test): void {
  const path = process.env.PATH ?? '';
  const folder = mkdtempSync(join(tmpdir(), 'nodemesh-legacy-'));
  for (const name of ['iptables', 'iptables-save', 'iptables-restore'])
    for (const command of [name, name.replace('ip', 'ip6')]) symlinkSync(LEGACY ?? '', join(folder, command));
  process.env.PATH = `${folder}:${path}`;
  endShells();
  t.teardown(() => {
    process.env.PATH = path;
    endShells();
    rmSync(folder, { recursive: true });
  });
}
