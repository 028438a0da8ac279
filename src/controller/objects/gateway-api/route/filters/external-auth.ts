import type { Field } from '../../../fields/index.ts';
import { parseSet } from '../../name-rules.ts';
import { parseBackendReference } from '../backend-reference.ts';

/** Checks a filter of type ExternalAuth. Nothing of it is kept: a request that meets one is refused. */
export function checkExternalAuth(field: Field): void {
  field.object(['protocol', 'backendRef', 'grpc', 'http', 'forwardBody']);
  const protocol = field.key('protocol').required().oneOf(['HTTP', 'GRPC']);
  parseBackendReference(field.key('backendRef'));
  const grpc = field.key('grpc').object(['allowedHeaders']);
  const http = field.key('http').object(['path', 'allowedHeaders', 'allowedResponseHeaders']);
  for (const [part, own] of [
    [grpc, 'GRPC'],
    [http, 'HTTP'],
  ] as const) {
    if (protocol === own) part.required();
    else if (part.present) part.issue(`nothing beside the protocol ${String(protocol)}`);
  }
  parseSet(grpc.key('allowedHeaders'), 64, (item) => item.text());
  parseSet(http.key('allowedHeaders'), 64, (item) => item.text());
  parseSet(http.key('allowedResponseHeaders'), 64, (item) => item.text());
  http.key('path').text({ maxLength: 1024, pattern: PATH });
  field.key('forwardBody').object(['maxSize']).key('maxSize').integer();
}

/** RFC 3986 §3.3. */
const PATH = /^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|[%][0-9a-fA-F]{2})+$/;
