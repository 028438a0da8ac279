import { test } from 'tap';
import { parseAllDocuments } from 'yaml';
import { formatIssue, inspectObject, parseObject } from '../../../src/controller/objects/index.ts';
import { conformancePath, needsConformanceData } from '../../support/conformance.ts';
import { loadCrd } from '../../support/crd-verdict.ts';

const GOOD = yaml(`
targetRefs: [{ group: "", kind: Service, name: cart }]
---
targetRefs: [{ group: "", kind: Service, name: cart }, { group: "", kind: Service, name: pay }]
retryConstraint:
  budget: { percent: 0, interval: 1h }
  minRetryRate: { count: 1000000, interval: 1ms }
sessionPersistence:
  sessionName: a
  type: Cookie
  absoluteTimeout: 1h
  cookieConfig: { lifetimeType: Permanent }
---
targetRefs: [{ group: multicluster.x-k8s.io, kind: ServiceImport, name: cart }]
retryConstraint: {}
---
targetRefs: [{ group: "", kind: Service, name: cart }]
retryConstraint: { minRetryRate: {} }
sessionPersistence: { type: Header }
`);

const BAD = yaml(`
{}
---
targetRefs: []
---
targetRefs: [{ kind: Service, name: cart }]
---
targetRefs: [{ group: "", kind: Service, name: cart }, { group: "", kind: Service, name: cart }]
---
targetRefs: [{ group: "", kind: Service, name: cart }]
retryConstraint: { budget: { percent: 101 } }
---
targetRefs: [{ group: "", kind: Service, name: cart }]
retryConstraint: { budget: { interval: 999ms } }
---
targetRefs: [{ group: "", kind: Service, name: cart }]
retryConstraint: { budget: { interval: 61m } }
---
targetRefs: [{ group: "", kind: Service, name: cart }]
retryConstraint: { minRetryRate: { count: 0 } }
---
targetRefs: [{ group: "", kind: Service, name: cart }]
retryConstraint: { minRetryRate: { interval: 0s } }
---
targetRefs: [{ group: "", kind: Service, name: cart }]
sessionPersistence: { cookieConfig: { lifetimeType: Permanent } }
---
targetRefs: [{ group: "", kind: Service, name: cart }]
sessionPersistence: { type: Header, cookieConfig: {} }
---
targetRefs: [{ group: "", kind: Service, name: cart }]
retryBudget: {}
`);

test('CRD and parser are of one mind about every example', needsConformanceData(), async (t) => {
  const verdict = loadCrd(
    conformancePath('gateway-api/crd/experimental/gateway.networking.x-k8s.io_xbackendtrafficpolicies.yaml'),
    'v1alpha1',
  );
  const both = (spec: unknown) => {
    const { issues, notices } = inspectObject('XBackendTrafficPolicy', objectWith(spec));
    return { schema: verdict(objectWith(spec)), parser: [...issues, ...notices].map(formatIssue) };
  };
  for (const spec of GOOD) t.same(both(spec), { schema: [], parser: [] }, JSON.stringify(spec));
  for (const spec of BAD) {
    const { schema, parser } = both(spec);
    t.not(schema.length, 0, `CRD: ${JSON.stringify(spec)}`);
    t.not(parser.length, 0, `parser: ${JSON.stringify(spec)}`);
  }
});

test('what is left out has the defaults of the CRD, and nothing said is nothing said', async (t) => {
  t.match(parseObject(objectWith(GOOD[2])), {
    retryBudget: { percent: 20, intervalMs: 10_000, minimumRetries: 10, minimumIntervalMs: 1_000 },
  });
  t.match(parseObject(objectWith(GOOD[0])), { retryBudget: undefined, sessionPersistence: undefined });
});

function objectWith(spec: unknown): unknown {
  return {
    apiVersion: 'gateway.networking.x-k8s.io/v1alpha1',
    kind: 'XBackendTrafficPolicy',
    metadata: { name: 'a', namespace: 'shop' },
    spec,
  };
}

function yaml(text: string): readonly unknown[] {
  return parseAllDocuments(text).map((document) => document.toJS() as unknown);
}
