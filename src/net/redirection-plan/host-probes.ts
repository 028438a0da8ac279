import type { IpFamily } from '../../model/index.ts';
import { DEFAULT_PROBE_ADDRESSES, type ProbeAddresses } from './options.ts';
import type { RuleSet } from './rule-set.ts';

/** How what we keep on the node is called. */
export interface HostProbeNames {
  /** In the table nat. */
  readonly chain: string;
  /** The ipsets that hold the addresses of the node's captured pods. */
  readonly sets: Readonly<Record<IpFamily, string>>;
}

/** None of them is Istio's: side by side, neither touches the other's. */
export const HOST_PROBE_NAMES: HostProbeNames = {
  chain: 'NODEMESH_POSTRT',
  sets: { 4: 'nodemesh-probes-v4', 6: 'nodemesh-probes-v6' },
};

/**
 * The node's own rules (wire.md §3.4): a process of the node that reaches a captured pod comes from the probe address,
 * so that readiness probes work under STRICT. Needs the ipsets. Pure.
 */
export function planHostProbes(
  options: {
    readonly ipv6?: boolean;
    readonly probeAddresses?: ProbeAddresses;
    readonly names?: HostProbeNames;
  } = {},
): readonly RuleSet[] {
  const { probeAddresses = DEFAULT_PROBE_ADDRESSES, names = HOST_PROBE_NAMES } = options;
  const families: readonly IpFamily[] = options.ipv6 === false ? [4] : [4, 6];
  return families.map((family) => ({
    family,
    tables: [
      {
        name: 'nat',
        chains: [
          {
            name: names.chain,
            hook: 'POSTROUTING',
            jump: 'first',
            rules: [
              `-m owner --socket-exists -p tcp -m set --match-set ${names.sets[family]} dst -j SNAT --to-source ${family === 4 ? probeAddresses.v4 : probeAddresses.v6}`,
            ],
          },
        ],
      },
    ],
  }));
}
