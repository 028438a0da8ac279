import { test } from 'tap';
import { createMeshView, gatewayKey, serviceKey } from '../../../src/model/index.ts';
import { configDump } from '../../../src/waypoint/admin/config-dump.ts';
import { createResourceStore } from '../../../src/waypoint/resources/resource-store.ts';
import { policyOf } from '../../policy/support/requests.ts';
import { makeAuthorizer, overHttp } from '../authorization/support/guarded-service.ts';

type Proxy = Parameters<typeof configDump>[0];

test('a dump has everything that the waypoint was told, and no secret of an authorizer', async (t) => {
  const gateway = gatewayKey('shop', 'waypoint');
  const resources = createResourceStore(gateway);
  const protocol = overHttp({ additionalHeaders: [{ name: 'x-key', value: 'open sesame' }] });
  const authorizer = makeAuthorizer(serviceKey('shop', 'opa'), { protocol });
  const policy = {
    ...policyOf('closed', 'deny', [{}]),
    attachments: [{ kind: 'gateway', gateway } as const],
  };
  resources.apply({
    upserts: [
      { name: authorizer.key, resource: { kind: 'authorizer', authorizer } },
      { name: `AuthorizationPolicy/${policy.key}`, resource: { kind: 'authorization', policy } },
    ],
    removed: [],
  });
  const proxy = {
    view: createMeshView(),
    resources,
    svids: { status: () => [] },
    upstreams: { dump: () => [] },
    self: { gateway, namespace: 'shop', hostname: 'waypoint.shop', network: '', isTold: () => true },
  } as unknown as Proxy;
  const about = { version: '1', config: {} } as unknown as Parameters<typeof configDump>[1];
  const text = JSON.stringify(configDump(proxy, about));
  t.match(text, /shop\/closed/);
  t.match(text, /x-key/);
  t.notMatch(text, /sesame/);
});
