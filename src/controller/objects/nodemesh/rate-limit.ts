import type { Field } from '../fields/index.ts';
import { type ObjectMeta, parseObjectMeta } from '../object-meta.ts';
import { parseDuration } from './duration.ts';
import { LABEL } from './name-pattern.ts';
import { parseFieldName, parseRequestMatches, type RequestMatch } from './request-match.ts';
import { parseRules } from './rule-list.ts';
import { parseTargetReferences, type TargetReference } from './target-reference.ts';

/** nodemesh.io RateLimit. */
export interface RateLimitObject {
  readonly kind: 'RateLimit';
  readonly meta: ObjectMeta;
  readonly targets: readonly TargetReference[];
  readonly rules: readonly RateLimitRuleObject[];
  readonly global: GlobalCountingObject | undefined;
  readonly announce: boolean;
}

/** One rule, as it was written. */
export interface RateLimitRuleObject {
  readonly name: string;
  readonly matches: readonly RequestMatch[];
  readonly limits: readonly RequestLimitObject[];
}

/** So many requests in each interval, for each of what `per` tells apart. */
export interface RequestLimitObject {
  readonly requests: number;
  readonly intervalMs: number;
  readonly burst: number;
  readonly per: readonly { readonly type: LimitKeyType; readonly header: string }[];
}

/** What requests can be told apart by. */
export type LimitKeyType = (typeof KEY_TYPES)[number];

/** The server in which all waypoints count together. */
export interface GlobalCountingObject {
  readonly server:
    | {
        readonly kind: 'service';
        readonly name: string;
        /** Empty: the object's own. */
        readonly namespace: string;
        readonly port: number;
      }
    | { readonly kind: 'host'; readonly host: string; readonly port: number };
  readonly username: string | undefined;
  readonly passwordFile: string | undefined;
  readonly timeoutMs: number;
  readonly failure: 'Open' | 'Closed';
}

/** Accepts exactly what our CustomResourceDefinition does, and no unknown fields. */
export function parseRateLimit(root: Field, defaultNamespace: string): RateLimitObject {
  const meta = parseObjectMeta(root, { fallback: defaultNamespace });
  const spec = root.key('spec').required().object(['targetRefs', 'rules', 'global', 'announce']);
  return {
    kind: 'RateLimit',
    meta,
    targets: parseTargetReferences(spec.key('targetRefs')),
    rules: parseRules(spec.key('rules'), parseRule),
    global: parseGlobal(spec.key('global')),
    announce: spec.key('announce').boolean() ?? false,
  };
}

function parseRule(field: Field, name: string): RateLimitRuleObject {
  field.object(['name', 'matches', 'limits']);
  return {
    name,
    matches: parseRequestMatches(field.key('matches')),
    limits: field.key('limits').required().items(8).map(parseLimit),
  };
}

function parseLimit(field: Field): RequestLimitObject {
  field.required().object(['requests', 'interval', 'burst', 'per']);
  const requests = field.key('requests').required().integer(COUNTS) ?? 1;
  return {
    requests,
    intervalMs: parseDuration(field.key('interval'), { minimum: '100ms', maximum: '24h' }) ?? 1_000,
    burst: field.key('burst').integer(COUNTS) ?? requests,
    per: parseKey(field.key('per')),
  };
}

function parseKey(field: Field): RequestLimitObject['per'] {
  const items = field.items(4);
  if (field.present && items.length === 0) field.issue('at least one key', 'none');
  const seen = new Set<string>();
  return items.map((item) => {
    item.required().object(['type', 'header']);
    const type = item.key('type').required().oneOf(KEY_TYPES) ?? 'Identity';
    const header = item.key('header');
    if (type === 'Header') header.required();
    else if (header.present) header.issue(`no header beside the type ${type}`);
    const name = parseFieldName(header);
    if (seen.has(`${type} ${name}`)) item.issue('each key once', 'one that is listed already');
    seen.add(`${type} ${name}`);
    return { type, header: name };
  });
}

function parseGlobal(field: Field): GlobalCountingObject | undefined {
  if (!field.present) return undefined;
  field.object(['service', 'host', 'auth', 'timeout', 'failure']);
  const auth = field.key('auth').object(['username', 'passwordFile']);
  if (field.key('service').present === field.key('host').present)
    field.issue('exactly one of service and host', field.key('host').present ? 'both' : 'neither');
  return {
    server: field.key('host').present ? parseHost(field.key('host')) : parseService(field.key('service')),
    username: auth.key('username').text({ minLength: 1, maxLength: 128 }),
    passwordFile: (auth.present ? auth.key('passwordFile').required() : auth.key('passwordFile')).text(FILE),
    timeoutMs: parseDuration(field.key('timeout'), { minimum: '1ms', maximum: '5s' }) ?? 50,
    failure: field.key('failure').oneOf(['Open', 'Closed']) ?? 'Open',
  };
}

function parseService(field: Field): GlobalCountingObject['server'] {
  field.object(['name', 'namespace', 'port']);
  const present = (name: string): Field => (field.present ? field.key(name).required() : field.key(name));
  return {
    kind: 'service',
    name:
      present('name').text({ minLength: 1, maxLength: 63, pattern: /^[a-z]([-a-z0-9]*[a-z0-9])?$/ }) ?? '',
    namespace: field.key('namespace').text({ minLength: 1, maxLength: 63, pattern: LABEL }) ?? '',
    port: present('port').integer(PORTS) ?? 0,
  };
}

function parseHost(field: Field): GlobalCountingObject['server'] {
  field.object(['name', 'port']);
  const host = field.key('name').required();
  return {
    kind: 'host',
    host: host.text({ minLength: 1, maxLength: 253, pattern: HOST }) ?? '',
    port: field.key('port').required().integer(PORTS) ?? 0,
  };
}

const KEY_TYPES = ['Identity', 'Namespace', 'Address', 'Service', 'Method', 'Path', 'Header'] as const;
const COUNTS = { minimum: 1, maximum: 1_000_000_000 };
const PORTS = { minimum: 1, maximum: 65_535 };
/** A key of a Secret: a file's name, never a path. */
const FILE = { minLength: 1, maxLength: 253, pattern: /^[A-Za-z0-9]([-._A-Za-z0-9]*[A-Za-z0-9])?$/ };
const HOST = /^[A-Za-z0-9]([-A-Za-z0-9.:]*[A-Za-z0-9])?$/;
