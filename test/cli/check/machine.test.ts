import { test } from 'tap';
import type { CheckResult } from '../../../src/cli/check/index.ts';
import type { Machine, Ran } from '../../../src/cli/check/machine/machine.ts';
import { checkMachine } from '../../../src/cli/check/run-checks.ts';

const FINE: Ran = { code: 0, stdout: 'v1', stderr: '' };

function machine(more: Partial<Machine> = {}, files: Readonly<Record<string, string>> = {}): Machine {
  return {
    platform: 'linux',
    kernel: '6.8.0-31-generic',
    isRoot: false,
    nodeVersion: '24.1.0',
    descriptors: 1_048_576,
    read: (path) => files[path] ?? (path.endsWith('tcp_migrate_req') ? '0' : undefined),
    run: async () => FINE,
    isFree: async () => true,
    ...more,
  };
}

async function wrong(of: Machine): Promise<readonly CheckResult[]> {
  return (await checkMachine(of, true)).filter(({ outcome }) => outcome !== 'ok');
}

test('a machine that has all is fine, and each check says what it saw', async (t) => {
  const results = await checkMachine(machine(), true);
  t.same(
    results.filter(({ outcome }) => outcome !== 'ok'),
    [],
  );
  t.match(results[0], { name: 'kernel', seen: 'Linux 6.8.0-31-generic' });
});

test('every result that is not fine has a hint', async (t) => {
  const poor = machine({
    kernel: '4.20.1',
    nodeVersion: '20.1.0',
    descriptors: 1_024,
    read: () => undefined,
    run: async (command) => ({ code: 1, stdout: '', stderr: `x\n${command[0]}: no such thing\n` }),
    isFree: async (port) => port !== 8_080,
  });
  const found = await wrong(poor);
  t.ok(found.length >= 8);
  for (const { name, outcome, hint, seen } of found)
    if (outcome !== 'not seen') t.ok(hint !== '' && seen !== '', name);
  t.match(
    found.find(({ name }) => name === 'ports'),
    { outcome: 'warning', seen: 'in use: 8080 (controller: dashboard)' },
  );
});

test('why namespaces cannot be made is found in the setting that forbids it', async (t) => {
  const settings: readonly (readonly [path: string, value: string, said: RegExp])[] = [
    [
      '/proc/sys/kernel/apparmor_restrict_unprivileged_userns',
      '1',
      /apparmor_restrict_unprivileged_userns=0/,
    ],
    ['/proc/sys/kernel/unprivileged_userns_clone', '0', /unprivileged_userns_clone=1/],
    ['/proc/sys/user/max_user_namespaces', '0', /max_user_namespaces=10000/],
  ];
  for (const [path, value, said] of settings) {
    const refuses: Machine['run'] = async ([program]) =>
      program === 'unshare' ? { code: 1, stdout: '', stderr: 'unshare: Operation not permitted' } : FINE;
    const found = await wrong(machine({ run: refuses }, { [path]: value }));
    t.match(
      found.find(({ name }) => name === 'user namespaces'),
      { outcome: 'failed', seen: 'unshare: Operation not permitted', hint: said },
    );
    t.match(
      found.find(({ name }) => name === 'sysctl nf_conntrack_tcp_loose'),
      { outcome: 'not seen' },
    );
  }
});

test('a full connection table and another system are told', async (t) => {
  const full = machine(
    {},
    {
      '/proc/sys/net/netfilter/nf_conntrack_count': '900',
      '/proc/sys/net/netfilter/nf_conntrack_max': '1000',
      '/proc/sys/net/ipv4/tcp_migrate_req': '1',
    },
  );
  t.match(await wrong(full), [{ seen: '900 of 1000 entries in use', hint: /nf_conntrack_max=2000/ }]);
  t.match(await wrong(machine({ platform: 'darwin' })), [{ name: 'kernel', outcome: 'failed' }]);
});
