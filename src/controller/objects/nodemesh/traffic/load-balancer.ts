import type { HashCookie, HashKey, HashTable, LoadBalancer } from '../../../../model/index.ts';
import type { Field } from '../../fields/index.ts';
import { parseDuration } from '../duration.ts';
import { FIELD_NAME } from '../name-pattern.ts';

/** Settings of another type than the one that is chosen are faults. Undefined where there is none. */
export function parseLoadBalancer(field: Field): LoadBalancer | undefined {
  if (!field.present) return undefined;
  field.object(['type', ...Object.values(SETTINGS_OF)]);
  const type = field.key('type').required().oneOf(TYPES);
  for (const [owner, settings] of Object.entries(SETTINGS_OF)) {
    if (owner !== type && field.key(settings).present)
      field.key(settings).issue(`the type ${owner} beside it`);
  }
  const choices = field
    .key('leastRequest')
    .object(['choices'])
    .key('choices')
    .integer({ minimum: 2, maximum: 10 });
  const decayMs = parseDuration(field.key('peakEWMA').object(['decay']).key('decay'), {
    minimum: '100ms',
    maximum: '10m',
  });
  const hash = field.key('consistentHash');
  const consistent = parseConsistentHash(type === 'ConsistentHash' ? hash.required() : hash);
  switch (type) {
    case undefined:
      return undefined;
    case 'RoundRobin':
      return { type: 'round-robin' };
    case 'Random':
      return { type: 'random' };
    case 'LeastRequest':
      return { type: 'least-request', choices: choices ?? 2 };
    case 'PeakEWMA':
      return { type: 'peak-ewma', decayMs: decayMs ?? 10_000 };
    case 'ConsistentHash':
      return { type: 'consistent-hash', ...consistent };
  }
}

function parseConsistentHash(field: Field): { readonly key: HashKey; readonly table: HashTable } {
  field.object(['key', 'table']);
  const key = field.key('key');
  return { key: parseKey(field.present ? key.required() : key), table: parseTable(field.key('table')) };
}

function parseKey(field: Field): HashKey {
  field.object(['type', 'header', 'cookie']);
  const typeField = field.key('type');
  const type = (field.present ? typeField.required() : typeField).oneOf(['Header', 'Cookie', 'SourceIP']);
  const wanted = (name: 'header' | 'cookie', owner: string): Field => {
    const member = field.key(name);
    if (type === owner) return member.required();
    if (member.present) member.issue(`the type ${owner} beside it`);
    return member;
  };
  const header = wanted('header', 'Header').text(NAME) ?? '';
  const cookie = parseCookie(wanted('cookie', 'Cookie'));
  switch (type) {
    case 'Header':
      return { kind: 'header', name: header };
    case 'Cookie':
      return cookie;
    case 'SourceIP':
    case undefined:
      return { kind: 'source-ip' };
  }
}

function parseCookie(field: Field): HashCookie {
  field.object(['name', 'ttl', 'path', 'attributes']);
  const name = field.key('name');
  return {
    kind: 'cookie',
    name: (field.present ? name.required() : name).text({ ...NAME, maxLength: 128 }) ?? '',
    path: field.key('path').text({ minLength: 1, maxLength: 256, pattern: PATH }) ?? '',
    ttlMs: parseDuration(field.key('ttl'), { minimum: '0s', maximum: '9999h' }),
    attributes: field.key('attributes').items(8).map(parseAttribute),
  };
}

function parseAttribute(field: Field): HashCookie['attributes'][number] {
  field.required().object(['name', 'value']);
  return {
    name: field.key('name').required().oneOf(ATTRIBUTES) ?? '',
    value: field.key('value').text({ maxLength: 256, pattern: /^[A-Za-z0-9._-]*$/ }) ?? '',
  };
}

function parseTable(field: Field): HashTable {
  field.object(['type', 'size', 'pointsPerEndpoint']);
  const isRing = field.key('type').oneOf(['Maglev', 'Ring']) === 'Ring';
  const size = field.key('size').integer({ minimum: 101, maximum: 1_000_003 });
  const points = field.key('pointsPerEndpoint').integer({ minimum: 1, maximum: 4_096 });
  const other = field.key(isRing ? 'size' : 'pointsPerEndpoint');
  if (other.present) other.issue(`the type ${isRing ? 'Maglev' : 'Ring'} beside it`);
  return isRing ? { kind: 'ring', size: points ?? 128 } : { kind: 'maglev', size: size ?? 65_537 };
}

const TYPES = ['RoundRobin', 'Random', 'LeastRequest', 'PeakEWMA', 'ConsistentHash'] as const;
const SETTINGS_OF: Readonly<Record<string, string>> = {
  LeastRequest: 'leastRequest',
  PeakEWMA: 'peakEWMA',
  ConsistentHash: 'consistentHash',
};
const NAME = { minLength: 1, maxLength: 256, pattern: FIELD_NAME };
const PATH = /^\/[A-Za-z0-9/._~%-]*$/;
const ATTRIBUTES = ['SameSite', 'Secure', 'Domain', 'Partitioned', 'Priority'] as const;
