import type { BackendSees, ConformanceCase, Expectation } from '../data/index.ts';
import { headerOf, type ReceivedAnswer } from './answer.ts';
import { type Echo, readEcho } from './echo.ts';
import { redirectDifferences } from './redirect.ts';

export interface ComparisonContext {
  /** Namespaces of the pods that there are, by name; for backends that do not tell theirs. */
  readonly namespaceOf: (pod: string) => string | undefined;
}

/** Everything in which an answer is not as the case wants it; empty: it is. */
export function differences(
  { request, expect }: ConformanceCase,
  answer: ReceivedAnswer,
  context: ComparisonContext,
): readonly string[] {
  if (answer.error !== undefined && answer.code === undefined) return [`no answer: ${answer.error}`];
  return [
    ...statusDifferences(expect, answer),
    ...backendDifferences(expect, answer, context),
    ...responseDifferences(expect, answer),
    ...(expect.redirect === undefined
      ? []
      : redirectDifferences(headerOf(answer.headers, 'location'), expect.redirect, {
          scheme: request.protocol === 'HTTPS' ? 'https' : 'http',
          path: request.path,
        })),
  ];
}

function statusDifferences({ status, code }: Expectation, answer: ReceivedAnswer): readonly string[] {
  if (code !== undefined) {
    const got = plainCode(answer.code ?? '');
    return got === plainCode(code) ? [] : [`expected code ${code}, got ${answer.code} (${answer.error})`];
  }
  return status.length === 0 || status.includes(answer.status)
    ? []
    : [`expected status ${status.join(' or ')}, got ${answer.status}: ${answer.body.slice(0, 200)}`];
}

/** `DeadlineExceeded` and `DEADLINE_EXCEEDED` are the same. */
function plainCode(code: string): string {
  return code.replaceAll('_', '').toLowerCase();
}

function backendDifferences(
  { backend, namespace, backendSees }: Expectation,
  answer: ReceivedAnswer,
  { namespaceOf }: ComparisonContext,
): readonly string[] {
  if (backend === undefined && backendSees === undefined) return [];
  const echo = readEcho(answer);
  if (echo === undefined) return [`expected a backend's answer, got ${answer.body.slice(0, 200)}`];
  const from = echo.namespace ?? namespaceOf(echo.pod);
  return [
    ...(backend !== undefined && !echo.pod.startsWith(backend)
      ? [`expected backend ${backend}, got ${echo.pod}`]
      : []),
    ...(namespace !== undefined && from !== namespace
      ? [`expected a backend of ${namespace}, got one of ${from}`]
      : []),
    ...(backendSees === undefined ? [] : seenDifferences(backendSees, echo)),
  ];
}

function seenDifferences(expected: BackendSees, echo: Echo): readonly string[] {
  const comparable = (text: string | undefined): string | undefined => text?.replace(UUID, '$1');
  const parts = (['host', 'path', 'method'] as const).flatMap((part) =>
    expected[part] === undefined || comparable(expected[part]) === comparable(echo[part])
      ? []
      : [`the backend saw ${part} ${echo[part]}, expected ${expected[part]}`],
  );
  const headers = Object.entries(expected.headers).flatMap(([name, value]) => {
    const got = headerOf(echo.headers, name);
    return got === value ? [] : [`the backend saw ${name}: ${got}, expected ${value}`];
  });
  const unwanted = expected.absentHeaders.flatMap((name) => {
    const got = headerOf(echo.headers, name);
    return got === undefined ? [] : [`the backend saw ${name}: ${got}, expected none`];
  });
  return [...parts, ...headers, ...unwanted];
}

/** Requests that are to fail at first have one of their own each time. */
const UUID = /^(\/retry.*[?&]uuid=)[^&]*/;

function responseDifferences(expect: Expectation, { headers }: ReceivedAnswer): readonly string[] {
  const comparable = (value: string | undefined): string | undefined =>
    expect.ignoreWhitespace ? value?.replaceAll(/\s/g, '') : value;
  const exact = Object.entries(expect.responseHeaders).flatMap(([name, value]) => {
    const got = headerOf(headers, name);
    return comparable(got) === comparable(value) ? [] : [`expected ${name}: ${value}, got ${got}`];
  });
  const oneOf = Object.entries(expect.responseHeaderOneOf).flatMap(([name, values]) => {
    const got = headerOf(headers, name);
    return values.some((value) => comparable(value) === comparable(got))
      ? []
      : [`expected ${name}: ${values.join(' or ')}, got ${got}`];
  });
  const unwanted = expect.responseAbsentHeaders.flatMap((name) => {
    const got = headerOf(headers, name);
    return got === undefined ? [] : [`expected no ${name}, got ${got}`];
  });
  return [...exact, ...oneOf, ...unwanted];
}
