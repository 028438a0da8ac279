import { create, toBinary } from '@bufbuild/protobuf';
import { test } from 'tap';
import type { AuthorizationPolicy, MeshViewBatch } from '../../src/model/index.ts';
import { type Authorization, AuthorizationSchema } from '../../src/wire/generated/authorization_pb.js';
import { AUTHORIZATION_TYPE } from '../../src/xds/index.ts';
import { subscriptionsTo } from '../../src/ztunnel/control-plane/index.ts';

/** What a node proxy's view gets of one policy resource, and what is told to the controller. */
async function receive(
  bytes: Uint8Array,
  name = 'shop/broken',
  held: readonly (readonly [string, string])[] = [],
) {
  const policies: AuthorizationPolicy[] = [];
  const subscription = subscriptionsTo(
    {
      applyToView: ({ upsertPolicies }: MeshViewBatch) => void policies.push(...(upsertPolicies ?? [])),
      own: undefined,
      applied: () => undefined,
    },
    new Map([[AUTHORIZATION_TYPE, new Map(held)]]),
  ).find(({ typeUrl }) => typeUrl === AUTHORIZATION_TYPE);
  const nack = await subscription?.apply({
    typeUrl: AUTHORIZATION_TYPE,
    nonce: '1',
    systemVersion: '',
    resources: [{ name, version: 'v1', bytes, aliases: [] }],
    removed: [],
  });
  return { policies, nack, versions: subscription?.versions };
}

/** A rule of a newer version: a match that this version does not know. */
function policyOfTomorrow(fields: Partial<Pick<Authorization, 'scope' | 'action' | 'dryRun'>>): Uint8Array {
  const known = create(AuthorizationSchema, { name: 'broken', namespace: 'shop', ...fields });
  // Field 5 (rules), one rule with a field number 99.
  return Buffer.concat([toBinary(AuthorizationSchema, known), Buffer.from('2a03980601', 'hex')]);
}

for (const [scope, number] of [
  ['global', 0],
  ['namespace', 1],
  ['workload-selector', 2],
] as const) {
  test(`a ${scope} policy that is not understood denies what it selects, and the controller is told`, async (t) => {
    const { policies, nack, versions } = await receive(policyOfTomorrow({ scope: number, action: 0 }));
    t.match(policies, [
      { key: 'shop/broken', scope, action: 'deny', dryRun: false, rules: [{ clauses: [] }] },
    ]);
    t.match(nack, /shop\/broken/);
    t.equal(versions?.size, 0, 'it is offered again');
  });
}

test('a policy that is no message at all denies its namespace', async (t) => {
  const { policies, nack } = await receive(Buffer.from('ffff', 'hex'));
  t.match(policies, [{ key: 'shop/broken', namespace: 'shop', scope: 'namespace', action: 'deny' }]);
  t.match(nack, /shop\/broken/);
});

test('a policy that is only tried out denies nobody, also when it is not understood', async (t) => {
  const { policies, nack } = await receive(policyOfTomorrow({ scope: 1, dryRun: true }));
  t.match(policies, [{ key: 'shop/broken', dryRun: true }]);
  t.match(nack, /shop\/broken/);
});

test('what was understood before is no longer claimed to be held, so that it comes again when it is put back', async (t) => {
  const { versions } = await receive(policyOfTomorrow({ scope: 1 }), 'shop/broken', [['shop/broken', 'v0']]);
  t.equal(versions?.has('shop/broken'), false);
});
