import type { IpFamily } from '../../model/index.ts';
import { DEFAULT_PROBE_ADDRESSES, type ProbeAddresses } from './options.ts';
import type { RuleSet } from './rule-set.ts';

/**
 * The node's own rules (wire.md §3.4): a process of the node that reaches a captured pod comes from the probe address,
 * so that readiness probes work under STRICT. Needs the ipsets `istio-inpod-probes-v4` and `-v6`. Pure.
 */
export function planHostProbes(
  options: { readonly ipv6?: boolean; readonly probeAddresses?: ProbeAddresses } = {},
): readonly RuleSet[] {
  const addresses = options.probeAddresses ?? DEFAULT_PROBE_ADDRESSES;
  const families: readonly IpFamily[] = options.ipv6 === false ? [4] : [4, 6];
  return families.map((family) => ({
    family,
    tables: [
      {
        name: 'nat',
        chains: [
          {
            name: POSTROUTING_CHAIN,
            hook: 'POSTROUTING',
            jump: 'first',
            rules: [
              `-m owner --socket-exists -p tcp -m set --match-set ${PROBE_SETS[family]} dst -j SNAT --to-source ${family === 4 ? addresses.v4 : addresses.v6}`,
            ],
          },
        ],
      },
    ],
  }));
}

/** The ipsets that hold the addresses of the node's captured pods. */
export const PROBE_SETS: Readonly<Record<IpFamily, string>> = {
  4: 'istio-inpod-probes-v4',
  6: 'istio-inpod-probes-v6',
};

const POSTROUTING_CHAIN = 'ISTIO_POSTRT';
