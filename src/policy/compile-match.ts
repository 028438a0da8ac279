import type { Match, WorkloadIdentity } from '../model/index.ts';
import type { L4Attributes } from './attributes.ts';
import { compileAddresses, type JudgedAddress, judgedAddress } from './compile-addresses.ts';
import { compileServiceAccounts, compileStrings, type StringTest } from './compile-strings.ts';

/** The attributes of one connection, with what several policies need of them worked out once. */
export interface Judged {
  readonly attributes: L4Attributes;
  readonly identity: WorkloadIdentity | undefined;
  readonly sourceAddress: JudgedAddress;
  readonly destinationAddress: JudgedAddress;
}

/** Whether a match holds for a connection. */
export type CompiledMatch = (judged: Judged) => boolean;

/** Prepares a connection for any number of policies. */
export function judge(attributes: L4Attributes): Judged {
  return {
    attributes,
    identity: attributes.source,
    sourceAddress: judgedAddress(attributes.sourceAddress),
    destinationAddress: judgedAddress(attributes.destinationAddress),
  };
}

/**
 * One match as a function: all of its attributes must hold. Undefined for a match that names no attribute at all, which
 * is skipped and never holds (wire.md §4.2).
 */
export function compileMatch(match: Match): CompiledMatch | undefined {
  const tests = [
    ...identityTests(match),
    ...attributeTests(
      compileAddresses(match.sourceIps),
      compileAddresses(match.notSourceIps),
      (judged) => judged.sourceAddress,
    ),
    ...attributeTests(
      compileAddresses(match.destinationIps),
      compileAddresses(match.notDestinationIps),
      (judged) => judged.destinationAddress,
    ),
    ...attributeTests(
      compilePorts(match.destinationPorts),
      compilePorts(match.notDestinationPorts),
      (judged) => judged.attributes.destinationPort,
    ),
  ];
  const [only] = tests;
  if (only === undefined) return undefined;
  return tests.length === 1 ? only : (judged) => tests.every((test) => test(judged));
}

/** Any positive value, where there are some; and no negative one. */
function attributeTests<T>(
  positive: ((value: T) => boolean) | undefined,
  negative: ((value: T) => boolean) | undefined,
  read: (judged: Judged) => T,
): readonly CompiledMatch[] {
  const tests: CompiledMatch[] = [];
  if (positive !== undefined) tests.push((judged) => positive(read(judged)));
  if (negative !== undefined) tests.push((judged) => !negative(read(judged)));
  return tests;
}

/** Without an identity no positive holds, and every negative does: nobody is not any of those named. */
function identityTests(match: Match): readonly CompiledMatch[] {
  return [
    ...ofIdentity(compileStrings(match.namespaces), compileStrings(match.notNamespaces), namespaceOf),
    ...ofIdentity(compileStrings(match.principals), compileStrings(match.notPrincipals), principalOf),
    ...ofIdentity(
      compileServiceAccounts(match.serviceAccounts),
      compileServiceAccounts(match.notServiceAccounts),
      accountOf,
    ),
  ];
}

function ofIdentity(
  positive: StringTest,
  negative: StringTest,
  read: (identity: WorkloadIdentity) => string,
): readonly CompiledMatch[] {
  const tests: CompiledMatch[] = [];
  if (positive !== undefined)
    tests.push(({ identity }) => identity !== undefined && positive(read(identity)));
  if (negative !== undefined)
    tests.push(({ identity }) => identity === undefined || !negative(read(identity)));
  return tests;
}

function namespaceOf(identity: WorkloadIdentity): string {
  return identity.namespace;
}

/** `<trust domain>/ns/<namespace>/sa/<account>`. */
function principalOf(identity: WorkloadIdentity): string {
  return identity.id.slice('spiffe://'.length);
}

/** Compared without the trust domain (wire.md §4.2). */
function accountOf(identity: WorkloadIdentity): string {
  return `${identity.namespace}/${identity.serviceAccount}`;
}

function compilePorts(ports: readonly number[]): ((port: number) => boolean) | undefined {
  if (ports.length === 0) return undefined;
  const set = new Set(ports);
  return (port) => set.has(port);
}
