import { X509Certificate, createPrivateKey } from 'node:crypto';
import type { Field } from '../../../objects/index.ts';
import { type Finding, finding, ISTIO } from '../../messages/index.ts';
import { type AnalysedMesh, type AnalysedObject, formatSelector } from '../../subject/index.ts';

/** Credentials of Istio's Gateways that are missing, or that no server could use. */
export function* analyzeGatewaySecrets(mesh: AnalysedMesh): Iterable<Finding> {
  for (const object of mesh.of('networking.istio.io/Gateway')) {
    for (const server of object.spec.key('servers').items()) {
      const field = server.key('tls').key('credentialName');
      const name = field.text() ?? '';
      if (name !== '') yield* credentialFindings(mesh, object, field, name);
    }
  }
}

function* credentialFindings(
  mesh: AnalysedMesh,
  object: AnalysedObject,
  field: Field,
  name: string,
): Iterable<Finding> {
  const at = { object, path: field.path };
  const selector = object.spec.key('selector').textMap();
  // The gateway's pods read Secrets of their own namespace.
  const [pod] = mesh.workloads.select(undefined, selector);
  if (pod === undefined) {
    const path = ['spec', 'selector'];
    yield finding(ISTIO.ReferencedResourceNotFound, { object, path }, 'selector', formatSelector(selector));
    return;
  }
  const secret = mesh.get('/Secret', pod.namespace, name);
  if (secret === undefined) yield finding(ISTIO.ReferencedResourceNotFound, at, 'credentialName', name);
  else if (!isUsable(secret, mesh.settings.nowMs ?? Date.now()))
    yield finding(ISTIO.InvalidGatewayCredential, at, object.name, object.namespace);
}

/** A certificate that is valid now, and a key. That they belong together is left to the server, as Istio's analyzer does. */
function isUsable(secret: AnalysedObject, nowMs: number): boolean {
  const certificate = contentOf(secret, 'tls.crt') ?? contentOf(secret, 'cert');
  const key = contentOf(secret, 'tls.key') ?? contentOf(secret, 'key');
  if (certificate === undefined || key === undefined) return false;
  try {
    const leaf = new X509Certificate(certificate);
    createPrivateKey(key);
    return leaf.validFromDate.getTime() <= nowMs && nowMs <= leaf.validToDate.getTime();
  } catch {
    // Whatever is wrong with it, no server can use it.
    return false;
  }
}

function contentOf({ root }: AnalysedObject, name: string): string | undefined {
  const plain = root.key('stringData').key(name).text();
  if (plain !== undefined) return plain;
  const encoded = root.key('data').key(name).text();
  return encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString('utf8');
}
