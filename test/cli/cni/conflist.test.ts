import fc from 'fast-check';
import { test } from 'tap';
import { chainOfSingle, chainPlugin, inspectNetwork, unchainPlugin } from '../../../src/cli/cni/conflist.ts';

const ENTRY = { socket: '/var/run/nodemesh/cni.sock', passNamespaces: ['kube-system'] };
const OURS = { type: 'nodemesh-cni', ...ENTRY };

/** JSON as people and programs write it: any spaces, names twice, brackets in strings. */
const spaces = fc.constantFrom('', ' ', '\n', '\t ', '\r\n  ');
const plugin = fc
  .record({ type: fc.constantFrom('calico', 'portmap', 'odd "]}\\'), more: fc.json() })
  .map(({ type, more }) => `{"type":${JSON.stringify(type)},"more":${more}}`);
const chain = fc
  .record({
    plugins: fc.array(plugin, { minLength: 1, maxLength: 4 }),
    gaps: fc.array(spaces, { minLength: 8, maxLength: 8 }),
    extra: fc.json(),
  })
  .map(({ plugins, gaps: [a = '', b = '', c = '', d = '', e = '', f = '', g = '', h = ''], extra }) => {
    const list = plugins.join(`${a},${b}`);
    return `${c}{${d}"name":"k8s",${e}"plug\\u0069ns2":${extra},"plugins"${f}:${g}[${h}${list}${a}]${b},"x":[{}]}${c}`;
  });

test('everything else stays as it is, and taking the plugin out gives the very same bytes', async () => {
  fc.assert(
    fc.property(chain, (text) => {
      const chained = chainPlugin(text, ENTRY);
      const [before, after] = [JSON.parse(text), JSON.parse(chained)];
      const expected = { ...before, plugins: [...before.plugins, OURS] };
      return (
        JSON.stringify(after) === JSON.stringify(expected) &&
        chainPlugin(chained, ENTRY) === chained &&
        unchainPlugin(chained) === text &&
        unchainPlugin(text) === text
      );
    }),
  );
});

test('an entry that is older, twice, or not at the end any more is put right', async (t) => {
  const old = JSON.stringify({ type: 'nodemesh-cni', socket: '/old.sock', passNamespaces: [] });
  for (const plugins of [
    [`{"type":"a"}`, old],
    [old, `{"type":"a"}`],
    [`{"type":"a"}`, JSON.stringify(OURS), old],
    [old, `{"type":"a"}`, JSON.stringify(OURS)],
  ]) {
    const text = `{"name":"n","plugins":[${plugins.join(' , ')}]}`;
    t.same(JSON.parse(chainPlugin(text, ENTRY)).plugins, [{ type: 'a' }, OURS]);
  }
});

test('a single plugin becomes a chain of two', async (t) => {
  const single = '{"cniVersion":"0.2.0","name":"flat","type":"bridge","ipam":{"type":"host-local"}}\n';
  t.same(JSON.parse(chainOfSingle(single, ENTRY)), {
    cniVersion: '0.3.1',
    name: 'flat',
    plugins: [JSON.parse(single), OURS],
  });
});

test('what is no network is told from what is one', async (t) => {
  for (const [text, problem] of [
    ['', /no JSON/],
    ['{"name":"n","plugins":[}', /no JSON/],
    ['[]', /expected an object/],
    ['{"type":"bridge"}', /expected the name/],
    ['{"name":"n"}', /expected plugins/],
    ['{"name":"n","plugins":[]}', /at least one plugin/],
    ['{"name":"n","plugins":{}}', /at least one plugin/],
  ] as const)
    t.match(inspectNetwork(text), { kind: 'unusable', problem }, text);
  t.same(inspectNetwork('{"name":"n","type":"bridge"}'), { kind: 'single' });
  t.same(inspectNetwork('{"name":"n","plugins":[{"type":"a"}]}'), { kind: 'chain', hasOurs: false });
});
