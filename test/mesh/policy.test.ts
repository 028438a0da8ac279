import { after, before, test } from 'tap';
import { startLoad } from './support/load.ts';
import { authorizationPolicy } from './support/objects.ts';
import { startWorld, until, type World } from './support/world.ts';

let world: World;
before(async () => {
  world = await startWorld({ name: 'policy', namespaces: { shop: true, rival: true, outside: false } });
});
after(() => world.lab.down());

const echo = (from: string) => world.lab.client(world.client(from), 'echo', world.server('shop', 7000));
const isServed = async (from: string): Promise<boolean> => (await echo(from)).outcome === 'ok';

test('an ALLOW policy lets in whom it names and refuses everybody else, with a reason', async (t) => {
  t.ok(await isServed('shop'));
  t.ok(await isServed('rival'));
  t.ok(await isServed('outside'), 'permissive by default');
  await world.lab.apply(
    authorizationPolicy({
      namespace: 'shop',
      name: 'shop-only',
      action: 'ALLOW',
      principals: ['cluster.local/ns/shop/sa/client'],
    }),
  );
  await until('the rival is refused', async () => !(await isServed('rival')));
  t.ok(await isServed('shop'));
  t.notOk(await isServed('outside'));
  const log = await world.lab.lab('logs', 'ztunnel/node-2');
  t.match(log, /shop\/shop-only/, 'the refusal names the policy');
  t.match(log, /spiffe:\/\/cluster\.local\/ns\/rival\/sa\/client/, 'and the identity');
});

test('a DENY policy ends connections that are already open', async (t) => {
  const target = world.server('shop', 7000);
  const held = await startLoad(world.lab, world.client('shop'), { behaviour: 'hold', amount: 3, target });
  await world.lab.apply(
    authorizationPolicy({
      namespace: 'shop',
      name: 'no-client',
      action: 'DENY',
      principals: ['cluster.local/ns/shop/sa/client'],
    }),
  );
  t.match(await held.answer, { count: 3, failed: 3 });
  await world.lab.lab('delete', 'authorizationpolicy', 'no-client', '-n', 'shop');
  await until('the client is let in again', () => isServed('shop'));
});
