import { test } from 'tap';
import {
  type FilterLookup,
  type RateLimitLookup,
  translateFaultInjection,
  translateFilter,
  translateRateLimit,
} from '../../../src/controller/translate/index.ts';
import { GOOD_SPECS } from '../support/admission-examples.ts';
import { objectOf } from '../support/settings.ts';

const NOTHING: FilterLookup & RateLimitLookup = {
  counter: () => undefined,
  service: () => undefined,
  waypoint: () => undefined,
  route: () => undefined,
  configMap: () => undefined,
};
const EVERYTHING: FilterLookup & RateLimitLookup = {
  counter: () => ({ ports: [{ name: 'valkey', servicePort: 6379 }] }),
  service: () => ({
    ports: [
      { name: 'http', servicePort: 80 },
      { name: 'grpc', servicePort: 8080 },
    ],
  }),
  waypoint: () => ({}),
  route: () => ({ ruleNames: ['pay'], isOfConsumer: false }),
  configMap: (name) => ({
    kind: 'ConfigMap',
    meta: objectOf('Filter', filterObject({ inline: 'x' })).meta,
    data: new Map([['tenant.ts', `// of ${name}`]]),
    mesh: undefined,
  }),
};

function object(kind: string, spec: unknown) {
  const metadata = { name: 'a', namespace: 'shop', creationTimestamp: '2030-01-01T00:00:00Z' };
  return { apiVersion: 'nodemesh.io/v1alpha1', kind, metadata, spec };
}

function filterObject(source: unknown, rest: object = {}) {
  return object('Filter', { source, ...rest });
}

function rateLimit(spec: unknown, lookup: RateLimitLookup = EVERYTHING, faults: readonly string[] = []) {
  return translateRateLimit(
    { object: objectOf('RateLimit', object('RateLimit', spec)), faults },
    lookup,
    'mesh.local',
  );
}

function filter(value: unknown, lookup: FilterLookup = EVERYTHING, faults: readonly string[] = []) {
  return translateFilter({ object: objectOf('Filter', value), faults }, lookup, 'mesh.local');
}

test('a rate limit becomes what waypoints are told, with names in lower case and defaults filled in', async (t) => {
  const { resource, condition } = rateLimit(GOOD_SPECS.RateLimit[1]);
  t.same(condition, { status: 'True', reason: 'Accepted', message: 'in force' });
  t.match(resource, {
    kind: 'rate-limit',
    limit: {
      key: 'RateLimit/shop/a',
      createdMs: Date.UTC(2030, 0, 1),
      attachments: [
        { kind: 'service', service: 'shop/cart.shop.svc.mesh.local', port: 8080 },
        { kind: 'service', service: 'shop/checkout.shop.svc.mesh.local', port: undefined },
        { kind: 'route', route: 'HTTPRoute/shop/cart', rule: 'pay' },
        { kind: 'gateway', gateway: 'shop/waypoint' },
      ],
      rules: [
        {
          name: 'probes',
          conditions: [
            {
              path: { kind: 'exact', value: '/healthz' },
              client: { namespace: 'monitoring', serviceAccount: 'prober' },
            },
            {
              path: undefined,
              headers: [
                { kind: 'present', name: 'x-probe' },
                { kind: 'absent', name: 'x-debug' },
                { kind: 'exact', name: 'x-kind', value: 'probe' },
                { kind: 'regex', name: 'x-kind', value: 'probe|check' },
              ],
            },
          ],
          limits: [],
        },
        {
          name: 'pay',
          conditions: [{ method: 'POST', path: { kind: 'prefix', value: '/pay' } }],
          limits: [
            {
              requests: 100,
              intervalMs: 90_000,
              burst: 20,
              per: [{ kind: 'identity' }, { kind: 'header', name: 'x-tenant' }],
            },
            { requests: 1000, intervalMs: 1_000, burst: 1000, per: [] },
          ],
        },
      ],
      shared: {
        server: { kind: 'service', service: 'infra/valkey.infra.svc.mesh.local', port: 6379 },
        timeoutMs: 20,
        failure: 'closed',
        username: 'mesh',
        passwordFile: 'valkey-password',
      },
      announced: true,
    },
  });
});

test('a server without a word about failing fails open, and is waited for 50 ms', async (t) => {
  const { resource } = rateLimit(GOOD_SPECS.RateLimit[2]);
  t.match(resource, {
    limit: {
      shared: { server: { kind: 'host', host: '10.1.2.3', port: 6379 }, timeoutMs: 50, failure: 'open' },
      rules: [{ name: '#1' }],
    },
  });
});

test('targets that are not there are told, and attached to all the same', async (t) => {
  const { resource, condition } = rateLimit(GOOD_SPECS.RateLimit[1], NOTHING);
  t.match(condition, { status: 'False', reason: 'TargetNotFound' });
  t.match(
    condition.message,
    /there is no Service cart, no Service checkout, no HTTPRoute cart, no Gateway waypoint/,
  );
  t.equal(resource?.kind === 'rate-limit' && resource.limit.attachments.length, 4);
});

test('a shared limit that nobody can count says so, and what becomes of requests', async (t) => {
  const spec = (failure: string | undefined, port: number) => ({
    rules: [{ limits: [] }],
    targetRefs: [{ kind: 'Service', name: 'cart' }],
    global: { service: { name: 'valky', namespace: 'infra', port }, failure },
  });
  const nobody = { ...EVERYTHING, counter: () => undefined };
  t.match(rateLimit(spec(undefined, 6379), nobody).condition, {
    status: 'False',
    reason: 'TargetNotFound',
    message: /no Service infra\/valky to count with, so all requests pass \(failure: Open\)/,
  });
  t.match(rateLimit(spec('Closed', 80)).condition, {
    status: 'False',
    message: /no port 80 of Service infra\/valky to count with, so all requests are refused/,
  });
  t.match(rateLimit(spec('Closed', 6379)).condition, { status: 'True' });
});

test('a port by name is looked up, and a name that no port has holds for nothing', async (t) => {
  const spec = (sectionName: string) => ({
    rules: [{ limits: [] }],
    targetRefs: [
      { kind: 'Service', name: 'cart', sectionName },
      { kind: 'Gateway', name: 'waypoint' },
    ],
  });
  const found = rateLimit(spec('grpc'));
  t.match(found.resource, { limit: { attachments: [{ kind: 'service', port: 8080 }, {}] } });
  t.equal(found.condition.status, 'True');
  for (const unknown of ['gprc', '81']) {
    const { condition } = rateLimit(spec(unknown));
    t.match(condition, { reason: 'TargetNotFound', message: /it holds for its other targets/ });
  }
  const lost = rateLimit(spec('gprc'));
  t.match(lost.resource, { limit: { attachments: [{ kind: 'gateway' }] } });
});

test('a filter of a consumer route is told not to be run there', async (t) => {
  const targetRefs = [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name: 'r' }];
  const filter = objectOf('Filter', filterObject({ inline: 'x' }, { targetRefs }));
  const lookup: FilterLookup = { ...EVERYTHING, route: () => ({ ruleNames: [], isOfConsumer: true }) };
  t.match(translateFilter({ object: filter, faults: [] }, lookup, 'mesh.local').condition, {
    status: 'False',
    message: /not run for HTTPRoute r/,
  });
  t.match(translateFilter({ object: filter, faults: [] }, EVERYTHING, 'mesh.local').condition, {
    status: 'True',
  });
});

test('without targets it holds where routes name it', async (t) => {
  const { condition, resource } = rateLimit({ rules: [{ limits: [] }] }, NOTHING);
  t.match(condition, { status: 'True', reason: 'Accepted', message: /ExtensionRef/ });
  t.match(resource, { limit: { attachments: [] } });
});

test('an expression that is not RE2 is told with its place, and nothing of the object is in force', async (t) => {
  const path = { type: 'RegularExpression', value: '/a(?=b)' };
  const limited = rateLimit({ rules: [{ limits: [] }, { limits: [], matches: [{ path }] }] });
  t.equal(limited.resource, undefined);
  t.match(limited.condition, {
    status: 'False',
    reason: 'Invalid',
    message: /nothing is limited.*spec\.rules\[1\]\.matches\[0\]\.path\.value/,
  });
  const headers = [{ name: 'x', type: 'RegularExpression', value: '(' }];
  const spec = { rules: [{ delay: { duration: '1s' }, matches: [{ headers }] }] };
  const fault = objectOf('FaultInjection', object('FaultInjection', spec));
  const outcome = translateFaultInjection({ object: fault, faults: [] }, EVERYTHING, 'mesh.local');
  t.equal(outcome.resource, undefined);
  t.match(outcome.condition, { reason: 'Invalid', message: /injects nothing.*headers\[0\]\.value/ });
});

test('a fault injection becomes what waypoints are told', async (t) => {
  const spec = GOOD_SPECS.FaultInjection[1];
  const fault = objectOf('FaultInjection', object('FaultInjection', spec));
  const { resource } = translateFaultInjection({ object: fault, faults: [] }, EVERYTHING, 'mesh.local');
  t.match(resource, {
    kind: 'fault-injection',
    fault: {
      key: 'FaultInjection/shop/a',
      attachments: [{ kind: 'route', route: 'GRPCRoute/shop/cart', rule: undefined }],
      rules: [
        {
          name: 'slow',
          conditions: [{ headers: [{ kind: 'present', name: 'x-chaos' }] }],
          delay: { share: { numerator: 10, denominator: 100 }, delayMs: 1500 },
          abort: undefined,
        },
        {
          name: 'broken',
          delay: undefined,
          abort: { share: { numerator: 1, denominator: 1000 }, status: 503, grpcStatus: 14 },
        },
        {
          name: '#3',
          delay: { share: { numerator: 100, denominator: 100 }, delayMs: 600_000 },
          abort: { share: { numerator: 0, denominator: 100 }, status: undefined, grpcStatus: 1 },
        },
      ],
      maximumActive: 10,
    },
  });
});

test('a filter takes its source from the object or from a ConfigMap', async (t) => {
  t.match(filter(filterObject({ inline: 'export {}' })), {
    resource: {
      filter: {
        source: { kind: 'text', text: 'export {}' },
        config: '{}',
        timeLimitMs: 50,
        memoryBytes: 64 * 1024 * 1024,
        failure: 'closed',
        body: { request: false, response: false, maximumBytes: 65_536 },
      },
    },
    condition: { reason: 'Accepted' },
  });
  t.match(filter(object('Filter', GOOD_SPECS.Filter[1])), {
    resource: {
      filter: {
        source: { kind: 'text', text: '// of filters' },
        config: '{"tenants":["a",{"b":null}],"on":true}',
        timeLimitMs: 5,
        failure: 'open',
        body: { request: true, response: true, maximumBytes: 1024 },
      },
    },
  });
});

test('a filter that cannot be run stays in force and fails as it says', async (t) => {
  const reference = { configMapRef: { name: 'filters', key: 'other.ts' } };
  const targetRefs = [{ kind: 'Service', name: 'cart' }];
  const closed = filter(filterObject(reference, { targetRefs }));
  t.match(closed.resource, { filter: { source: { kind: 'missing' }, failure: 'closed', attachments: [{}] } });
  t.match(closed.condition, {
    status: 'False',
    reason: 'Invalid',
    message: /its requests are refused.*ConfigMap filters has no other\.ts/,
  });
  const open = filter(filterObject(reference, { failure: 'Open' }), NOTHING);
  t.match(open.condition, { reason: 'Invalid', message: /pass without it.*there is no ConfigMap filters/ });
  const faulty = filter(filterObject({ inline: 'x' }), EVERYTHING, ['spec.x: an unknown field']);
  t.match(faulty.resource, { filter: { source: { kind: 'missing', message: /spec\.x/ } } });
  const config = { text: 'x'.repeat(70_000) };
  t.match(filter(filterObject({ inline: 'x' }, { config })), {
    resource: { filter: { source: { kind: 'missing' }, config: '{}' } },
    condition: { message: /spec\.config: longer than 65536/ },
  });
});
