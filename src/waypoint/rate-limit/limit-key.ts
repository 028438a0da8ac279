import { createHash } from 'node:crypto';
import { type LimitKeyPart, serviceKey } from '../../model/index.ts';
import type { RequestParties } from '../request/request-parties.ts';
import type { RequestFacts } from '../routing/request-facts.ts';

/** What requests must agree in to be counted together. */
export type LimitKey = (facts: RequestFacts, parties: RequestParties) => string;

/** Without parts all requests have the same key. Long keys are shortened to a hash. */
export function compileLimitKey(parts: readonly LimitKeyPart[]): LimitKey {
  if (parts.length === 0) return () => '';
  const read = parts.map(compilePart);
  // No part can have a NUL in it, so no two lists of parts are the same text.
  return (facts, parties) => shortened(read.map((part) => part(facts, parties)).join('\0'));
}

function compilePart(part: LimitKeyPart): LimitKey {
  switch (part.kind) {
    case 'identity':
      return (_facts, { client }) => client.identity.id;
    case 'namespace':
      return (_facts, { client }) => client.identity.namespace;
    case 'address':
      return (_facts, { client }) => client.address;
    case 'service':
      return (_facts, { dialled }) =>
        dialled.kind === 'service'
          ? serviceKey(dialled.service.namespace, dialled.service.hostname)
          : dialled.workload.uid;
    case 'method':
      return (facts) => facts.method;
    case 'path':
      return (facts) => facts.path;
    case 'header':
      return (facts) => {
        const value = facts.header(part.name);
        // A header without a value is one all the same.
        return value === undefined ? '' : `=${value}`;
      };
  }
}

/** Clients choose how long a header is; what is kept of it is not theirs to choose. */
function shortened(key: string): string {
  const isShort = key.length <= LONGEST_KEY && !key.startsWith(DIGEST_MARK);
  return isShort ? key : `${DIGEST_MARK}${createHash('sha256').update(key).digest('base64')}`;
}

const LONGEST_KEY = 200;
const DIGEST_MARK = '#';
