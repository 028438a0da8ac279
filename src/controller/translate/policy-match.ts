import {
  type Cidr,
  EMPTY_MATCH,
  type Match,
  parseCidr,
  type ServiceAccountMatch,
  type StringMatch,
} from '../../model/index.ts';
import type { PolicyCondition, PolicyOperation, PolicySource } from '../objects/index.ts';

/**
 * A part of a rule at L4. `unreadable` holds the values that mean nothing: then the match alone would say more, or less,
 * than was written, and the caller must decide on the safe side.
 */
export interface PartialMatch {
  readonly match: Match;
  /** Names of fields that only HTTP has. */
  readonly http: readonly string[];
  readonly unreadable: readonly string[];
}

/** `policyNamespace`: of service accounts that are written without one. */
export function matchSource(source: PolicySource, policyNamespace: string): PartialMatch {
  const unreadable: string[] = [];
  const http = HTTP_SOURCE_FIELDS.filter((name) => source[name].length > 0);
  const accounts = (values: readonly string[]): readonly ServiceAccountMatch[] =>
    values.map((value) => serviceAccountMatch(value, policyNamespace));
  const match: Match = {
    ...EMPTY_MATCH,
    principals: source.principals.map(stringMatch),
    notPrincipals: source.notPrincipals.map(stringMatch),
    namespaces: source.namespaces.map(stringMatch),
    notNamespaces: source.notNamespaces.map(stringMatch),
    serviceAccounts: accounts(source.serviceAccounts),
    notServiceAccounts: accounts(source.notServiceAccounts),
    sourceIps: readAll(source.ipBlocks, readCidr, unreadable),
    notSourceIps: readAll(source.notIpBlocks, readCidr, unreadable),
  };
  return { match, http, unreadable };
}

/** Ports alone: everything else of an operation is HTTP. */
export function matchOperation(operation: PolicyOperation): PartialMatch {
  const unreadable: string[] = [];
  const match: Match = {
    ...EMPTY_MATCH,
    destinationPorts: readAll(operation.ports, readPort, unreadable),
    notDestinationPorts: readAll(operation.notPorts, readPort, unreadable),
  };
  return { match, http: HTTP_OPERATION_FIELDS.filter((name) => operation[name].length > 0), unreadable };
}

/** A key that nobody knows is `unreadable`. */
export function matchCondition(condition: PolicyCondition): PartialMatch {
  const { key, values, notValues } = condition;
  const unreadable: string[] = [];
  const of = (match: Partial<Match>): PartialMatch => ({
    match: { ...EMPTY_MATCH, ...match },
    http: [],
    unreadable,
  });
  switch (key) {
    case 'source.ip':
      return of({
        sourceIps: readAll(values, readCidr, unreadable),
        notSourceIps: readAll(notValues, readCidr, unreadable),
      });
    case 'source.namespace':
      return of({ namespaces: values.map(stringMatch), notNamespaces: notValues.map(stringMatch) });
    case 'source.principal':
      return of({ principals: values.map(stringMatch), notPrincipals: notValues.map(stringMatch) });
    case 'destination.ip':
      return of({
        destinationIps: readAll(values, readCidr, unreadable),
        notDestinationIps: readAll(notValues, readCidr, unreadable),
      });
    case 'destination.port':
      return of({
        destinationPorts: readAll(values, readPort, unreadable),
        notDestinationPorts: readAll(notValues, readPort, unreadable),
      });
    default:
      return HTTP_CONDITION.test(key)
        ? { match: EMPTY_MATCH, http: [key], unreadable }
        : { match: EMPTY_MATCH, http: [], unreadable: [key] };
  }
}

/** `*`, `prefix*`, `*suffix` or the value itself. */
function stringMatch(value: string): StringMatch {
  if (value === '*') return { kind: 'presence' };
  if (value.startsWith('*')) return { kind: 'suffix', value: value.slice(1) };
  if (value.endsWith('*')) return { kind: 'prefix', value: value.slice(0, -1) };
  return { kind: 'exact', value };
}

/** `namespace/account`, or an account of the policy's own namespace. */
function serviceAccountMatch(value: string, policyNamespace: string): ServiceAccountMatch {
  const slash = value.indexOf('/');
  if (slash === -1) return { namespace: policyNamespace, serviceAccount: value };
  return { namespace: value.slice(0, slash), serviceAccount: value.slice(slash + 1) };
}

function readAll<T>(
  values: readonly string[],
  read: (value: string) => T | undefined,
  unreadable: string[],
): readonly T[] {
  return values.flatMap((value) => {
    const result = read(value);
    if (result === undefined) unreadable.push(value);
    return result === undefined ? [] : [result];
  });
}

/** Undefined: no port from 1 to 65535. */
export function readPort(value: string): number | undefined {
  const port = /^\d{1,5}$/.test(value) ? Number(value) : 0;
  return port >= 1 && port <= 65535 ? port : undefined;
}

/** Undefined: neither an address nor a range. */
export function readCidr(value: string): Cidr | undefined {
  try {
    return parseCidr(value);
  } catch {
    // Not a range: the caller learns the value, and what it makes of it is its decision.
    return undefined;
  }
}

const HTTP_SOURCE_FIELDS = [
  'remoteIpBlocks',
  'notRemoteIpBlocks',
  'requestPrincipals',
  'notRequestPrincipals',
  // Not HTTP, but no part of a match either; folded into the principals they would widen a source that names both.
  'trustDomains',
  'notTrustDomains',
] as const;

const HTTP_OPERATION_FIELDS = ['hosts', 'notHosts', 'methods', 'notMethods', 'paths', 'notPaths'] as const;

/** Attributes of a request or of a layer that a node proxy does not see. */
const HTTP_CONDITION =
  /^(request\.(headers\[.+\]|auth\.(principal|audiences|presenter|claims\[.+\]))|remote\.ip|source\.trustDomain|connection\.sni|experimental\.envoy\.filters\..+)$/;
