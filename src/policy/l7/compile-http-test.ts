import type { RequestTest, StringMatch } from '../../model/index.ts';
import { compileStrings, type StringTest } from '../compile-strings.ts';
import { compileTokenTest } from './compile-token-test.ts';
import type { CompiledTest, Doubt } from './compiled-test.ts';
import { compileFoldedTexts } from './compile-texts.ts';
import type { JudgedHttp } from './judged-request.ts';
import { compilePaths } from './path/index.ts';

/** A test of what only HTTP has. */
export type HttpTest = Extract<
  RequestTest,
  {
    readonly subject:
      | 'host'
      | 'method'
      | 'path'
      | 'header'
      | 'header-element'
      | 'request-principal'
      | 'claim';
  }
>;

/** On a plain connection, what lets through needs HTTP to be there, and what stops does without (as Istio has it). */
export function compileHttpTest(test: HttpTest, doubt: Doubt): CompiledTest {
  const ofHttp = compileContent(test, doubt);
  return (judged, token) => (judged.http === undefined ? doubt === 'wide' : ofHttp(judged.http, token));
}

type HttpPredicate = (http: JudgedHttp, token: Parameters<CompiledTest>[1]) => boolean;

function compileContent(test: HttpTest, doubt: Doubt): HttpPredicate {
  switch (test.subject) {
    case 'method':
      return compileMethods(test, doubt);
    case 'host':
      return compileHosts(test, doubt);
    case 'path':
      return compilePathTest(test, doubt);
    case 'header':
      return compileHeader(test, doubt);
    case 'header-element':
      return compileElements(test);
    case 'request-principal':
    case 'claim':
      return compileTokenTest(test, doubt);
  }
}

/** As of a path, case counts where a method is let through, and not where one is stopped: some servers fold it. */
function compileMethods(test: Extract<HttpTest, { subject: 'method' }>, doubt: Doubt): HttpPredicate {
  const isStrict = doubt === 'strict';
  const positive = isStrict ? compileStrings(test.values) : foldedStrings(test.values);
  const negative = isStrict ? foldedStrings(test.notValues) : compileStrings(test.notValues);
  return ({ method }) => accepts(positive, negative, method);
}

function foldedStrings(matches: readonly StringMatch[]): StringTest {
  const test = compileFoldedTexts(matches);
  return test && ((text) => test(text.toLowerCase()));
}

function compileHosts(test: Extract<HttpTest, { subject: 'host' }>, doubt: Doubt): HttpPredicate {
  const positive = compileFoldedTexts(test.values);
  const negative = compileFoldedTexts(test.notValues);
  const isStrict = doubt === 'strict';
  return ({ hosts, lenientHosts }) => {
    const wanted = isStrict ? hosts : lenientHosts;
    const unwanted = isStrict ? lenientHosts : hosts;
    return (
      (positive === undefined || wanted.some(positive)) &&
      !(negative !== undefined && unwanted.some(negative))
    );
  };
}

/** Case counts where a path is let through, and not where one is stopped: a backend may read it either way. */
function compilePathTest(test: Extract<HttpTest, { subject: 'path' }>, doubt: Doubt): HttpPredicate {
  const isStrict = doubt === 'strict';
  const positive = compilePaths(test.values, !isStrict);
  const negative = compilePaths(test.notValues, isStrict);
  const holds = (path: string): boolean => accepts(positive, negative, path);
  return (http) => {
    const paths = http.paths();
    if (paths === undefined) return !isStrict;
    return isStrict ? paths.every(holds) : paths.some(holds);
  };
}

type HeaderTest = Extract<HttpTest, { name: string }>;

/** A header that is not there fits no value; `*` fits any that is there, also an empty one. */
function compileHeader(test: HeaderTest, doubt: Doubt): HttpPredicate {
  const positive = compilePresent(test.values);
  const negative = compilePresent(test.notValues);
  const holds = (value: string): boolean => accepts(positive, negative, value);
  return (http) => {
    const readings = http.header(test.name);
    if (readings.length === 0) return positive === undefined;
    return doubt === 'strict' ? readings.every(holds) : readings.some(holds);
  };
}

/** Of a header that is a list, one element that fits is enough, and one that must not be there is too many. */
function compileElements(test: HeaderTest): HttpPredicate {
  const positive = compilePresent(test.values);
  const negative = compilePresent(test.notValues);
  return (http) => {
    const elements = http.header(test.name).flatMap((line) => line.split(',').map((text) => text.trim()));
    const isWanted = positive === undefined || elements.some(positive);
    return isWanted && !(negative !== undefined && elements.some(negative));
  };
}

function compilePresent(matches: readonly StringMatch[]): StringTest {
  return matches.some(({ kind }) => kind === 'presence') ? () => true : compileStrings(matches);
}

function accepts(positive: StringTest, negative: StringTest, value: string): boolean {
  return (positive === undefined || positive(value)) && !(negative?.(value) ?? false);
}
