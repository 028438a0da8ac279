import { writeSysctls } from '../../../src/net/index.ts';
import { createTestNamespace, type TestNamespace } from '../../support/netns.ts';

/** A node: pods hang on its bridge, and one wire leads to the other node. */
export interface TestNode {
  readonly name: string;
  readonly netns: TestNamespace;
  addPod(name: string): TestPod;
}

/** A pod: a namespace with `eth0`, 10.244.<node>.<n> and fd00:10:244:<node>::<n>. */
export interface TestPod {
  readonly name: string;
  readonly node: string;
  readonly netns: TestNamespace;
  readonly v4: string;
  readonly v6: string;
}

export interface Topology {
  readonly nodes: readonly [TestNode, TestNode];
  close(): void;
}

/** Two nodes, each routing its own range of pod addresses, joined by `wire0`. */
export function createTopology(prefix: string): Topology {
  const opened: TestNamespace[] = [];
  const open = (name: string): TestNamespace => {
    const netns = createTestNamespace(name);
    opened.push(netns);
    return netns;
  };
  const first = makeNode(`${prefix}-node-1`, 1, open);
  const second = makeNode(`${prefix}-node-2`, 2, open);
  connect(first.netns, second.netns);
  return {
    nodes: [first, second],
    close() {
      for (const netns of opened.toReversed()) netns.close();
    },
  };
}

function makeNode(name: string, index: number, open: (name: string) => TestNamespace): TestNode {
  const netns = open(name);
  const { run } = netns;
  writeSysctls(
    netns.namespace,
    new Map([
      ['net.ipv4.ip_forward', '1'],
      ['net.ipv6.conf.all.forwarding', '1'],
    ]),
  );
  run('ip', 'link', 'add', 'br0', 'type', 'bridge');
  run('ip', 'address', 'add', `10.244.${index}.1/24`, 'dev', 'br0');
  run('ip', 'address', 'add', `fd00:10:244:${index}::1/64`, 'dev', 'br0', 'nodad');
  run('ip', 'link', 'set', 'br0', 'up');
  let count = 0;
  return {
    name,
    netns,
    addPod(podName) {
      count += 1;
      const pod = open(podName);
      const host = `veth${count}`;
      run('ip', 'link', 'add', host, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', fdOf(pod));
      run('ip', 'link', 'set', host, 'master', 'br0', 'up');
      const v4 = `10.244.${index}.${count + 1}`;
      const v6 = `fd00:10:244:${index}::${count + 1}`;
      pod.run('ip', 'address', 'add', `${v4}/24`, 'dev', 'eth0');
      pod.run('ip', 'address', 'add', `${v6}/64`, 'dev', 'eth0', 'nodad');
      pod.run('ip', 'link', 'set', 'eth0', 'up');
      pod.run('ip', 'route', 'add', 'default', 'via', `10.244.${index}.1`);
      pod.run('ip', '-6', 'route', 'add', 'default', 'via', `fd00:10:244:${index}::1`);
      return { name: podName, node: name, netns: pod, v4, v6 };
    },
  };
}

function connect(first: TestNamespace, second: TestNamespace): void {
  first.run('ip', 'link', 'add', 'wire0', 'type', 'veth', 'peer', 'name', 'wire0', 'netns', fdOf(second));
  for (const [netns, own, other] of [
    [first, 1, 2],
    [second, 2, 1],
  ] as const) {
    netns.run('ip', 'address', 'add', `172.31.0.${own}/24`, 'dev', 'wire0');
    netns.run('ip', 'address', 'add', `fd00:172:31::${own}/64`, 'dev', 'wire0', 'nodad');
    netns.run('ip', 'link', 'set', 'wire0', 'up');
    netns.run('ip', 'route', 'add', `10.244.${other}.0/24`, 'via', `172.31.0.${other}`);
    netns.run('ip', '-6', 'route', 'add', `fd00:10:244:${other}::/64`, 'via', `fd00:172:31::${other}`);
  }
}

function fdOf(netns: TestNamespace): string {
  return `/proc/${process.pid}/fd/${netns.namespace.fd}`;
}
