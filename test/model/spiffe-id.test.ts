import fc from 'fast-check';
import { test } from 'tap';
import {
  checkTrustDomain,
  HBONE_PORT,
  parsePort,
  parseSpiffeId,
  policyKey,
  RECURSIVE_PORTS,
  serviceKey,
  tryParseSpiffeId,
  workloadIdentity,
} from '../../src/model/index.ts';

test('an identity is read into its three parts and keeps its URI', async (t) => {
  t.same(parseSpiffeId('spiffe://cluster.local/ns/shop/sa/cart'), {
    id: 'spiffe://cluster.local/ns/shop/sa/cart',
    trustDomain: 'cluster.local',
    namespace: 'shop',
    serviceAccount: 'cart',
  });
});

test('whatever is not exactly of that form is refused', async (t) => {
  const wrong = [
    '',
    'spiffe://',
    'cluster.local/ns/a/sa/b',
    'https://cluster.local/ns/a/sa/b',
    'SPIFFE://cluster.local/ns/a/sa/b',
    'spiffe://Cluster.local/ns/a/sa/b',
    'spiffe:///ns/a/sa/b',
    'spiffe://td/ns/a/sa',
    'spiffe://td/ns/a/sa/b/',
    'spiffe://td/ns/a/sa/b/c',
    'spiffe://td/NS/a/sa/b',
    'spiffe://td/sa/a/ns/b',
    'spiffe://td/ns//sa/b',
    'spiffe://td/ns/a/sa/..',
    'spiffe://td/ns/./sa/b',
    'spiffe://td/ns/a%20/sa/b',
    'spiffe://td/ns/a/sa/b?x',
    'spiffe://td/ns/a/sa/b#x',
    'spiffe://td:80/ns/a/sa/b',
    'spiffe://u@td/ns/a/sa/b',
    'spiffe://td/ns/a/sa/b\n',
    'spiffe://td/ns/ä/sa/b',
    `spiffe://${'t'.repeat(256)}/ns/a/sa/b`,
    `spiffe://td/ns/${'a'.repeat(254)}/sa/b`,
  ];
  for (const uri of wrong) {
    t.equal(tryParseSpiffeId(uri), undefined, uri);
    t.throws(() => parseSpiffeId(uri), { code: 'ERR_MODEL_SPIFFE_ID' }, uri);
  }
});

test('an identity put together from parts is the one that its URI parses to', async (t) => {
  const part = fc.stringMatching(/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,20}$/);
  fc.assert(
    fc.property(
      fc.stringMatching(/^[a-z0-9._-]{1,20}$/),
      part,
      part,
      (trustDomain, namespace, serviceAccount) => {
        const identity = workloadIdentity({ trustDomain, namespace, serviceAccount });
        const parsed = parseSpiffeId(identity.id);
        return (
          parsed.trustDomain === trustDomain &&
          parsed.namespace === namespace &&
          parsed.serviceAccount === serviceAccount
        );
      },
    ),
  );
  fc.assert(
    fc.property(fc.string(), fc.string(), (namespace, serviceAccount) => {
      const uri = `spiffe://td/ns/${namespace}/sa/${serviceAccount}`;
      const parsed = tryParseSpiffeId(uri);
      return (
        parsed === undefined || (parsed.namespace === namespace && parsed.serviceAccount === serviceAccount)
      );
    }),
    { numRuns: 3000 },
  );
  t.pass('held for all parts tried');
});

test('a trust domain is of lower case letters, digits, dots, dashes and underscores', async (t) => {
  t.equal(checkTrustDomain('cluster.local'), 'cluster.local');
  for (const name of ['', 'A', 'a/b', 'a b', 'a:1'])
    t.throws(() => checkTrustDomain(name), { code: 'ERR_MODEL_TRUST_DOMAIN' }, name);
});

test('a port is a whole number from 1 to 65535, as a number or in digits', async (t) => {
  t.equal(parsePort(80), 80);
  t.equal(parsePort('65535'), 65535);
  for (const value of [0, -1, 65536, 1.5, Number.NaN, '', '0', '65536', '1e3', ' 80', '0x50', '+80'])
    t.throws(() => parsePort(value), { code: 'ERR_MODEL_PORT' }, String(value));
  t.ok(RECURSIVE_PORTS.has(HBONE_PORT));
  t.notOk(RECURSIVE_PORTS.has(8080));
});

test('keys are namespace and name with a slash between', async (t) => {
  t.equal(serviceKey('shop', 'cart.shop.svc'), 'shop/cart.shop.svc');
  t.equal(policyKey('shop', 'deny'), 'shop/deny');
});
