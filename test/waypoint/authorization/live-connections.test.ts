import { Duplex } from 'node:stream';
import { test } from 'tap';
import { type ByteStream, createSignal, type MeshError } from '../../../src/base/index.ts';
import type { RequestPolicy } from '../../../src/model/index.ts';
import { createLiveConnections } from '../../../src/waypoint/authorization/live-connections.ts';
import type { DialledTarget } from '../../../src/waypoint/request/request-parties.ts';
import type { ResourceReach } from '../../../src/waypoint/resources/resource-store.ts';
import { ip, keyOf, makeService } from '../../model/mesh-fixtures.ts';
import { connectionOf, policyOf } from '../../policy/support/requests.ts';
import { makeContext, makeRequest, makeResponse } from '../request-fixtures.ts';
import { guardedService } from './support/guarded-service.ts';

const ALLOW = policyOf('open', 'allow', [{}]);
const DENY = policyOf('closed', 'deny', [{}]);
const ASK = policyOf('ask', { kind: 'custom', provider: 'opa' }, [{}]);
const cart = makeService({ name: 'cart' });
const shop = makeService({ name: 'shop' });
const dialling = (service: typeof cart): DialledTarget => ({
  kind: 'service',
  service,
  address: ip('10.96.0.1'),
  port: 80,
});

/** Connections under policies that a test changes. */
function world(...first: readonly RequestPolicy[]) {
  const changes = createSignal<ResourceReach>();
  let policies = first;
  const { plan } = makeContext();
  const decided: string[] = [];
  const live = createLiveConnections({
    changes,
    onDecided: (verdict, { policy }) => decided.push(`${verdict} ${policy}`),
    planFor: () => ({ ...plan, authorization: { ...plan.authorization, policies } }),
  });
  return {
    live,
    changes,
    decided,
    open(service = cart, authorizers: readonly string[] = [], judgedBy = policies) {
      const cuts: MeshError[] = [];
      const release = live.follow({
        dialled: dialling(service),
        attributes: connectionOf(),
        policies: judgedBy,
        authorizers: new Set(authorizers),
        cut: (cause) => cuts.push(cause),
      });
      return { cuts, release };
    },
    change(next: readonly RequestPolicy[], reach: Partial<ResourceReach> = { everything: true }) {
      policies = next;
      changes.emit({ everything: false, services: new Set(), ...reach });
    },
  };
}

test('a connection that policies no longer allow is cut, once', async (t) => {
  const { open, change, decided } = world(ALLOW);
  const { cuts } = open();
  change([ALLOW, policyOf('others', 'deny', [])]);
  t.equal(cuts.length, 0);
  change([ALLOW, DENY]);
  t.same(decided, [`deny ${DENY.key}`], 'the policy counts it');
  change([DENY]);
  t.match(cuts, [
    {
      code: 'ERR_WAYPOINT_DENIED_LATER',
      policy: 'shop/closed',
      rule: 0,
      message: /^no longer allowed: explicitly denied by shop\/closed/,
    },
  ]);
  t.equal(cuts.length, 1);
});

test('only connections that a change concerns are judged again', async (t) => {
  const { open, change } = world();
  const [one, other] = [open(cart), open(shop)];
  change([DENY], { services: new Set([keyOf(shop)]) });
  t.equal(one.cuts.length, 0);
  t.equal(other.cuts.length, 1);
});

test('a connection that has ended is left alone', async (t) => {
  const { open, change, live, changes } = world();
  const { cuts, release } = open();
  release();
  change([DENY]);
  t.equal(cuts.length, 0);
  live.close();
  t.equal(changes.listenerCount, 0);
});

test('what changed while a connection was being judged counts', async (t) => {
  const { open, change } = world();
  change([DENY]);
  t.equal(open(cart, [], []).cuts.length, 1);
});

test('what an authorizer has said stands, and one that was not asked is asked when the client comes again', async (t) => {
  const { open, change } = world();
  const [asked, unasked] = [open(cart, ['opa']), open(cart)];
  change([ASK]);
  t.equal(asked.cuts.length, 0);
  t.match(unasked.cuts, [{ code: 'ERR_WAYPOINT_DENIED_LATER', policy: 'shop/ask' }]);
  change([ASK, DENY]);
  t.equal(asked.cuts.length, 1);
});

test('connections that have left HTTP are followed, whether policies were there or not', async (t) => {
  const duplex = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
  const causes: MeshError[] = [];
  const tunnel: ByteStream = { duplex, endedCleanly: false, reset: (cause) => causes.push(cause) };
  const { live, change } = world();
  const backend = async () => ({ ...makeResponse(101), tunnel });
  const guarded = guardedService({ live, backend });
  const response = await guarded.send(makeRequest({ upgrade: 'websocket' }));
  t.equal(response.tunnel, tunnel);
  change([DENY]);
  t.match(causes, [{ code: 'ERR_WAYPOINT_DENIED_LATER' }]);
  duplex.destroy();
});
