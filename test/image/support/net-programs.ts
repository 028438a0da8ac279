/** A harmless call of each program that src/net and the manifests start. */
export const NET_PROGRAMS: readonly (readonly string[])[] = [
  ['sh', '-c', 'true'],
  ['nsenter', '--version'],
  ['sleep', '0'],
  ['ip', '-V'],
  ['nft', '--version'],
  ['ipset', '--version'],
  ...['iptables', 'ip6tables'].flatMap((family) =>
    ['', '-nft', '-legacy'].flatMap((variant) =>
      ['', '-save', '-restore'].map((what) => [`${family}${variant}${what}`, '--version']),
    ),
  ),
];
