import { execFileSync } from 'node:child_process';
import { createServer, connect } from 'node:net';
import type { Test } from 'tap';
import { createTestNamespace } from '../../support/netns.ts';
import type { TestNode, TestPod } from '../../ztunnel/support/topology.ts';

/** Where a cluster's API server is for its pods; its certificate says so. */
export const API_SERVICE = { address: '10.96.0.1', port: 443 } as const;

/** In this sandbox cgroups are where container runtimes look for them on a node of today, whatever the machine has. */
export function mountCgroups(): void {
  execFileSync('umount', ['--recursive', CGROUPS]);
  execFileSync('mount', ['-t', 'cgroup2', 'none', CGROUPS]);
}

/** This sandbox as a node: process 1 of it has the host's network, and pods hang on a bridge in there. */
export function createOwnNode(t: Test): Pick<TestNode, 'name' | 'addPod'> {
  ip('link', 'add', 'br0', 'type', 'bridge');
  ip('address', 'add', '10.244.1.1/24', 'dev', 'br0');
  ip('address', 'add', `${API_SERVICE.address}/32`, 'dev', 'lo');
  ip('link', 'set', 'br0', 'up');
  let count = 0;
  return {
    name: 'node-1',
    addPod(name): TestPod {
      count += 1;
      const [host, address] = [`veth${count}`, `10.244.1.${count + 1}`];
      const netns = createTestNamespace(name);
      t.teardown(() => netns.close());
      const fd = `/proc/${process.pid}/fd/${netns.namespace.fd}`;
      ip('link', 'add', host, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', fd);
      ip('link', 'set', host, 'master', 'br0', 'up');
      netns.run('ip', 'address', 'add', `${address}/24`, 'dev', 'eth0');
      netns.run('ip', 'link', 'set', 'eth0', 'up');
      netns.run('ip', 'route', 'add', 'default', 'via', '10.244.1.1');
      return { name, node: 'node-1', netns, v4: address, v6: '' };
    },
  };
}

/** Leads from the address of the cluster's API service to an API server on loopback. Resolves when it listens. */
export async function serveApiService(t: Test, server: string): Promise<void> {
  const port = Number(new URL(server).port);
  const relay = createServer((client) => {
    const upstream = connect({ host: '127.0.0.1', port });
    for (const socket of [client, upstream]) socket.on('error', () => socket.destroy());
    client.pipe(upstream).pipe(client);
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
    t.teardown(() => client.destroy());
  });
  await new Promise<void>((resolve) => relay.listen(API_SERVICE.port, API_SERVICE.address, resolve));
  t.teardown(() => relay.close());
}

function ip(...parameters: readonly string[]): void {
  execFileSync('ip', parameters, { stdio: 'pipe' });
}

const CGROUPS = '/sys/fs/cgroup';
