import {
  type Cidr,
  formatCidr,
  HBONE_PORT,
  INBOUND_PLAINTEXT_PORT,
  type IpFamily,
  ipFamily,
  OUTBOUND_PORT,
  parseCidr,
} from '../../model/index.ts';
import { type RedirectionConfig, type RedirectionOptions, resolveRedirectionConfig } from './options.ts';
import type { RuleChain, RuleSet, RuleTable, TableName } from './rule-set.ts';

/** Everything that captures a pod's TCP, as data (wire.md §3). */
export interface RedirectionPlan {
  /** IPv4, then IPv6 if wanted. */
  readonly ruleSets: readonly RuleSet[];
  readonly policyRoute: PolicyRoute;
  /** Set before the first rule. */
  readonly sysctls: ReadonlyMap<string, string>;
}

/** Packets that carry `mark` are delivered locally, so that replies to a spoofed client address come back to us. */
export interface PolicyRoute {
  readonly priority: number;
  readonly mark: number;
  readonly mask: number;
  readonly table: number;
}

/** Pure. Throws NetError for options that cannot become rules. */
export function planRedirection(options: RedirectionOptions = {}): RedirectionPlan {
  const config = resolveRedirectionConfig(options);
  const families: readonly IpFamily[] = config.ipv6 ? [4, 6] : [4];
  return {
    ruleSets: families.map((family) => ({ family, tables: planTables(config, family) })),
    policyRoute: POLICY_ROUTE,
    sysctls: SYSCTLS,
  };
}

export const PREROUTING_CHAIN = 'ISTIO_PRERT';
export const OUTPUT_CHAIN = 'ISTIO_OUTPUT';

/** Whether conntrack takes a connection up in its middle. */
export const TCP_LOOSE = 'net.netfilter.nf_conntrack_tcp_loose';

export const POLICY_ROUTE: PolicyRoute = { priority: 32764, mark: 0x111, mask: 0xfff, table: 100 };

/**
 * tcp_loose=0: else conntrack takes the packets of connections older than the rules for new ones, and redirects them
 * to death. tcp_migrate_req=1: connections not yet accepted move to the next generation's listener (design.md, Restart).
 */
const SYSCTLS: ReadonlyMap<string, string> = new Map([
  [TCP_LOOSE, '0'],
  ['net.ipv4.tcp_migrate_req', '1'],
]);

function planTables(config: RedirectionConfig, family: IpFamily): readonly RuleTable[] {
  const nat = [
    chain(PREROUTING_CHAIN, 'PREROUTING', inboundRules(config, family)),
    chain(OUTPUT_CHAIN, 'OUTPUT', outboundRules(config, family)),
  ];
  const tables = [table('mangle', MANGLE_CHAINS), table('nat', nat)];
  return config.dns ? [...tables, table('raw', RAW_CHAINS)] : tables;
}

/** nat PREROUTING: what comes from outside, and from virtual machines behind the pod's own interfaces. */
function inboundRules(config: RedirectionConfig, family: IpFamily): readonly string[] {
  const rules: string[] = [];
  for (const name of config.virtualInterfaces) {
    for (const exclusion of outboundExclusions(config, family)) rules.push(`-i ${name} ${exclusion}`);
    for (const cidr of linkLocal(config, family)) rules.push(`-i ${name} -d ${cidr} -p tcp -j RETURN`);
    rules.push(`-i ${name} -p tcp -j REDIRECT --to-ports ${OUTBOUND_PORT}`, `-i ${name} -p tcp -j RETURN`);
  }
  if (!config.inbound) return rules;
  rules.push(`-s ${probeAddress(config, family)} -p tcp -m tcp -j ACCEPT`);
  for (const cidr of ofFamily(config.excludedInboundCidrs, family)) rules.push(`-s ${cidr} -p tcp -j RETURN`);
  for (const port of config.excludedInboundPorts) rules.push(`-p tcp -m tcp --dport ${port} -j RETURN`);
  rules.push(
    `! -d ${LOOPBACK[family]} -p tcp ! --dport ${HBONE_PORT} -m mark ! --mark ${MESH} -j REDIRECT --to-ports ${INBOUND_PLAINTEXT_PORT}`,
  );
  return rules;
}

/** nat OUTPUT: what the pod's own processes send. */
function outboundRules(config: RedirectionConfig, family: IpFamily): readonly string[] {
  const loopback = LOOPBACK[family];
  const rules = [`-d ${probeAddress(config, family)} -p tcp -m tcp -j ACCEPT`];
  rules.push(...outboundExclusions(config, family));
  if (config.dns) {
    rules.push(
      `! -o lo -p udp -m mark ! --mark ${MESH} -m udp --dport 53 -j REDIRECT --to-port ${DNS_PORT}`,
      `! -d ${loopback} -p tcp --dport 53 -m mark ! --mark ${MESH} -j REDIRECT --to-ports ${DNS_PORT}`,
    );
  }
  // Behind DNS capture: a node-local DNS cache has a link-local address.
  for (const cidr of linkLocal(config, family)) rules.push(`-d ${cidr} -p tcp -j RETURN`);
  rules.push(
    `-p tcp -m mark --mark ${REPLY} -j ACCEPT`,
    `! -d ${loopback} -o lo -j ACCEPT`,
    `! -d ${loopback} -p tcp -m mark ! --mark ${MESH} -j REDIRECT --to-ports ${OUTBOUND_PORT}`,
  );
  return rules;
}

/** RETURN, not ACCEPT: rules that others have in the built-in chain still count. */
function outboundExclusions(config: RedirectionConfig, family: IpFamily): readonly string[] {
  return [
    ...ofFamily(config.excludedOutboundCidrs, family).map((cidr) => `-d ${cidr} -j RETURN`),
    ...config.excludedOutboundPorts.map((port) => `-p tcp -m tcp --dport ${port} -j RETURN`),
  ];
}

function linkLocal(config: RedirectionConfig, family: IpFamily): readonly string[] {
  return config.excludeLinkLocal ? ofFamily(LINK_LOCAL, family) : [];
}

function ofFamily(cidrs: readonly Cidr[], family: IpFamily): readonly string[] {
  return cidrs.filter((cidr) => ipFamily(cidr.address) === family).map(formatCidr);
}

function probeAddress(config: RedirectionConfig, family: IpFamily): string {
  return family === 4 ? config.probeAddresses.v4 : config.probeAddresses.v6;
}

function table(name: TableName, chains: readonly RuleChain[]): RuleTable {
  return { name, chains };
}

function chain(name: string, hook: RuleChain['hook'], rules: readonly string[]): RuleChain {
  return { name, hook, jump: 'last', rules };
}

/** The packet mark of our own sockets, and the one that conntrack gives back to replies (wire.md §3.1). */
const MESH = '0x539/0xfff';
const REPLY = '0x111/0xfff';
const DNS_PORT = 15053;
const LOOPBACK = { 4: '127.0.0.1/32', 6: '::1/128' } as const;
const LINK_LOCAL: readonly Cidr[] = [parseCidr('169.254.0.0/16'), parseCidr('fe80::/10')];

const MANGLE_CHAINS: readonly RuleChain[] = [
  chain(PREROUTING_CHAIN, 'PREROUTING', [`-m mark --mark ${MESH} -j CONNMARK --set-xmark ${REPLY}`]),
  chain(OUTPUT_CHAIN, 'OUTPUT', [
    `-m connmark --mark ${REPLY} -j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff`,
  ]),
];

/** A conntrack zone of its own keeps our DNS queries apart from the application's. */
const RAW_CHAINS: readonly RuleChain[] = [
  chain(OUTPUT_CHAIN, 'OUTPUT', [`-p udp -m mark --mark ${MESH} -m udp --dport 53 -j CT --zone 1`]),
  chain(PREROUTING_CHAIN, 'PREROUTING', [`-p udp -m mark ! --mark ${MESH} -m udp --sport 53 -j CT --zone 1`]),
];
