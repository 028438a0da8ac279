import { test } from 'tap';
import { checkImpersonation } from '../../../src/controller/certificates/index.ts';
import { parseObject, type PodObject } from '../../../src/controller/objects/index.ts';
import { type Caller, placeCaller } from '../../../src/controller/tokens/index.ts';
import { workloadIdentity } from '../../../src/model/index.ts';

const POD = (name: string, uid: string, over: Readonly<Record<string, unknown>> = {}): PodObject =>
  parseObject({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'nodemesh-system', name, uid },
    spec: { serviceAccountName: 'ztunnel', nodeName: 'node-1' },
    status: { phase: 'Running' },
    ...over,
  }) as PodObject;

const SPEC = (nodeName: string) => ({ serviceAccountName: 'ztunnel', nodeName });

const CALLER: Caller = {
  namespace: 'nodemesh-system',
  serviceAccount: 'ztunnel',
  pod: 'ztunnel-x',
  podUid: '7',
  node: 'node-1',
};
const CART = workloadIdentity({ trustDomain: 'cluster.local', namespace: 'shop', serviceAccount: 'cart' });

function asking(caller: Caller, pod: PodObject | undefined, callersAreKnown = true) {
  return () =>
    checkImpersonation(caller, CART, {
      trustDomain: 'cluster.local',
      trustedNodeAccounts: new Set(['nodemesh-system/ztunnel']),
      callersAreKnown,
      pod: () => pod,
      podsOf: (node) => (node === 'node-1' ? [POD('cart', '1')] : []),
    });
}

test('a node proxy gets the identities of the pods on its node', async (t) => {
  t.doesNotThrow(asking(CALLER, POD('ztunnel-x', '7')));
  t.throws(asking({ ...CALLER, node: 'node-2' }, POD('ztunnel-x', '7', { spec: SPEC('node-2') })), {
    code: 'ERR_CONTROLLER_IDENTITY_REFUSED',
    message: /no pod with the service account shop\/cart/,
  });
});

const FORMER: Readonly<Record<string, PodObject>> = {
  'with another UID': POD('ztunnel-x', '8'),
  'on another node': POD('ztunnel-x', '7', { spec: SPEC('node-2') }),
  'of another service account': POD('ztunnel-x', '7', {
    spec: { ...SPEC('node-1'), serviceAccountName: 'x' },
  }),
  'that has ended': POD('ztunnel-x', '7', { status: { phase: 'Failed' } }),
};
for (const [name, pod] of Object.entries(FORMER)) {
  test(`a token is worth nothing any more beside a pod ${name}`, async (t) => {
    t.throws(asking(CALLER, pod), { code: 'ERR_CONTROLLER_IDENTITY_REFUSED', message: /former pod/ });
  });
}

test('a caller whose pod is not known comes back later, where callers have pods', async (t) => {
  t.throws(asking(CALLER, undefined), { code: 'ERR_CONTROLLER_PROXY_UNKNOWN', retryable: true });
  t.doesNotThrow(asking(CALLER, undefined, false));
  t.throws(asking({ ...CALLER, node: '' }, undefined, false), { code: 'ERR_CONTROLLER_PROXY_UNKNOWN' });
  t.throws(asking({ ...CALLER, pod: '' }, undefined), {
    code: 'ERR_CONTROLLER_IDENTITY_REFUSED',
    message: /bound to a pod/,
  });
});

test('a token that does not tell the node is placed by its pod', async (t) => {
  const caller = { ...CALLER, node: '' };
  const placed = (pod: PodObject | undefined) => placeCaller(caller, () => pod).node;
  t.equal(placed(POD('ztunnel-x', '7')), 'node-1');
  t.equal(placed(undefined), '');
  t.equal(placed(POD('ztunnel-x', '8')), '', 'a namesake is somewhere else');
  t.equal(placed(POD('ztunnel-x', '')), '', 'without a UID nobody can tell');
  t.equal(placeCaller(CALLER, () => POD('ztunnel-x', '7', { spec: SPEC('node-2') })).node, 'node-1');
});
