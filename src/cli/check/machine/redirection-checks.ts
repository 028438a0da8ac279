import { type CheckResult, resultsOf } from '../check-result.ts';
import type { Machine } from './machine.ts';

const { ok, warning, failed, notSeen } = resultsOf('machine');

/** Of each kind one rule that the redirection of a pod is made of. */
const RULES = `*nat
-A OUTPUT -p tcp -m mark ! --mark 0x539/0xfff -j REDIRECT --to-ports 15001
COMMIT
*mangle
-A OUTPUT -m connmark --mark 0x111/0xfff -j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff
COMMIT
`;

const LOOSE = '/proc/sys/net/netfilter/nf_conntrack_tcp_loose';
/** iptables locks a file that the caller may not write where it is. */
const WITH_LOCK = 'mount -t tmpfs tmpfs /run && export XTABLES_LOCKFILE=/run/xtables.lock';

/** Namespaces, privileges and packet filter, each by trying it in a namespace that is gone again afterwards. */
export async function redirectionChecks(machine: Machine): Promise<readonly CheckResult[]> {
  const tools = await Promise.all([
    program(machine, 'ip', ['ip', '-V'], 'iproute2'),
    program(machine, 'iptables', ['iptables', '--version'], 'iptables'),
  ]);
  const namespaces = await namespaceCheck(machine);
  if (namespaces.outcome === 'failed') {
    const why = 'no namespace could be made to try it in';
    return [...tools, namespaces, notSeen('redirection', why), notSeen('sysctl nf_conntrack_tcp_loose', why)];
  }
  return [
    ...tools,
    namespaces,
    await rules(machine, 'redirection (IPv4)', 'iptables-restore'),
    await rules(machine, 'redirection (IPv6)', 'ip6tables-restore'),
    await looseCheck(machine),
  ];
}

async function program(
  machine: Machine,
  name: string,
  command: readonly string[],
  debian: string,
): Promise<CheckResult> {
  const ran = await machine.run(command);
  if (ran === undefined) return failed(name, 'not installed', `on Debian: apt-get install ${debian}`);
  if (ran.code !== 0) return failed(name, lastLine(ran.stderr), `on Debian: apt-get install ${debian}`);
  return ok(name, (ran.stdout || ran.stderr).trim());
}

async function namespaceCheck(machine: Machine): Promise<CheckResult> {
  const name = machine.isRoot ? 'network namespaces' : 'user namespaces';
  const ran = await machine.run(inScratch(machine, 'true'));
  if (ran?.code === 0) return ok(name, machine.isRoot ? 'can be made, as root' : 'can be made without root');
  if (ran === undefined)
    return failed(name, 'the program unshare is not installed', 'on Debian: apt-get install util-linux');
  return failed(name, lastLine(ran.stderr), namespaceHint(machine));
}

function namespaceHint({ isRoot, read }: Machine): string {
  if (isRoot) return 'the container that this runs in lacks CAP_SYS_ADMIN: run it privileged';
  if (read('/proc/sys/kernel/apparmor_restrict_unprivileged_userns') === '1')
    return 'sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or run as root';
  if (read('/proc/sys/kernel/unprivileged_userns_clone') === '0')
    return 'sysctl -w kernel.unprivileged_userns_clone=1, or run as root';
  if (read('/proc/sys/user/max_user_namespaces') === '0')
    return 'sysctl -w user.max_user_namespaces=10000, or run as root';
  return 'run as root, or allow user namespaces where this runs';
}

async function rules(machine: Machine, name: string, restore: string): Promise<CheckResult> {
  const ran = await machine.run(inScratch(machine, `${WITH_LOCK} && ${restore} -w --noflush`), RULES);
  if (ran?.code === 0) return ok(name, 'nat REDIRECT, mark and connmark work');
  const seen = ran === undefined ? 'could not be tried' : lastLine(ran.stderr);
  const hint =
    'modprobe iptable_nat iptable_mangle xt_REDIRECT xt_mark xt_connmark xt_conntrack, or use iptables-nft';
  return restore.startsWith('ip6')
    ? warning(name, seen, `pods with IPv6 cannot be enrolled: ${hint}`)
    : failed(name, seen, hint);
}

async function looseCheck(machine: Machine): Promise<CheckResult> {
  const name = 'sysctl nf_conntrack_tcp_loose';
  const script = `${WITH_LOCK} && iptables-restore -w --noflush && echo 0 > ${LOOSE}`;
  const ran = await machine.run(inScratch(machine, script), RULES);
  if (ran?.code === 0) return ok(name, "can be set in a pod's namespace");
  return failed(
    name,
    ran === undefined ? 'could not be tried' : lastLine(ran.stderr),
    'without it connections that are open when a pod joins are reset: load the module nf_conntrack',
  );
}

/** A command in network and mount namespaces of its own; without root in a user namespace too. */
function inScratch({ isRoot }: Machine, script: string): readonly string[] {
  const user = isRoot ? [] : ['--user', '--map-root-user'];
  return ['unshare', ...user, '--net', '--mount', 'sh', '-c', script];
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
