import {
  type FlowRecord,
  type FlowRequest,
  type IpAddress,
  NOT_KEPT,
  type PathNormalization,
  type RequestPolicy,
  type RequestTest,
  type StringMatch,
} from '../../../model/index.ts';
import {
  type HttpAttributes,
  normalizePath,
  type RequestAttributes,
  type TokenAttributes,
} from '../../../policy/index.ts';
import { type AskedAttributes, askedAttributes } from '../../../waypoint/index.ts';
import { identityOfFlow } from './flow-verdict.ts';

/** What a flow may have been. */
export interface PossibleRequests {
  /** Every request that policies could tell from the others, given what is known. Empty: there are too many. */
  readonly requests: readonly RequestAttributes[];
  /** What was not kept and is asked for: `header x-team`. */
  readonly unknown: readonly string[];
}

/** What there is to know of a flow. */
export interface KnownFlow {
  readonly flow: FlowRecord;
  readonly addresses: { readonly source: IpAddress; readonly destination: IpAddress };
  readonly port: number;
  /** What was kept of requests to this target. */
  readonly kept: AskedAttributes;
  readonly pathNormalization: PathNormalization;
  /** Of the tokens that were looked for. */
  readonly issuers: readonly string[];
}

/**
 * The requests that a flow may stand for: what was kept is as it was, and of what was not each value that a policy looks for,
 * another, and none. Whatever all of them come to is certain, however little is known.
 */
export function possibleRequests(policies: readonly RequestPolicy[], known: KnownFlow): PossibleRequests {
  const { flow } = known;
  const { request } = flow;
  const base = {
    source: identityOfFlow(flow),
    sourceAddress: known.addresses.source,
    remoteAddress: known.addresses.source,
    destinationAddress: known.addresses.destination,
    destinationPort: known.port,
  };
  const tests = policies.flatMap(({ rules }) =>
    rules.flatMap(({ from, to, when }) => [...from.flat(), ...to.flat(), ...when]),
  );
  if (request === undefined) {
    const names = valuesFor(tests.filter(({ subject }) => subject === 'sni'));
    const unknown = names.length === 0 ? [] : ['the name in its TLS handshake'];
    const requests = [undefined, ...names].map((sni) => ({ ...base, sni: sni ?? '', http: undefined }));
    return { requests, unknown };
  }
  const headers = headerChoices(tests, request, known.kept, policies);
  const claims = claimChoices(tests, request, known.kept, policies);
  const paths = pathChoices(tests, request.path);
  const choices = [...headers, ...claims, paths];
  const unknown = choices.flatMap(({ name, options, isUnknown }) =>
    isUnknown && options.length > 1 ? [name] : [],
  );
  const combinations = choices.reduce((product, { options }) => product * options.length, 1);
  if (combinations > MOST_COMBINATIONS) return { requests: [], unknown };
  const requests = combined(choices).map((chosen) => ({
    ...base,
    sni: '',
    http: httpAttributes(request, chosen, known),
  }));
  return { requests, unknown };
}

/** One thing that may have been one way or another. */
interface Choice {
  readonly kind: 'header' | 'claim' | 'path';
  readonly key: string;
  /** For people. */
  readonly name: string;
  /** Lines of a header, a claim's value alone, a path; undefined: it was not there. */
  readonly options: readonly (readonly unknown[] | undefined)[];
  readonly isUnknown: boolean;
}

function headerChoices(
  tests: readonly RequestTest[],
  { headers }: FlowRequest,
  kept: AskedAttributes,
  policies: readonly RequestPolicy[],
): readonly Choice[] {
  return askedAttributes(policies).headers.map((name): Choice => {
    const value = headers[name];
    const about = { kind: 'header', key: name, name: `header ${name}` } as const;
    if (value !== undefined && value !== NOT_KEPT) {
      // Several lines were joined: a comma may have been written or come from that.
      const options = value.includes(',') ? [[value], value.split(',')] : [[value]];
      return { ...about, options, isUnknown: false };
    }
    if (value === undefined && kept.headers.includes(name))
      return { ...about, options: [undefined], isUnknown: false };
    const values = valuesFor(tests.filter((test) => 'name' in test && test.name === name));
    return { ...about, options: [undefined, ...values.map((text) => [text])], isUnknown: true };
  });
}

function claimChoices(
  tests: readonly RequestTest[],
  { claims, tokenPrincipal }: FlowRequest,
  kept: AskedAttributes,
  policies: readonly RequestPolicy[],
): readonly Choice[] {
  if (tokenPrincipal === '') return [];
  return askedAttributes(policies).claims.map((name): Choice => {
    const text = claims[name];
    const about = { kind: 'claim', key: name, name: `claim ${name}` } as const;
    if (text !== undefined && text !== NOT_KEPT)
      return { ...about, options: [[JSON.parse(text) as unknown]], isUnknown: false };
    if (text === undefined && kept.claims.includes(name))
      return { ...about, options: [undefined], isUnknown: false };
    const ofClaim = tests.filter((test) => test.subject === 'claim' && test.path[0] === name);
    const options = ofClaim.flatMap((test) =>
      test.subject === 'claim' ? valuesFor([test]).map((value) => [nested(test.path.slice(1), value)]) : [],
    );
    return { ...about, options: [undefined, ...options], isUnknown: true };
  });
}

/** A path that was cut may have gone on in any way. */
function pathChoices(tests: readonly RequestTest[], path: string): Choice {
  const about = { kind: 'path', key: '', name: 'the end of its path' } as const;
  if (path.length < LONGEST_PATH) return { ...about, options: [[path]], isUnknown: false };
  const suffixes = tests.flatMap((test) =>
    test.subject === 'path'
      ? [...test.values, ...test.notValues].flatMap((pattern) =>
          pattern.kind === 'suffix' ? [pattern.value] : [],
        )
      : [],
  );
  const options = ['', OTHER, ...suffixes].map((end) => [`${path}${end}`]);
  return { ...about, options, isUnknown: true };
}

function nested(path: readonly string[], value: string): unknown {
  return path.reduceRight<unknown>((inner, name) => ({ [name]: inner }), value);
}

/** A value for each that the tests look for, and one that none of them does. */
function valuesFor(tests: readonly RequestTest[]): readonly string[] {
  const found = tests.flatMap((test) => [
    ...(test.values as readonly StringMatch[]),
    ...(test.notValues as readonly StringMatch[]),
  ]);
  if (found.length === 0) return [];
  return [...new Set([...found.flatMap(exampleOf), OTHER])];
}

function exampleOf(match: StringMatch): readonly string[] {
  switch (match.kind) {
    case 'exact':
      return [match.value];
    case 'prefix':
      return [`${match.value}${OTHER}`, match.value];
    case 'suffix':
      return [`${OTHER}${match.value}`, match.value];
    case 'presence':
      return [OTHER];
  }
}

type Chosen = readonly {
  readonly kind: Choice['kind'];
  readonly key: string;
  readonly value: readonly unknown[] | undefined;
}[];

function combined(choices: readonly Choice[]): readonly Chosen[] {
  return choices.reduce<readonly Chosen[]>(
    (before, { kind, key, options }) =>
      before.flatMap((chosen) => options.map((value) => [...chosen, { kind, key, value }])),
    [[]],
  );
}

function httpAttributes(
  request: FlowRequest,
  chosen: Chosen,
  { pathNormalization, issuers }: Pick<KnownFlow, 'pathNormalization' | 'issuers'>,
): HttpAttributes {
  const { tokenPrincipal, method, host } = request;
  const path = String(chosen.find(({ kind }) => kind === 'path')?.value?.[0] ?? request.path);
  const normalized = normalizePath(path, pathNormalization);
  return {
    method,
    authority: host,
    target: 'target' in normalized ? normalized.target : path,
    header: (name) =>
      (chosen.find(({ kind, key }) => kind === 'header' && key === name)?.value ?? []) as readonly string[],
    tokens: tokenPrincipal === '' ? [] : [tokenOf(tokenPrincipal, issuers, chosen)],
  };
}

/** Issuer and subject may both have slashes: whose tokens were looked for tells where the one ends. */
function tokenOf(principal: string, issuers: readonly string[], chosen: Chosen): TokenAttributes {
  const [issuer = principal.slice(0, principal.lastIndexOf('/'))] = issuers
    .filter((known) => principal.startsWith(`${known}/`))
    .toSorted((a, b) => b.length - a.length);
  const claims: Record<string, unknown> = { iss: issuer, sub: principal.slice(issuer.length + 1) };
  for (const { kind, key, value } of chosen)
    if (kind === 'claim' && value !== undefined) claims[key] = value[0];
  return { claims };
}

const OTHER = '\u{1f50e}other';
const MOST_COMBINATIONS = 512;
/** Proxies keep no more of a path. */
const LONGEST_PATH = 256;
