import type { FakeKubernetesApi } from '../../../support/kubernetes-api/fake-kubernetes-api.ts';

/** Allows what the test's traffic is, for the server alone. */
export function policyObject(name: string) {
  return {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { namespace: 'shop', name },
    spec: {
      selector: { matchLabels: { app: 'server' } },
      rules: [{ from: [{ source: { namespaces: ['shop'] } }] }],
    },
  };
}

/** Whether a leader has written what becomes of the policy. */
export function hasStatus(fake: FakeKubernetesApi, policy: string): boolean {
  return fake.get('AuthorizationPolicy', 'shop', policy)?.status !== undefined;
}

/** A Secret with an authority, in the layout of `cacerts`. */
export function authoritySecret(material: {
  readonly certificatePem: string;
  readonly keyPem: string;
  readonly chainPem: string;
  readonly rootsPem: string;
}) {
  const texts = {
    'ca-cert.pem': material.certificatePem,
    'ca-key.pem': material.keyPem,
    'cert-chain.pem': material.chainPem,
    'root-cert.pem': material.rootsPem,
  };
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace: 'nodemesh-system', name: 'nodemesh-ca' },
    data: Object.fromEntries(
      Object.entries(texts).map(([name, text]) => [name, Buffer.from(text).toString('base64')]),
    ),
  };
}
