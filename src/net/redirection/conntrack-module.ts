import { NetError } from '../errors.ts';
import { createAnonymousNamespace } from '../namespace/anonymous-namespace.ts';
import type { NetNamespace } from '../namespace/network-namespace.ts';
import { readSysctls } from '../namespace/sysctl.ts';
import { TCP_LOOSE } from '../redirection-plan/plan.ts';
import { runInside } from './command.ts';

/**
 * Makes sure that the namespace has conntrack's settings. They must be set before the first rule, but where conntrack is
 * a kernel module they appear only once a rule anywhere has loaded it: so one is made in a namespace that is thrown
 * away. Rejects with NetError when the kernel has no conntrack.
 */
export async function ensureConntrack(namespace: NetNamespace): Promise<void> {
  if (hasConntrack(namespace)) return;
  await loadConntrack();
  if (hasConntrack(namespace)) return;
  throw new NetError({
    code: 'ERR_NET_SYSTEM_CALL',
    blame: 'local',
    message: `the kernel has no setting ${TCP_LOOSE} in ${namespace.path}`,
    hint: 'load connection tracking: modprobe nf_conntrack',
  });
}

/** Rejects with NetError. */
export async function loadConntrack(): Promise<void> {
  const scratch = createAnonymousNamespace();
  try {
    await runInside(scratch, 'iptables-restore', ['-w', '--noflush'], RULE);
  } finally {
    scratch.close();
  }
}

function hasConntrack(namespace: NetNamespace): boolean {
  return readSysctls(namespace, [TCP_LOOSE]).has(TCP_LOOSE);
}

const RULE = '*mangle\n-A OUTPUT -m connmark --mark 0x111/0xfff -j ACCEPT\nCOMMIT\n';
