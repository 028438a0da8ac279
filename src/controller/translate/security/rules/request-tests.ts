import type {
  Cidr,
  PathPattern,
  RequestTest,
  ServiceAccountMatch,
  StringMatch,
  TokenPrincipalMatch,
  Wildcard,
} from '../../../../model/index.ts';
import type { PolicyCondition, PolicyOperation, PolicySource } from '../../../objects/index.ts';
import { readCidr, readPort } from '../../policy-match.ts';
import { readHeaderName, readNestedNames } from './attribute-key.ts';
import { readPath } from './path-pattern.ts';
import { readServiceAccount } from './service-account.ts';
import { readText, readTokenPrincipal, readWildcardText } from './text-pattern.ts';
import { trustDomainWithAliases, withTrustDomainAliases } from './trust-domains.ts';

/** What the tests of one policy have in common. */
export interface TestContext {
  readonly namespace: string;
  /** The mesh's own, then its aliases. */
  readonly trustDomains: readonly string[];
}

/** Tests for one part of a rule. */
export interface TranslatedTests {
  readonly tests: readonly RequestTest[];
  /** Values that mean nothing. The tests hold for more then: a positive value that cannot be read may be any. */
  readonly unreadable: readonly string[];
}

/** Principals and trust domains stand for those of the aliases too. */
export function testsOfSource(source: PolicySource, context: TestContext): TranslatedTests {
  const account = readServiceAccount(context.namespace);
  const { expandPrincipals, expandDomains } = aliases(context);
  return joined([
    testOf(
      'principal',
      readText,
      expandPrincipals(source.principals),
      expandPrincipals(source.notPrincipals),
    ),
    testOf('request-principal', readTokenPrincipal, source.requestPrincipals, source.notRequestPrincipals),
    testOf('namespace', readWildcardText, source.namespaces, source.notNamespaces),
    testOf('service-account', account, source.serviceAccounts, source.notServiceAccounts),
    testOf('source-ip', readCidr, source.ipBlocks, source.notIpBlocks),
    testOf('remote-ip', readCidr, source.remoteIpBlocks, source.notRemoteIpBlocks),
    testOf(
      'trust-domain',
      readWildcardText,
      expandDomains(source.trustDomains),
      expandDomains(source.notTrustDomains),
    ),
  ]);
}

/** Lists that are absent become no test. */
export function testsOfOperation(operation: PolicyOperation): TranslatedTests {
  return joined([
    testOf('host', readText, operation.hosts, operation.notHosts),
    testOf('port', readPort, operation.ports, operation.notPorts),
    testOf('method', readText, operation.methods, operation.notMethods),
    testOf('path', readPath, operation.paths, operation.notPaths),
  ]);
}

/** Undefined for a key that is not known here, or cannot be. */
export function testsOfCondition(
  condition: PolicyCondition,
  context: TestContext,
): TranslatedTests | undefined {
  const { key, values, notValues } = condition;
  const { expandPrincipals, expandDomains } = aliases(context);
  switch (key) {
    case 'source.ip':
      return joined([testOf('source-ip', readCidr, values, notValues)]);
    case 'remote.ip':
      return joined([testOf('remote-ip', readCidr, values, notValues)]);
    case 'destination.ip':
      return joined([testOf('destination-ip', readCidr, values, notValues)]);
    case 'destination.port':
      return joined([testOf('port', readPort, values, notValues)]);
    case 'source.namespace':
      return joined([testOf('namespace', readWildcardText, values, notValues)]);
    case 'source.principal':
      return joined([testOf('principal', readText, expandPrincipals(values), expandPrincipals(notValues))]);
    case 'source.serviceAccount': {
      const account = readServiceAccount(context.namespace);
      return joined([testOf('service-account', account, values, notValues)]);
    }
    case 'source.trustDomain':
      return joined([
        testOf('trust-domain', readWildcardText, expandDomains(values), expandDomains(notValues)),
      ]);
    case 'request.auth.principal':
      return joined([testOf('request-principal', readTokenPrincipal, values, notValues)]);
    case 'connection.sni':
      return joined([testOf('sni', readText, values, notValues)]);
    default:
      return testsOfNamed(condition);
  }
}

/** Keys with a name of the author's in them. */
function testsOfNamed({ key, values, notValues }: PolicyCondition): TranslatedTests | undefined {
  const lists = listsOf(readText, values, notValues);
  const asTest = (test: RequestTest): TranslatedTests => asTests(test, lists.unreadable);
  const claim =
    key === 'request.auth.audiences'
      ? ['aud']
      : key === 'request.auth.presenter'
        ? ['azp']
        : readNestedNames(key, 'request.auth.claims');
  if (claim !== undefined) return asTest({ subject: 'claim', path: claim, ...lists.read });
  const header = readHeaderName(key, 'request.headers');
  if (header !== undefined) return asTest({ subject: 'header', name: header, ...lists.read });
  const element = readHeaderName(key, 'request.experimental.inline.headers');
  if (element !== undefined) return asTest({ subject: 'header-element', name: element, ...lists.read });
  return undefined;
}

/** What tests of each subject compare with. */
interface ValuesBySubject {
  readonly principal: StringMatch;
  readonly namespace: StringMatch | Wildcard;
  readonly 'trust-domain': StringMatch | Wildcard;
  readonly 'service-account': ServiceAccountMatch;
  readonly 'source-ip': Cidr;
  readonly 'remote-ip': Cidr;
  readonly 'destination-ip': Cidr;
  readonly port: number;
  readonly sni: StringMatch;
  readonly host: StringMatch;
  readonly method: StringMatch;
  readonly path: PathPattern;
  readonly 'request-principal': TokenPrincipalMatch;
}

function testOf<S extends keyof ValuesBySubject>(
  subject: S,
  read: (value: string) => ValuesBySubject[S] | undefined,
  values: readonly string[],
  notValues: readonly string[],
): TranslatedTests {
  const lists = listsOf(read, values, notValues);
  // Each subject goes with its own sort of values, which the compiler cannot follow through a type parameter.
  return asTests({ subject, ...lists.read } as RequestTest, lists.unreadable);
}

function asTests(test: RequestTest, unreadable: readonly string[]): TranslatedTests {
  return { tests: test.values.length + test.notValues.length === 0 ? [] : [test], unreadable };
}

function listsOf<T>(
  read: (value: string) => T | undefined,
  values: readonly string[],
  notValues: readonly string[],
) {
  const unreadable: string[] = [];
  const readAll = (texts: readonly string[]): readonly T[] =>
    texts.flatMap((text) => {
      const value = read(text);
      if (value === undefined) unreadable.push(text);
      return value === undefined ? [] : [value];
    });
  const positive = readAll(values);
  const isAny = unreadable.length > 0;
  return { read: { values: isAny ? [] : positive, notValues: readAll(notValues) }, unreadable };
}

function joined(parts: readonly TranslatedTests[]): TranslatedTests {
  return {
    tests: parts.flatMap(({ tests }) => tests),
    unreadable: parts.flatMap(({ unreadable }) => unreadable),
  };
}

function aliases({ trustDomains }: TestContext) {
  return {
    expandPrincipals: (values: readonly string[]) =>
      values.flatMap((value) => withTrustDomainAliases(value, trustDomains)),
    expandDomains: (values: readonly string[]) =>
      values.flatMap((value) => trustDomainWithAliases(value, trustDomains)),
  };
}
