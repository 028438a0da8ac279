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
import { MARK_MASK, type PolicyRoute, REDIRECTION_NAMES, type RedirectionNaming } from './names.ts';
import { type RedirectionConfig, type RedirectionOptions, resolveRedirectionConfig } from './options.ts';
import type { RuleChain, RuleSet, RuleTable, TableName } from './rule-set.ts';

/** Everything that captures a pod's TCP, as data (wire.md §3). */
export interface RedirectionPlan {
  readonly naming: RedirectionNaming;
  /** IPv4, then IPv6 if wanted. */
  readonly ruleSets: readonly RuleSet[];
  readonly policyRoute: PolicyRoute;
  /** Set before the first rule. */
  readonly sysctls: ReadonlyMap<string, string>;
}

/** Pure. Throws NetError for options that cannot become rules. */
export function planRedirection(options: RedirectionOptions = {}): RedirectionPlan {
  const config = resolveRedirectionConfig(options);
  const families: readonly IpFamily[] = config.ipv6 ? [4, 6] : [4];
  return {
    naming: config.naming,
    ruleSets: families.map((family) => ({ family, tables: planTables(config, family) })),
    policyRoute: REDIRECTION_NAMES[config.naming].policyRoute,
    sysctls: SYSCTLS,
  };
}

/** Whether conntrack takes a connection up in its middle. */
export const TCP_LOOSE = 'net.netfilter.nf_conntrack_tcp_loose';

/**
 * tcp_loose=0: else conntrack takes the packets of connections older than the rules for new ones, and redirects them
 * to death. tcp_migrate_req=1: connections not yet accepted move to the next generation's listener (design.md, Restart).
 */
const SYSCTLS: ReadonlyMap<string, string> = new Map([
  [TCP_LOOSE, '0'],
  ['net.ipv4.tcp_migrate_req', '1'],
]);

function planTables(config: RedirectionConfig, family: IpFamily): readonly RuleTable[] {
  const { naming } = config;
  const both = (inbound: readonly string[], outbound: readonly string[]): readonly RuleChain[] => [
    chain(REDIRECTION_NAMES[naming].prerouting, 'PREROUTING', inbound),
    chain(REDIRECTION_NAMES[naming].output, 'OUTPUT', outbound),
  ];
  const marks = marksOf(naming);
  const tables = [
    table('mangle', both(...mangleRules(marks))),
    table('nat', both(inboundRules(config, family), outboundRules(config, family))),
  ];
  return config.dns ? [...tables, table('raw', both(...rawRules(marks)))] : tables;
}

/** nat PREROUTING: what comes from outside, and from virtual machines behind the pod's own interfaces. */
function inboundRules(config: RedirectionConfig, family: IpFamily): readonly string[] {
  const { mesh } = marksOf(config.naming);
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
    `! -d ${LOOPBACK[family]} -p tcp ! --dport ${HBONE_PORT} -m mark ! --mark ${mesh} -j REDIRECT --to-ports ${INBOUND_PLAINTEXT_PORT}`,
  );
  return rules;
}

/** nat OUTPUT: what the pod's own processes send. */
function outboundRules(config: RedirectionConfig, family: IpFamily): readonly string[] {
  const loopback = LOOPBACK[family];
  const { mesh, reply } = marksOf(config.naming);
  const rules = [`-d ${probeAddress(config, family)} -p tcp -m tcp -j ACCEPT`];
  rules.push(...outboundExclusions(config, family));
  if (config.dns) {
    rules.push(
      `! -o lo -p udp -m mark ! --mark ${mesh} -m udp --dport 53 -j REDIRECT --to-port ${DNS_PORT}`,
      `! -d ${loopback} -p tcp --dport 53 -m mark ! --mark ${mesh} -j REDIRECT --to-ports ${DNS_PORT}`,
    );
  }
  // Behind DNS capture: a node-local DNS cache has a link-local address.
  for (const cidr of linkLocal(config, family)) rules.push(`-d ${cidr} -p tcp -j RETURN`);
  rules.push(
    `-p tcp -m mark --mark ${reply} -j ACCEPT`,
    `! -d ${loopback} -o lo -j ACCEPT`,
    `! -d ${loopback} -p tcp -m mark ! --mark ${mesh} -j REDIRECT --to-ports ${OUTBOUND_PORT}`,
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

/** As iptables writes them. */
interface Marks {
  readonly mesh: string;
  readonly reply: string;
}

function marksOf(naming: RedirectionNaming): Marks {
  const { mark, replyMark } = REDIRECTION_NAMES[naming];
  return { mesh: maskedMark(mark), reply: maskedMark(replyMark) };
}

function maskedMark(mark: number): string {
  return `0x${mark.toString(16)}/0x${MARK_MASK.toString(16)}`;
}

type BothWays = readonly [inbound: readonly string[], outbound: readonly string[]];

function mangleRules({ mesh, reply }: Marks): BothWays {
  return [
    [`-m mark --mark ${mesh} -j CONNMARK --set-xmark ${reply}`],
    [`-m connmark --mark ${reply} -j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff`],
  ];
}

/** A conntrack zone of its own keeps our DNS queries apart from the application's. */
function rawRules({ mesh }: Marks): BothWays {
  return [
    [`-p udp -m mark ! --mark ${mesh} -m udp --sport 53 -j CT --zone 1`],
    [`-p udp -m mark --mark ${mesh} -m udp --dport 53 -j CT --zone 1`],
  ];
}

const DNS_PORT = 15053;
const LOOPBACK = { 4: '127.0.0.1/32', 6: '::1/128' } as const;
const LINK_LOCAL: readonly Cidr[] = [parseCidr('169.254.0.0/16'), parseCidr('fe80::/10')];
