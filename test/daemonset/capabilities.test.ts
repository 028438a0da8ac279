import { spawnSync } from 'node:child_process';
import { test } from 'tap';
import { ZTUNNEL_CAPABILITIES } from '../../src/cli/install/objects/ztunnel-daemonset.ts';

/**
 * What a ztunnel does in a pod's namespace, as user 0 with these capabilities and no way to others. The pod's process has
 * more than that, as most have: only SYS_PTRACE leads to its namespace then.
 */
function runWith(capabilities: readonly string[]): string {
  const bounding = ['-all', ...capabilities.map((name) => `+${name.toLowerCase()}`)].join(',');
  const script = [
    // As in its container: the host's /proc is mounted beside its own, whose settings are read-only.
    'host=$(mktemp -d) && mkdir "$host/proc" && mount --rbind /proc "$host/proc"',
    'mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys',
    'unshare --net sleep 60 & pod=$!',
    // Until the shell's child is in a namespace of its own.
    'while [ "$(readlink /proc/$pod/ns/net)" = "$(readlink /proc/$$/ns/net)" ]; do sleep 0.05; done',
    `setpriv --no-new-privs --inh-caps=-all --bounding-set=${bounding} "$0" test/daemonset/support/use-capabilities.ts $host/proc/$pod/ns/net`,
    'kill $pod',
    'umount -l "$host/proc"; rmdir "$host/proc" "$host"',
  ].join('\n');
  const asRoot = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  const [program = '', ...parameters] = [
    'unshare',
    ...asRoot,
    '--mount',
    'sh',
    '-c',
    script,
    process.execPath,
  ];
  const environment = { ...process.env, XTABLES_LOCKFILE: '/tmp/nodemesh-capabilities.lock' };
  const { stdout, stderr } = spawnSync(program, parameters, { encoding: 'utf8', env: environment });
  return `${stdout}${stderr}`;
}

test('a ztunnel can do its work with the capabilities of its pod, without privileges beyond', async (t) => {
  t.match(runWith(ZTUNNEL_CAPABILITIES), /^all done$/m);
});

for (const [capability, refused] of [
  ['NET_ADMIN', /refused: routing/],
  ['SYS_ADMIN', /refused: (sysctl|open)/],
  ['SYS_PTRACE', /refused: open/],
] as const)
  test(`without ${capability} it cannot`, async (t) => {
    t.match(runWith(ZTUNNEL_CAPABILITIES.filter((name) => name !== capability)), refused);
  });
