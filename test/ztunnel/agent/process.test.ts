import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { endProcess, enterSandbox } from '../../support/netns.ts';
import { dialFrom, exchange, servePod } from '../support/programs.ts';
import type { TestNode } from '../support/topology.ts';
import { type AgentMesh, withAgents } from './support/agent-mesh.ts';

if (await enterSandbox(import.meta.filename, { timeoutSeconds: 240 })) {
  test(
    "started as Istio's DaemonSet starts its own, killed, and started again",
    withAgents(async (t, world) => {
      const { mesh, nodes, agents, addPod } = world;
      const [one, two] = nodes;
      const client = addPod(one, 'client');
      const server = addPod(two, 'server');
      await agents[0].setPods({ [client.uid]: client.cached });
      await agents[1].setPods({ [server.uid]: server.cached });
      const peer = await world.startProxy(two);
      let ztunnel = startAsDaemonSet(world, one);
      t.teardown(() => endProcess(ztunnel));
      await Promise.all([peer.ready, ready(world)]);
      const echo = await servePod(server.pod, 8080, (socket) => socket.pipe(socket));
      const target = { address: server.pod.v4, port: 8080 };
      t.same(await exchange(client.pod, target, 'one'), { text: 'one', how: 'end' });
      t.match(await dump(), {
        workloadState: {
          [client.workload.uid]: { state: 'Up', info: { name: 'client', serviceAccount: 'client' } },
        },
      });

      const before = processorMs(ztunnel.pid);
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      t.comment(`idle for 3 s: ${processorMs(ztunnel.pid) - before} ms of processor time`);

      await endProcess(ztunnel);
      await mesh.until('its agent notices', () => agents[0].events.at(-1)?.event === 'gone');
      await t.rejects(dialFrom(client.pod, target.address, target.port), 'never in the clear');
      ztunnel = startAsDaemonSet(world, one);
      await ready(world);
      t.same(await exchange(client.pod, target, 'two'), { text: 'two', how: 'end' });

      // The state file is written a second after the last change.
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      await mesh.controller.stop();
      await endProcess(ztunnel);
      ztunnel = startAsDaemonSet(world, one);
      await ready(world);
      t.same(
        await exchange(client.pod, target, 'three'),
        { text: 'three', how: 'end' },
        'without a control plane',
      );
      await mesh.controller.start();
      const ended = new Promise((resolve) => ztunnel.once('close', resolve));
      ztunnel.kill('SIGTERM');
      t.equal(await ended, 0);
      await echo.close();
    }),
  );
}

function startAsDaemonSet({ mesh: { controller }, agentOf }: AgentMesh, node: TestNode) {
  const tokenFile = join(controller.directory, `${node.name}.token`);
  writeFileSync(tokenFile, node.name);
  return spawn(
    process.execPath,
    [
      join(import.meta.dirname, '../support/run-ztunnel.ts'),
      ...['proxy', 'ztunnel'],
      // The ports of its own, which in a cluster are those of a pod of its own.
      ...['--admin', '127.0.0.1:16000', '--metrics', '127.0.0.1:16001', '--readiness', '127.0.0.1:16002'],
      ...['--dashboard-address', 'none'],
      ...['--state-file', join(controller.directory, `state-${node.name}`, 'state')],
    ],
    {
      stdio: ['ignore', process.env.ZT_LOG === '1' ? 'inherit' : 'ignore', 'inherit'],
      env: {
        PATH: process.env.PATH,
        NODE_NAME: node.name,
        XDS_ADDRESS: `127.0.0.1:${controller.port}`,
        CA_ADDRESS: `https://127.0.0.1:${controller.port}`,
        ALT_XDS_HOSTNAME: 'controller.test',
        ALT_CA_HOSTNAME: 'controller.test',
        XDS_ROOT_CA: join(controller.directory, 'root.pem'),
        CA_ROOT_CA: join(controller.directory, 'root.pem'),
        AUTH_TOKEN: tokenFile,
        INPOD_UDS: agentOf(node).path,
        POD_NAME: 'ztunnel-abcde',
        POD_NAMESPACE: 'istio-system',
        INSTANCE_IP: '127.0.0.1',
        RUST_LOG: 'info',
        TERMINATION_GRACE_PERIOD_SECONDS: '10',
      },
    },
  );
}

async function ready({ mesh }: AgentMesh): Promise<void> {
  let status = 0;
  const ask = async (): Promise<void> => {
    while (status !== 200) {
      status = await fetch('http://127.0.0.1:16002/healthz/ready').then(
        (answer) => answer.status,
        () => 0,
      );
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  void ask();
  await mesh.until('ready', () => status === 200, 20_000);
}

async function dump(): Promise<unknown> {
  return (await fetch('http://127.0.0.1:16000/config_dump')).json();
}

/** User and system time so far, in milliseconds. */
function processorMs(pid = 0): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
