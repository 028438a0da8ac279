import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'tap';
import { type IpAddress, parseIpAddress } from '../../src/model/index.ts';
import { planHostProbes, planRedirection, type RedirectionOptions } from '../../src/net/index.ts';
import { conformancePath, needsConformanceData } from '../support/conformance.ts';

type RuleSets = ReturnType<typeof planRedirection>['ruleSets'];

/** Which options a golden file's name stands for. Each file must have one here, and each one here a file. */
const CASES: Readonly<Record<string, RedirectionOptions | 'host'>> = {
  default: { dns: true },
  dns_pod_enabled_and_off_globally: { dns: true },
  dns_pod_disabled_and_on_globally: { dns: false },
  hostprobe: 'host',
  ingress: { inbound: false },
  virtual_interfaces: { virtualInterfaces: ['fake1s0f0', 'fake1s0f1'] },
  ingress_and_virtual_interfaces: { inbound: false, virtualInterfaces: ['fake1s0f0', 'fake1s0f1'] },
};

/** The goldens were made with an arbitrary IPv6 probe address. */
const PROBE_ADDRESSES = {
  v4: '169.254.7.127' as IpAddress,
  v6: parseIpAddress('e9ac:1e77:90ca:399f:4d6d:ece2:2f9b:3164'),
};

const ISTIO_NAMES = {
  chain: 'ISTIO_POSTRT',
  sets: { 4: 'istio-inpod-probes-v4', 6: 'istio-inpod-probes-v6' },
};

const needsData = needsConformanceData();
const folder = conformancePath('istio/pod-redirection/iptables');
const names =
  needsData.skip === undefined ? readdirSync(folder).map((file) => file.replace('.golden', '')) : [];

test('every golden file has its options and every set of options its files', needsData, async (t) => {
  const expected = Object.keys(CASES).flatMap((name) => [name, `${name}_ipv6`]);
  t.same([...names].sort(), expected.sort());
});

for (const name of names) {
  test(`the rules for ${name} are those of the golden file`, async (t) => {
    const ipv6 = name.endsWith('_ipv6');
    const options = CASES[name.replace(/_ipv6$/, '')];
    if (options === undefined) throw new Error(`no options for golden ${name}`);
    const ruleSets =
      options === 'host'
        ? planHostProbes({ ipv6, names: ISTIO_NAMES })
        : planRedirection({ ...options, ipv6, excludeLinkLocal: false, probeAddresses: PROBE_ADDRESSES })
            .ruleSets;
    t.same(
      normalisePlan(ruleSets),
      normaliseGolden(readFileSync(`${folder}/${name}.golden`, 'utf8'), ipv6 ? 2 : 1),
    );
  });
}

/**
 * One object per family: table → chain → lines in order. The order of chains and tables among themselves means
 * nothing to the kernel and is left out; everything else must be equal, word for word.
 */
type Normal = Record<string, Record<string, string[]>>;

function normaliseGolden(text: string, families: number): Normal[] {
  const blocks = text
    .split('COMMIT')
    .map((block) => block.split('\n').filter((line) => line !== '' && !/^ip6?tables-save$/.test(line)))
    .filter((lines) => lines.length > 0);
  const perFamily = blocks.length / families;
  return Array.from({ length: families }, (_, index) => {
    const normal: Normal = {};
    for (const [title = '', ...lines] of blocks.slice(index * perFamily, (index + 1) * perFamily)) {
      const table: Record<string, string[]> = {};
      normal[title.replace('* ', '')] = table;
      for (const line of lines) addLine(table, line);
    }
    return normal;
  });
}

function normalisePlan(ruleSets: RuleSets): Normal[] {
  return ruleSets.map(({ tables }) => {
    const normal: Normal = {};
    for (const { name, chains } of tables) {
      const table: Record<string, string[]> = {};
      normal[name] = table;
      for (const chain of chains) {
        addLine(table, `-N ${chain.name}`);
        addLine(
          table,
          `${chain.jump === 'first' ? `-I ${chain.hook} 1` : `-A ${chain.hook}`} -j ${chain.name}`,
        );
        for (const rule of chain.rules) addLine(table, `-A ${chain.name} ${rule}`);
      }
    }
    return normal;
  });
}

function addLine(table: Record<string, string[]>, line: string): void {
  const [verb, chain = ''] = line.split(' ');
  const lines = table[chain] ?? [];
  table[chain] = lines;
  // A chain of no rule is declared all the same.
  if (verb !== '-N') lines.push(line);
}
