import { test } from 'tap';
import { type Attachment, gatewayKey, type RequestPolicy, serviceKey } from '../../../src/model/index.ts';
import { NO_AUTHORIZATION } from '../../../src/waypoint/authorization/authorization-plan.ts';
import { compileAuthorization } from '../../../src/waypoint/authorization/compile-authorization.ts';
import { pathNormalizationOf } from '../../../src/waypoint/plan/path-normalization.ts';
import { policyOf } from '../../policy/support/requests.ts';
import { makeAuthorizer } from './support/guarded-service.ts';

const gateway = gatewayKey('shop', 'waypoint');
const service = serviceKey('shop', 'cart.shop.svc.cluster.local');
const other = serviceKey('shop', 'echo.shop.svc.cluster.local');
const attached = (name: string, ...attachments: readonly Attachment[]) =>
  ({ kind: 'authorization', policy: { ...policyOf(name, 'allow', []), attachments } }) as const;
const authorizer = { kind: 'authorizer', authorizer: makeAuthorizer(service) } as const;

const RESOURCES = [
  attached('z-gateway', { kind: 'gateway', gateway }),
  attached('other-gateway', { kind: 'gateway', gateway: gatewayKey('shop', 'other') }),
  attached('service', { kind: 'service', service, port: undefined }),
  attached('port', { kind: 'service', service, port: 80 }),
  attached('other-port', { kind: 'service', service, port: 81 }),
  attached('other-service', { kind: 'service', service: other, port: undefined }),
  attached('everywhere', { kind: 'waypoints', className: undefined }),
  authorizer,
];
const names = (policies: readonly RequestPolicy[]) => policies.map(({ name }) => name);

test('a target has the policies of its gateway, its service and its port', async (t) => {
  const plan = compileAuthorization({ gateway, service, port: 80 }, RESOURCES);
  t.same(names(plan.policies), ['everywhere', 'port', 'service', 'z-gateway']);
  t.equal(plan.authorizers.get('opa'), authorizer.authorizer);
});

test('a pod that is dialled by its own address has those of the gateway', async (t) => {
  const plan = compileAuthorization({ gateway, service: undefined, port: 80 }, RESOURCES);
  t.same(names(plan.policies), ['everywhere', 'z-gateway']);
});

test('without a policy there is nothing to judge', async (t) => {
  const plan = compileAuthorization({ gateway, service, port: 80 }, [authorizer]);
  t.equal(plan, NO_AUTHORIZATION);
});

test('a plan tells whether the name that TLS asks for matters', async (t) => {
  const sni = { subject: 'sni', values: [{ kind: 'exact', value: 'a' }], notValues: [] } as const;
  const policy = {
    ...policyOf('tls', 'deny', [{ when: [sni] }]),
    attachments: [{ kind: 'gateway', gateway } as const],
  };
  const target = { gateway, service, port: 80 };
  t.equal(compileAuthorization(target, [{ kind: 'authorization', policy }]).looksAtServerName, true);
  t.equal(compileAuthorization(target, RESOURCES).looksAtServerName, false);
});

test('paths are normalized as MeshConfig says, and without one as Istio does', async (t) => {
  const settings = {
    key: 'k' as never,
    namespace: 'istio-system',
    name: 'istio',
    pathNormalization: 'merge-slashes',
  } as const;
  t.equal(pathNormalizationOf([authorizer, { kind: 'settings', settings }]), 'merge-slashes');
  t.equal(pathNormalizationOf([authorizer]), 'base');
});
