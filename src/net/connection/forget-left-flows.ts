import { RECURSIVE_PORTS } from '../../model/index.ts';
import type { NetNamespace } from '../namespace/network-namespace.ts';
import { readSysctls } from '../namespace/sysctl.ts';
import { forgetFlows, listTrackedFlows } from './tracked-flows.ts';

/**
 * Makes conntrack forget what an earlier mesh left open in a namespace in which no proxy listens. When the last rule that
 * needs conntrack goes, the kernel looks no more but remembers what was open, for five days; when there are such rules
 * again it goes by that, and turns whatever has the same ports by then to a proxy that knows nothing of it: both ends
 * hang (seen). So this comes before the first rule. Rejects with NetError.
 */
export async function forgetLeftFlows(namespace: NetNamespace): Promise<void> {
  // Most namespaces have none, and to know that costs next to nothing.
  if (readSysctls(namespace, [COUNT]).get(COUNT) === '0') return;
  const flows = await listTrackedFlows(namespace);
  // Who redirects to other ports is no mesh.
  const left = flows.filter(
    ({ kind, answeringPort }) => kind === 'marked' || RECURSIVE_PORTS.has(answeringPort),
  );
  if (left.length > 0) await forgetFlows(namespace, left);
}

/** How many flows a namespace has. */
const COUNT = 'net.netfilter.nf_conntrack_count';
