import { type AnalysedObject, readAnalysedObject } from '../../subject/index.ts';

/**
 * The ingress gateway that most installations of Istio have, and that no application's manifests contain. It is taken
 * for granted where only some files are looked at.
 */
export function defaultGateway(rootNamespace: string): readonly AnalysedObject[] {
  const metadata = { name: 'istio-ingressgateway', namespace: rootNamespace, labels: LABELS };
  const values = [
    { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [{ name: 'istio-proxy' }] } },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { type: 'LoadBalancer', selector: LABELS, ports: PORTS },
    },
  ];
  return values.flatMap((value) => readAnalysedObject(value, { assumed: true }) ?? []);
}

const LABELS = { app: 'istio-ingressgateway', istio: 'ingressgateway' };

const PORTS = [
  { name: 'status-port', port: 15_021, targetPort: 15_021 },
  { name: 'http2', port: 80, targetPort: 8080 },
  { name: 'https', port: 443, targetPort: 8443 },
];
