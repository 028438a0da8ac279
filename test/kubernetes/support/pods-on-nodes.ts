import { once } from 'node:events';
import type { Test } from 'tap';
import { endProcess } from '../../support/netns.ts';
import { cgroupPaths, type TestCgroups } from '../../ztunnel/support/pod-cgroups.ts';
import type { TestNode, TestPod } from '../../ztunnel/support/topology.ts';
import { runPod } from './installed-mesh.ts';
import type { Kubectl } from './kubectl.ts';

/**
 * Pods that the API server knows and that are there: each has a network namespace, and a process in it whose cgroup says
 * the uid that the API server gave the pod, in one of the layouts that container runtimes use.
 */
export function createPods(t: Test, kubectl: Kubectl, cgroups: TestCgroups) {
  let made = 0;
  return {
    async add(node: Pick<TestNode, 'name' | 'addPod'>, namespace: string, name: string): Promise<TestPod> {
      const pod = node.addPod(`${namespace}.${name}`);
      await runPod(kubectl, { node: node.name, namespace, name, account: name, address: pod.v4 });
      const { metadata } = await kubectl.get('pod', name, '-n', namespace);
      const paths = cgroupPaths((metadata as { readonly uid: string }).uid);
      const pause = pod.netns.start('sleep', '600');
      t.teardown(() => endProcess(pause));
      if (pause.pid === undefined) await once(pause, 'spawn');
      cgroups.put(pause.pid ?? 0, paths[made % paths.length] ?? '');
      made += 1;
      return pod;
    },
  };
}
