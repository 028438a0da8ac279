/** Kinds of Prometheus' operator, as far as names go: an API server takes whatever is in them. */
export const OPERATOR_KINDS: readonly object[] = [
  kind('PodMonitor', 'podmonitors'),
  kind('PrometheusRule', 'prometheusrules'),
];

function kind(name: string, plural: string): object {
  const group = 'monitoring.coreos.com';
  const schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind: name, plural, singular: name.toLowerCase(), listKind: `${name}List` },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }],
    },
  };
}
