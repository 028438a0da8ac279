import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { test } from 'tap';
import { cniAnswer, type CniPeer, startCniPeer } from '../support/cni-peer.ts';
import {
  buildPlugin,
  callPlugin,
  errorOf,
  PLUGIN_FLAGS,
  podArguments,
  SANITIZED_FLAGS,
} from '../support/cni-plugin.ts';

const AWAY = '/nonexistent/cni.sock';
const PREVIOUS = { cniVersion: '1.0.0', ips: [{ address: '10.244.1.2/24' }], 'odd "key"': [1.0, '}]\\"'] };
const plugin = buildPlugin();
const sanitized = buildPlugin([...SANITIZED_FLAGS, '-DPATIENCE_MS=800']);

function config(over: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  return {
    cniVersion: '1.0.0',
    name: 'k8s',
    type: 'nodemesh-cni',
    socket: AWAY,
    passNamespaces: ['kube-system', 'nodemesh-system'],
    prevResult: PREVIOUS,
    ...over,
  };
}

async function withPeer(
  answer: Parameters<typeof startCniPeer>[0],
  work: (peer: CniPeer) => Promise<void>,
): Promise<void> {
  const peer = await startCniPeer(answer);
  try {
    await work(peer);
  } finally {
    await peer.close();
  }
}

test('it is a static program of under 150 lines', async (t) => {
  t.ok(readFileSync('daemonset/cni/nodemesh-cni.c', 'utf8').split('\n').length <= 150);
  t.match(spawnSync('ldd', [plugin], { encoding: 'utf8' }).stderr, /not a dynamic executable/);
});

const CROSS = 'aarch64-linux-gnu-gcc';
const missing =
  spawnSync(CROSS, ['--version']).error === undefined
    ? false
    : 'SKIPPED, NOT PASSED: no cross compiler (Debian: gcc-aarch64-linux-gnu, libc6-dev-arm64-cross)';
test('the plugin builds for arm64 from amd64', { skip: missing }, async (t) => {
  t.ok(buildPlugin(PLUGIN_FLAGS, CROSS));
});

for (const [name, program] of [
  ['as it is shipped', plugin],
  ['with sanitizers', sanitized],
] as const) {
  test(name, async (t) => {
    t.test('VERSION is answered without a ztunnel, in the version of the request', async (t) => {
      const { code, stdout, stderr } = await callPlugin(program, {
        command: 'VERSION',
        config: { cniVersion: '0.4.0' },
      });
      t.equal(code, 0);
      t.equal(stderr, '');
      t.same(JSON.parse(stdout), {
        cniVersion: '0.4.0',
        supportedVersions: ['0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'],
      });
    });

    t.test('a node stays ready while its ztunnel is away, or it would lose its pods', async (t) => {
      const status = { cniVersion: '1.1.0', name: 'k8s', type: 'nodemesh-cni', socket: AWAY };
      t.same(await callPlugin(program, { command: 'STATUS', config: status }), {
        code: 0,
        stdout: '',
        stderr: '',
      });
    });

    t.test('ADD fails closed without a ztunnel, and says what is missing', async (t) => {
      const result = await callPlugin(program, { command: 'ADD', config: config() });
      t.equal(result.code, 1);
      t.equal(result.stderr, '');
      t.same(errorOf(result), {
        cniVersion: '1.0.0',
        code: 11,
        msg: 'nodemesh: the ztunnel of this node is not running; new pods wait for it',
        details: 'No such file or directory',
      });
    });

    t.test('DEL and GC never fail: nothing may keep a pod from ending', async (t) => {
      for (const command of ['DEL', 'GC'])
        for (const input of [config(), '{', '', config({ cniVersion: '9.9.9' })])
          t.same(await callPlugin(program, { command, config: input }), { code: 0, stdout: '', stderr: '' });
      await withPeer(
        (socket) => socket.end(cniAnswer(1, '{"code":999}')),
        async ({ path, calls }) => {
          const call = { command: 'DEL', config: config({ socket: path }) };
          t.same(await callPlugin(program, call), { code: 0, stdout: '', stderr: '' });
          t.equal(calls.length, 1, 'the ztunnel is told');
        },
      );
    });

    t.test('CHECK asks the ztunnel, and fails while there is none', async (t) => {
      t.equal(errorOf(await callPlugin(program, { command: 'CHECK', config: config() })).code, 11);
      await withPeer(
        (socket) => socket.end(cniAnswer(0, '')),
        async ({ path }) => {
          const call = { command: 'CHECK', config: config({ socket: path }) };
          t.same(await callPlugin(program, call), { code: 0, stdout: '', stderr: '' });
        },
      );
    });

    t.test(
      'namespaces that are never in the mesh pass without a ztunnel, the result untouched',
      async (t) => {
        const text = `{"passNamespaces": [ "a" ,"kube-system" ],"cniVersion":"1.0.0", "prevResult" : {"x": 1.00, "y":"}"} }`;
        const pass = { CNI_ARGS: podArguments('kube-system', 'dns', 'uid-2') };
        for (const [command, stdout] of [
          ['ADD', '{"x": 1.00, "y":"}"}'],
          ['CHECK', ''],
          ['DEL', ''],
        ] as const)
          t.same(await callPlugin(program, { command, config: text, variables: pass }), {
            code: 0,
            stdout,
            stderr: '',
          });
        const neighbours = ['kube-syste', 'kube-system-2', 'ube-system', ''];
        for (const namespace of neighbours) {
          const variables = { CNI_ARGS: podArguments(namespace, 'dns', 'uid-2') };
          t.equal(
            (await callPlugin(program, { command: 'ADD', config: config(), variables })).code,
            1,
            namespace,
          );
        }
      },
    );

    t.test('a container that is no pod of Kubernetes is none of ours', async (t) => {
      for (const CNI_ARGS of [undefined, '', 'IgnoreUnknown=1', 'XK8S_POD_NAMESPACE=shop'])
        t.same(
          JSON.parse(
            (await callPlugin(program, { command: 'ADD', config: config(), variables: { CNI_ARGS } })).stdout,
          ),
          PREVIOUS,
        );
    });

    t.test('the ztunnel gets variables and configuration, and no answer text means: as it was', async (t) => {
      await withPeer(
        (socket) => socket.end(cniAnswer(0, '')),
        async ({ path, calls }) => {
          const input = JSON.stringify(config({ socket: path, filler: 'x'.repeat(300_000) }));
          const { code, stdout } = await callPlugin(program, {
            command: 'ADD',
            config: input,
            variables: { OTHER: '1' },
          });
          t.equal(code, 0);
          t.same(JSON.parse(stdout), PREVIOUS);
          t.equal(calls[0]?.config, input);
          t.same([...(calls[0]?.variables.keys() ?? [])].sort(), [
            'CNI_ARGS',
            'CNI_COMMAND',
            'CNI_CONTAINERID',
            'CNI_IFNAME',
            'CNI_NETNS',
            'CNI_PATH',
          ]);
        },
      );
    });

    t.test('what the ztunnel answers is printed, and its code is the exit code', async (t) => {
      for (const [code, text, exit] of [
        [0, '{"ips":[]}', 0],
        [1, '{"code":11,"msg":"no"}', 1],
        [3, '', 3],
        [256, 'x', 1],
      ] as const)
        await withPeer(
          (socket) => socket.end(cniAnswer(code, text)),
          async ({ path }) => {
            const result = await callPlugin(program, { command: 'ADD', config: config({ socket: path }) });
            t.same(result, { code: exit, stdout: text, stderr: '' });
          },
        );
    });

    t.test('an answer that is none fails closed', async (t) => {
      const good = cniAnswer(0, '{}');
      const garbage = [
        Buffer.alloc(0),
        Buffer.from('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'),
        good.subarray(0, 15),
        good.subarray(0, 17),
        Buffer.concat([Buffer.from('nmcni02\0'), good.subarray(8)]),
        // A length that wraps around.
        Buffer.concat([Buffer.from('XXXXXXXX'), Buffer.from([0, 0, 0, 0, 0, 0, 0xf0, 0xff])]),
        Buffer.concat([good.subarray(0, 8), Buffer.from([0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff])]),
      ];
      for (const bytes of garbage)
        await withPeer(
          (socket) => socket.end(bytes),
          async ({ path }) => {
            const result = await callPlugin(program, { command: 'ADD', config: config({ socket: path }) });
            t.equal(result.code, 1, bytes.toString('latin1'));
            t.equal(result.stderr, '');
            t.match(errorOf(result), { code: 11, cniVersion: '1.0.0' });
          },
        );
    });

    t.test('a call that says too little fails with the reason of the specification', async (t) => {
      const add = { command: 'ADD', config: config() };
      const cases: readonly [string, Parameters<typeof callPlugin>[1], number][] = [
        ['no netns', { ...add, variables: { CNI_NETNS: undefined } }, 4],
        ['no container', { ...add, variables: { CNI_CONTAINERID: undefined } }, 4],
        ['no interface', { ...add, variables: { CNI_IFNAME: undefined } }, 4],
        ['another command', { ...add, command: 'EAT' }, 4],
        ['no command', { ...add, command: '' }, 4],
        ['first in its chain', { ...add, config: config({ prevResult: undefined }) }, 7],
        ['a prevResult that is none', { ...add, config: config({ prevResult: 'x' }) }, 7],
        ['a version before chains', { ...add, config: config({ cniVersion: '0.2.0' }) }, 1],
        ['a version to come', { ...add, config: config({ cniVersion: '1.2.0' }) }, 1],
        ['no version', { ...add, config: config({ cniVersion: undefined }) }, 1],
        ['half a version', { ...add, config: config({ cniVersion: '0.3' }) }, 1],
        ['a long socket', { ...add, config: config({ socket: `/${'x'.repeat(200)}` }) }, 7],
        ['a socket with escapes', { ...add, config: config({ socket: '/a\tb' }) }, 7],
        ['nothing', { ...add, config: '' }, 6],
        ['half of it', { ...add, config: '{"cniVersion":"1.0.0"' }, 6],
        ['a list', { ...add, config: '[]' }, 6],
        ['more than one', { ...add, config: '{}{}' }, 6],
        ['a zero inside', { ...add, config: '{"cniVersion":"1.0.0"}\0' }, 6],
        ['too much', { ...add, config: config({ filler: 'x'.repeat(2 ** 20) }) }, 6],
      ];
      for (const [name, call, code] of cases) {
        const result = await callPlugin(program, call);
        t.equal(result.code, 1, name);
        t.equal(errorOf(result).code, code, name);
        t.equal(result.stderr, '', name);
      }
    });
  });
}

test('a ztunnel that never answers is waited for only so long', async (t) => {
  await withPeer(
    () => undefined,
    async ({ path }) => {
      const silent = { command: 'ADD', config: config({ socket: path }) };
      t.match(errorOf(await callPlugin(sanitized, silent)), { code: 11, msg: /no answer in time/ });
      t.equal((await callPlugin(sanitized, { ...silent, command: 'DEL' })).code, 0);
    },
  );
  // Drop by drop is no way round that.
  let timer: NodeJS.Timeout | undefined;
  await withPeer(
    (socket) => {
      const bytes = cniAnswer(0, 'x'.repeat(1000));
      let sent = 0;
      timer = setInterval(() => socket.write(bytes.subarray(sent, ++sent)), 50);
    },
    async ({ path }) => {
      const result = await callPlugin(sanitized, { command: 'ADD', config: config({ socket: path }) });
      t.equal(errorOf(result).code, 11);
      clearInterval(timer);
    },
  );
});

test('a runtime that never ends its input is waited for only so long', async (t) => {
  const half = { command: 'ADD', config: '{"cniVersion":', keepsTalking: true };
  t.equal(errorOf(await callPlugin(sanitized, half)).code, 6);
});

test('no input makes it read or write where it must not', async (t) => {
  const nasty = fc.oneof(
    fc.json(),
    fc.string({ unit: fc.constantFrom('{', '}', '[', ']', '"', '\\', ':', ',', ' ', 'a', '\n') }),
    fc
      .tuple(fc.json(), fc.nat(40))
      .map(([text, cut]) => `{"cniVersion":"1.0.0","prevResult":${text}`.slice(0, -cut)),
  );
  await fc.assert(
    fc.asyncProperty(
      nasty,
      fc.string(),
      fc.constantFrom('ADD', 'DEL', 'CHECK', 'VERSION'),
      async (text, variables, command) => {
        const { stderr } = await callPlugin(sanitized, {
          command,
          config: text,
          variables: { CNI_ARGS: variables.replaceAll('\0', '') },
        });
        t.equal(stderr, '');
      },
    ),
    { numRuns: 150 },
  );
});
