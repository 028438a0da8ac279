import { test } from 'tap';
import { parseIpAddress, parseSpiffeId, policyKey } from '../../src/model/index.ts';
import { decideL4, type L4Attributes } from '../../src/policy/index.ts';
import { policyOf } from '../model/mesh-fixtures.ts';

// What an operator reads beside a refusal: the change after which it would have been let through.
const base: L4Attributes = {
  sourceAddress: parseIpAddress('10.0.0.9'),
  destinationAddress: parseIpAddress('10.0.0.1'),
  destinationPort: 8080,
  source: parseSpiffeId('spiffe://cluster.local/ns/shop/sa/frontend'),
};
const onlyCart = policyOf(
  { name: 'only-cart', action: 'allow' },
  { serviceAccounts: [{ namespace: 'shop', serviceAccount: 'cart' }] },
);

function remedy(
  policies: Parameters<typeof decideL4>[0]['policies'],
  attributes: Partial<L4Attributes> = {},
): string {
  const { verdict, reason } = decideL4({ policies, missing: [], attributes: { ...base, ...attributes } });
  return verdict === 'deny' ? (reason.remedy ?? '') : verdict;
}

test('where nothing allowed it, the policy, principal and port of the missing rule are named', async (t) => {
  t.equal(
    remedy([onlyCart]),
    'add a rule to shop/only-cart that allows principal cluster.local/ns/shop/sa/frontend on port 8080',
  );
  t.match(remedy([onlyCart, { ...onlyCart, key: policyKey('shop', 'b') }]), /shop\/only-cart, to another of/);
});

test('a client without identity is to join the mesh first', async (t) => {
  t.match(remedy([onlyCart], { source: undefined }), /^have the client join the mesh .* shop\/only-cart /);
  const strict = {
    ...policyOf({ name: 'strict' }, { notPrincipals: [{ kind: 'presence' }] }),
    key: policyKey('istio-system', 'istio_converted_static_strict'),
  };
  t.match(remedy([strict], { source: undefined }), /join the mesh .* PERMISSIVE in the PeerAuthentication/);
});

test('of a DENY policy the rule is named that is to be narrowed', async (t) => {
  const deny = policyOf({ name: 'deny' }, { principals: [{ kind: 'presence' }] });
  t.match(remedy([deny]), /^take cluster.local\/ns\/shop\/sa\/frontend out of rule 1 of shop\/deny /);
  t.match(remedy([{ ...deny, notUnderstood: 'what?' }]), /^correct shop\/deny/);
});

test('of a policy that has not come it is said how to see whether it can', async (t) => {
  const { reason } = decideL4({ policies: [], missing: [policyKey('shop', 'later')], attributes: base });
  t.match(reason.remedy, /^create shop\/later; .* nodemesh proxies/);
});

test('who is let through needs no remedy', async (t) => {
  t.equal(decideL4({ policies: [], missing: [], attributes: base }).reason.remedy, undefined);
});
