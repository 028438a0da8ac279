import { test } from 'tap';
import { parseCidr } from '../../src/model/index.ts';
import {
  formatRestoreInput,
  NetError,
  planRedirection,
  type RedirectionOptions,
} from '../../src/net/index.ts';

function rulesOf(options: RedirectionOptions, family: 4 | 6, chain: string): readonly string[] {
  const ruleSet = planRedirection(options).ruleSets.find((candidate) => candidate.family === family);
  const nat = ruleSet?.tables.find(({ name }) => name === 'nat');
  return nat?.chains.find(({ name }) => name === chain)?.rules ?? [];
}

function position(rules: readonly string[], part: string): number {
  return rules.findIndex((rule) => rule.includes(part));
}

test('DNS capture is off unless asked for', async (t) => {
  const [ipv4] = planRedirection().ruleSets;
  t.same(
    ipv4?.tables.map(({ name }) => name),
    ['mangle', 'nat'],
  );
  t.notOk(rulesOf({}, 4, 'ISTIO_OUTPUT').some((rule) => rule.includes('15053')));
});

test('link-local destinations are left alone by default, each family its own', async (t) => {
  t.ok(rulesOf({}, 4, 'ISTIO_OUTPUT').includes('-d 169.254.0.0/16 -p tcp -j RETURN'));
  t.ok(rulesOf({}, 6, 'ISTIO_OUTPUT').includes('-d fe80::/10 -p tcp -j RETURN'));
  t.equal(position(rulesOf({ excludeLinkLocal: false }, 4, 'ISTIO_OUTPUT'), '169.254.0.0'), -1);
});

test('excluded ports and ranges come before the rule that captures', async (t) => {
  const options: RedirectionOptions = {
    excludedInboundPorts: [9090],
    excludedInboundCidrs: [parseCidr('10.9.0.0/16')],
    excludedOutboundPorts: [5432],
    excludedOutboundCidrs: [parseCidr('192.0.2.0/24'), parseCidr('2001:db8::/32')],
  };
  const inbound = rulesOf(options, 4, 'ISTIO_PRERT');
  const outbound = rulesOf(options, 4, 'ISTIO_OUTPUT');
  for (const part of ['--dport 9090', '-s 10.9.0.0/16']) {
    t.ok(position(inbound, part) >= 0 && position(inbound, part) < position(inbound, '15006'), part);
  }
  for (const part of ['--dport 5432', '-d 192.0.2.0/24']) {
    t.ok(position(outbound, part) >= 0 && position(outbound, part) < position(outbound, '15001'), part);
  }
  t.equal(position(outbound, '2001:db8::'), -1, 'no IPv6 range among IPv4 rules');
  t.ok(position(rulesOf(options, 6, 'ISTIO_OUTPUT'), '-d 2001:db8::/32') >= 0);
});

test('exclusions hold for virtual machines behind the pod as well', async (t) => {
  const rules = rulesOf(
    { virtualInterfaces: ['k6t-eth0'], excludedOutboundCidrs: [parseCidr('192.0.2.0/24')] },
    4,
    'ISTIO_PRERT',
  );
  t.same(rules.slice(0, 3), [
    '-i k6t-eth0 -d 192.0.2.0/24 -j RETURN',
    '-i k6t-eth0 -d 169.254.0.0/16 -p tcp -j RETURN',
    '-i k6t-eth0 -p tcp -j REDIRECT --to-ports 15001',
  ]);
});

test('a name that is no interface, and a number that is no port, never become a rule', async (t) => {
  for (const name of ['', 'a b', 'eth+', '-j', 'x\n-A OUTPUT -j DROP', 'a-name-too-long-x']) {
    t.throws(
      () => planRedirection({ virtualInterfaces: [name] }),
      { code: 'ERR_NET_REDIRECTION_OPTIONS' },
      name,
    );
  }
  for (const port of [0, -1, 65536, 1.5, Number.NaN]) {
    t.throws(() => planRedirection({ excludedInboundPorts: [port] }), NetError, String(port));
    t.throws(() => planRedirection({ excludedOutboundPorts: [port] }), NetError, String(port));
  }
});

test('restore input declares its chains first, adds only missing jumps and commits once per table', async (t) => {
  const [ipv4] = planRedirection({ ipv6: false }).ruleSets;
  const input = formatRestoreInput(ipv4?.tables ?? [], (table) => table === 'mangle');
  t.equal(input.match(/^COMMIT$/gm)?.length, 2);
  t.equal(input.match(/^-A PREROUTING/gm)?.length, 1);
  t.match(input, /^\*mangle\n:ISTIO_PRERT - \[0:0\]\n:ISTIO_OUTPUT - \[0:0\]\n-A ISTIO_PRERT/);
  t.ok(input.endsWith('COMMIT\n'));
});
