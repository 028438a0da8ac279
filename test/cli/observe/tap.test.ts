import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'tap';
import { nodemesh } from '../../lab/support/lab-fixture.ts';
import { ANSWERS, LIVE, REFUSAL } from './support/answers.ts';
import { startApiServer } from './support/api-server.ts';

/** In it fall the connect and everything that the server tells, at once, on a machine that has other work. */
const FOR = '5s';

test('tap prints what goes by, and of a refusal its policy, what happened and what to do', async (t) => {
  const api = await startApiServer(t, {}, LIVE);
  const { code, stdout } = await nodemesh(['tap', '--address', api.url, '-n', 'shop', '--limit', '4']);
  t.equal(code, 0);
  t.equal(
    stdout,
    [
      '12:00:00.000  opened    shop/frontend → shop/cart  inbound  mTLS',
      '12:00:00.001  request   shop/frontend → shop/cart:8080 (shop/cart)  POST /orders/7  201  12.3ms  2 tries  route shop/canary',
      '12:00:00.002  refused   shop/shopper → shop/payments:8080 (shop/payments)  ERR_POLICY_DENIED  policy shop/payments-from-cart, no rule matched  as shop/sa/shopper  at ztunnel/node-2',
      '    no rule of policy shop/payments-from-cart allows shop/sa/shopper',
      '    hint: add the identity to a rule, if it is to be allowed',
      '12:00:05.000  closed    shop/frontend → shop/cart  inbound  mTLS  5s  1.5KB to client, 20B from it  connection reset',
      '',
    ].join('\n'),
  );
  t.match(JSON.parse(api.asked.find((asked) => asked.startsWith('{')) ?? ''), {
    follow: ['connections', 'requests', 'refusals'],
    namespace: 'shop',
  });
});

const FILTERS: readonly (readonly [args: readonly string[], kinds: readonly string[]])[] = [
  [['--verdict', 'refused'], ['refusal']],
  [['--verdict', 'failed'], ['closed']],
  [['--workload', 'payments'], ['refusal']],
  [['--method', 'post', '--path', '/orders/*', '--status', '2xx'], ['request']],
  [['--path', '/orders'], []],
  [['--status', '400-499'], []],
  [
    ['-n', 'shop', '--workload', 'cart'],
    ['opened', 'request', 'closed'],
  ],
  [['-n', 'elsewhere'], []],
];

test('tap filters by namespace, workload, verdict, method, path and status', async (t) => {
  const api = await startApiServer(t, {}, LIVE);
  await Promise.all(
    FILTERS.map(async ([args, kinds]) => {
      const command = ['tap', '--address', api.url, '--for', FOR, '-o', 'json', ...args];
      const { stdout } = await nodemesh(command);
      const seen = stdout.split('\n').filter((line) => line !== '');
      t.same(
        seen.map((line) => (JSON.parse(line) as { readonly kind: string }).kind),
        kinds,
        args.join(' '),
      );
    }),
  );
});

test('tap says of a name that nobody has that it is nobody’s, and that nothing came', async (t) => {
  const api = await startApiServer(t, ANSWERS, LIVE);
  const tap = async (...args: readonly string[]): Promise<string> =>
    (await nodemesh(['tap', '--address', api.url, '--for', FOR, ...args])).stderr;
  t.equal(
    await tap('--workload', 'card'),
    '(nothing in the mesh is called card: waiting all the same)\nnothing of the kind happened meanwhile\n',
  );
  t.match(await tap('-n', 'shpo'), /^\(nothing in the mesh is in namespace shpo: waiting all the same\)\n/);
  t.equal(await tap('-n', 'shop', '--workload', 'cart'), '');
});

test('tap ends with an error when the other side goes', async (t) => {
  const api = await startApiServer({ teardown: (action) => setTimeout(action, 1_500) }, {});
  const { code, stderr } = await nodemesh(['tap', '--address', api.url]);
  t.equal(code, 1);
  t.match(stderr, 'ERR_CLI_API_UNREACHABLE');
});

test('what is no pattern is refused with what would be one', async (t) => {
  t.match((await nodemesh(['tap', '--status', '6xx'])).stderr, /expected a\s+status such as 503/i);
  t.match((await nodemesh(['tap', '--path', 'orders'])).stderr, /expected a\s+path such as \/orders/i);
});

test('what would steer a terminal is shown as its code', async (t) => {
  const request = { method: 'GET', host: 'cart', path: '/\u001b[2Jgone', status: 403 };
  const api = await startApiServer(t, {}, [{ topic: 'refusals', refusals: [{ ...REFUSAL, request }] }]);
  const { stdout } = await nodemesh(['tap', '--address', api.url, '--limit', '1']);
  t.match(stdout, 'GET /\\u001b[2Jgone');
  t.notOk(stdout.includes('\u001b'));
});

test('--for ends it in time although the other side answers nothing, neither to the beginning nor to the end', async (t) => {
  const deaf = createServer((socket) => t.teardown(() => socket.destroy()));
  await once(deaf.listen(0, '127.0.0.1'), 'listening');
  t.teardown(() => deaf.close());
  const { port } = deaf.address() as AddressInfo;
  const startedMs = performance.now();
  const { code } = await nodemesh(['tap', '--address', `127.0.0.1:${port}`, '--for', '500ms']);
  t.equal(code, 0);
  // Half a minute is what `ws` would wait for an answer to its close.
  t.ok(performance.now() - startedMs < 25_000, `${performance.now() - startedMs} ms`);
});
