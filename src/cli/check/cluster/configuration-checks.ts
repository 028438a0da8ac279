import { X509Certificate } from 'node:crypto';
import type { Cluster } from '../../install/cluster/cluster.ts';
import { CONTROLLER, NAMESPACE } from '../../install/objects/manifest.ts';
import { gatewayClass } from '../../install/objects/mesh-objects.ts';
import { GATEWAY_API_HINT } from '../../install/preflight/preflight.ts';
import { type CheckResult, resultsOf } from '../check-result.ts';

const { ok, warning, failed } = resultsOf('cluster');
const LOG = `kubectl -n ${NAMESPACE} logs deployment/${CONTROLLER}`;

/** The ConfigMap by which ztunnels know their controller: without it their pods do not start. */
export async function rootsCheck(cluster: Cluster): Promise<readonly CheckResult[]> {
  const name = 'root certificates';
  const metadata = { name: 'nodemesh-root-cert', namespace: NAMESPACE };
  const found = await cluster.find({ apiVersion: 'v1', kind: 'ConfigMap', metadata });
  const text = ((found?.data ?? {}) as { readonly 'root-cert.pem'?: string })['root-cert.pem'] ?? '';
  if (text === '')
    return [
      failed(
        name,
        `ConfigMap ${NAMESPACE}/${metadata.name} is not there, or empty`,
        `the controller writes it: ${LOG}`,
      ),
    ];
  const certificates = text.match(CERTIFICATE) ?? [];
  const ends = certificates.map((pem) => Date.parse(new X509Certificate(pem).validTo));
  const lastMs = Math.max(...ends);
  if (certificates.length === 0 || !(lastMs > Date.now()))
    return [failed(name, 'none of them is valid', 'docs/rotate-the-root.md')];
  if (found?.immutable === true)
    return [
      warning(
        name,
        `ConfigMap ${NAMESPACE}/${metadata.name} is immutable: it cannot get a new root`,
        'before the root is rotated delete it, the controller makes it anew, then restart the ztunnels: kubelets do not look again at what is immutable',
      ),
    ];
  return [ok(name, `${certificates.length}, until ${new Date(lastMs).toISOString().slice(0, 10)}`)];
}

/** Whether the API server can trust the webhook. Without, it passes over it, or refuses everything that it is asked about. */
export async function webhookCheck(cluster: Cluster): Promise<readonly CheckResult[]> {
  const name = 'webhook';
  const found = await cluster.find({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: 'nodemesh' },
  });
  if (found === undefined)
    return [warning(name, 'there is none: wrong objects are taken', 'nodemesh install puts it there')];
  const webhooks = (found.webhooks ?? []) as readonly {
    readonly failurePolicy?: string;
    readonly clientConfig?: { readonly caBundle?: string };
  }[];
  const blind = webhooks.filter(({ clientConfig }) => (clientConfig?.caBundle ?? '') === '');
  if (blind.length === 0) return [ok(name, 'the API server trusts it')];
  const hint = `the controller that leads writes its certificate into it: ${LOG}`;
  return [
    blind.some(({ failurePolicy }) => failurePolicy === 'Fail')
      ? failed(name, 'has no certificate: the API server refuses what it would ask about', hint)
      : warning(name, 'has no certificate: wrong objects are taken', hint),
  ];
}

/** Whether Gateways of our class become waypoints. */
export async function gatewayClassCheck(cluster: Cluster): Promise<readonly CheckResult[]> {
  const name = 'GatewayClass';
  const { apiVersion, kind, metadata } = gatewayClass();
  if (!(await cluster.serves(apiVersion)))
    return [
      warning(
        name,
        'the Gateway API is not there: no waypoints',
        `${GATEWAY_API_HINT}; then nodemesh install, or whatever else the mesh was installed by`,
      ),
    ];
  const found = await cluster.find({ apiVersion, kind, metadata });
  if (found === undefined)
    return [failed(name, `${metadata.name} is not there: no waypoints`, 'nodemesh install puts it there')];
  const { conditions = [] } = (found.status ?? {}) as {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
  if (conditions.some(({ type, status }) => type === 'Accepted' && status === 'True'))
    return [ok(name, `${metadata.name} is accepted`)];
  return [
    failed(
      name,
      `${metadata.name} is not accepted: no waypoints`,
      `the controller that leads says why: ${LOG}`,
    ),
  ];
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
