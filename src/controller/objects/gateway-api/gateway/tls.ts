import type { Field } from '../../fields/index.ts';
import { GROUP, KIND, NAMESPACE, OBJECT_NAME, PORT_NUMBER, parseLocalReference } from '../name-rules.ts';

/** Checks `spec.tls`: a waypoint has no use for it. */
export function checkGatewayTls(field: Field): void {
  field.object(['backend', 'frontend']);
  const backend = field.key('backend').object(['clientCertificateRef']);
  checkCertificateReference(backend.key('clientCertificateRef'));
  const frontend = field.key('frontend').object(['default', 'perPort']);
  if (!frontend.present) return;
  checkFrontend(frontend.key('default').required());
  const ports = new Set<number>();
  for (const item of frontend.key('perPort').items(64)) {
    const port = item.required().object(['port', 'tls']).key('port').required().integer(PORT_NUMBER);
    if (port !== undefined && ports.has(port)) item.key('port').issue('a port that no other entry has');
    if (port !== undefined) ports.add(port);
    checkFrontend(item.key('tls').required());
  }
}

/** A SecretObjectReference. */
export function checkCertificateReference(field: Field): void {
  if (!field.present) return;
  field.object(['group', 'kind', 'name', 'namespace']);
  field.key('group').text(GROUP);
  field.key('kind').text(KIND);
  field.key('name').required().text(OBJECT_NAME);
  field.key('namespace').text(NAMESPACE);
}

function checkFrontend(field: Field): void {
  const validation = field.object(['validation']).key('validation').object(['caCertificateRefs', 'mode']);
  if (!validation.present) return;
  validation.key('mode').oneOf(['AllowValidOnly', 'AllowInsecureFallback']);
  for (const item of validation.key('caCertificateRefs').required().items(16, 1)) {
    parseLocalReference(item, ['namespace']);
    item.key('namespace').text(NAMESPACE);
  }
}
