import type { ApiObject } from '../../../support/kubernetes-api/api-object.ts';

/** Objects of each kind in a few variants, with much that nobody reads. */
export function objectOf(kind: string, name: string, variant: number): ApiObject {
  const labels = { variant: String(variant) };
  const noise = { managedFields: [{ manager: 'kubectl', fieldsV1: { 'f:spec': {} } }] };
  switch (kind) {
    case 'Namespace':
      return {
        kind,
        metadata: { name, labels, ...noise },
        spec: { finalizers: ['kubernetes'] },
        status: { phase: 'Active' },
      };
    case 'Pod':
      return { kind, metadata: { name, namespace: 'shop', labels, ...noise }, ...podParts(variant) };
    case 'HTTPRoute':
      return {
        kind,
        metadata: { name, namespace: 'shop', generation: variant + 1, ...noise },
        spec: {
          hostnames: [`host-${variant}.example`],
          rules: [{ backendRefs: [{ name: 'cart', port: 80 }] }],
        },
        status: {
          parents: [{ controllerName: 'example.net/other', parentRef: { name: 'w' }, conditions: [] }],
        },
      };
    case 'AuthorizationPolicy':
      return {
        kind,
        metadata: { name, namespace: 'shop', ...noise },
        // Every third one cannot be understood.
        spec:
          variant % 3 === 0 ? { rules: [{ form: [] }] } : { action: variant % 3 === 1 ? 'ALLOW' : 'DENY' },
      };
    default:
      return { kind, metadata: { name, namespace: 'shop', labels } };
  }
}

function podParts(variant: number): object {
  return {
    spec: {
      serviceAccountName: 'cart',
      nodeName: `node-${variant % 2}`,
      containers: [
        { name: 'main', image: 'cart:1', ports: [{ name: 'http', containerPort: 8080 + variant }] },
      ],
      tolerations: [{ operator: 'Exists' }],
    },
    status: {
      phase: 'Running',
      podIP: `10.0.0.${variant + 1}`,
      podIPs: [{ ip: `10.0.0.${variant + 1}` }],
      conditions: [
        { type: 'Initialized', status: 'True' },
        { type: 'Ready', status: variant % 2 === 0 ? 'True' : 'False', lastTransitionTime: null },
      ],
      containerStatuses: [{ name: 'main', restartCount: variant }],
    },
  };
}
