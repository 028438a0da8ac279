import { test } from 'tap';
import { podUidOf } from '../../../src/ztunnel/kernel/processes/pod-cgroup.ts';
import { CGROUP_LAYOUTS, STATIC_UID, UID } from '../support/pod-cgroups.ts';

for (const [name, { path, uid }] of Object.entries(CGROUP_LAYOUTS)) {
  test(`${name}: the uid is found in cgroups of either version`, async (t) => {
    t.equal(podUidOf(`0::/${path}\n`), uid);
    const hierarchies = ['12:cpu,cpuacct:/', `11:memory:/${path}`, `1:name=systemd:/${path}`, '0::/'];
    t.equal(podUidOf(hierarchies.join('\n')), uid);
    t.equal(podUidOf(`0::/../../../${path}\n`), uid, 'seen from a cgroup namespace');
    t.equal(podUidOf(`0::/docker/4f1e5b0b/${path}\n`), uid, 'a node that is itself a container');
  });
}

test('what is no pod is none', async (t) => {
  const others = [
    '',
    '0::/\n',
    '0::/system.slice/sshd.service\n',
    `0::/user.slice/podium-${UID}.slice\n`,
    `0::/system.slice/pod${UID}garbage.service\n`,
    `0::/kubepods/besteffort/${UID}\n`,
    '0::/kubepods.slice/kubepods-burstable.slice\n',
    '0::/machine.slice/libpod-4f1e5b0b5e1f4c7f8d4b8a2a1c9d0e3f4f1e5b0b5e1f4c7f8d4b8a2a1c9d0e3f.scope\n',
  ];
  for (const cgroup of others) t.equal(podUidOf(cgroup), undefined, cgroup);
});

test('a pod of a cluster inside a pod is the inner one’s', async (t) => {
  t.equal(podUidOf(`0::/kubepods/burstable/pod${UID}/c0/kubelet/kubepods/pod${STATIC_UID}/c1\n`), STATIC_UID);
});
