import type { RequestTest, TestOf } from '../../model/index.ts';
import { compileAddresses, type JudgedAddress } from '../compile-addresses.ts';
import { compileServiceAccounts, compileStrings } from '../compile-strings.ts';
import { compileFoldedTexts, compileTexts } from './compile-texts.ts';
import type { JudgedRequest } from './judged-request.ts';
import { compileHttpTest } from './compile-http-test.ts';
import type { CompiledTest, Doubt } from './compiled-test.ts';

/** `doubt` says what a test answers that cannot be decided: what the policy's action needs to fail closed. */
export function compileTest(test: RequestTest, doubt: Doubt): CompiledTest {
  switch (test.subject) {
    case 'principal':
      return ofIdentity(test, compileStrings, ({ id }) => id.slice('spiffe://'.length));
    case 'namespace':
      return ofIdentity(test, compileTexts, ({ namespace }) => namespace);
    case 'trust-domain':
      return ofIdentity(test, compileTexts, ({ trustDomain }) => trustDomain);
    case 'service-account':
      return ofIdentity(
        test,
        compileServiceAccounts,
        ({ namespace, serviceAccount }) => `${namespace}/${serviceAccount}`,
      );
    case 'source-ip':
      return ofAddress(test, (judged) => judged.sourceAddress);
    case 'remote-ip':
      return ofAddress(test, (judged) => judged.remoteAddress);
    case 'destination-ip':
      return ofAddress(test, (judged) => judged.destinationAddress);
    case 'port':
      return ofValue(test, compilePorts, ({ attributes }) => attributes.destinationPort);
    case 'sni':
      return ofValue(test, compileFoldedTexts, ({ attributes }) => attributes.sni.toLowerCase());
    case 'host':
    case 'method':
    case 'path':
    case 'header':
    case 'header-element':
    case 'request-principal':
    case 'claim':
      return compileHttpTest(test, doubt);
  }
}

type Predicate<T> = ((value: T) => boolean) | undefined;
type Compile<V, T> = (values: readonly V[]) => Predicate<T>;

/** Any positive value, where there are some, and no negative one. */
function ofValue<V, T>(
  { values, notValues }: TestOf<string, V>,
  compile: Compile<V, T>,
  read: (judged: JudgedRequest) => T,
): CompiledTest {
  const positive = compile(values);
  const negative = compile(notValues);
  return (judged) => {
    const value = read(judged);
    return (positive === undefined || positive(value)) && !(negative?.(value) ?? false);
  };
}

/** Without an identity no positive holds, and every negative does: nobody is not any of those named. */
function ofIdentity<V>(
  { values, notValues }: TestOf<string, V>,
  compile: Compile<V, string>,
  read: (identity: NonNullable<JudgedRequest['attributes']['source']>) => string,
): CompiledTest {
  const positive = compile(values);
  const negative = compile(notValues);
  return ({ attributes: { source } }) => {
    if (source === undefined) return positive === undefined;
    const value = read(source);
    return (positive === undefined || positive(value)) && !(negative?.(value) ?? false);
  };
}

function ofAddress(
  test: TestOf<string, Parameters<typeof compileAddresses>[0][number]>,
  read: (judged: JudgedRequest) => JudgedAddress,
): CompiledTest {
  return ofValue(test, compileAddresses, read);
}

function compilePorts(ports: readonly number[]): Predicate<number> {
  if (ports.length === 0) return undefined;
  const set = new Set(ports);
  return (port) => set.has(port);
}
