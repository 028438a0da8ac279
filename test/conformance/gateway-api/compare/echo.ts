import { listOf, objectOf, textOf } from '../data/index.ts';
import type { ReceivedAnswer } from './answer.ts';

/** What the backend told of the request that it got. */
export interface Echo {
  readonly pod: string;
  /** Undefined when it does not tell: then the pod's name has to. */
  readonly namespace: string | undefined;
  readonly host: string;
  readonly path: string;
  readonly method: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** Reads the body of echo-basic (JSON) or of echo-advanced (lines). Undefined when no backend wrote it. */
export function readEcho({ body }: Pick<ReceivedAnswer, 'body'>): Echo | undefined {
  return body.startsWith('{') ? readJson(body) : readLines(body);
}

function readJson(body: string): Echo | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return undefined; // somebody else's braces
  }
  const echo = objectOf(parsed);
  const pod = textOf(echo.pod);
  if (pod === undefined) return undefined;
  return {
    pod,
    namespace: textOf(echo.namespace),
    host: textOf(echo.host) ?? '',
    path: textOf(echo.path) ?? '',
    method: textOf(echo.method) ?? '',
    headers: Object.entries(objectOf(echo.headers)).flatMap(([name, values]) =>
      listOf(values).map((value): readonly [string, string] => [name, textOf(value) ?? '']),
    ),
  };
}

function readLines(body: string): Echo | undefined {
  const fields = body.split('\n').flatMap((line): (readonly [string, string])[] => {
    const equals = line.indexOf('=');
    return equals === -1 ? [] : [[line.slice(0, equals), line.slice(equals + 1)]];
  });
  const field = (name: string): string | undefined => fields.find(([one]) => one === name)?.[1];
  const pod = field('Hostname');
  if (pod === undefined) return undefined;
  return {
    pod,
    namespace: undefined,
    host: field('Host') ?? '',
    path: field('URL') ?? '',
    method: field('Method') ?? '',
    headers: fields.flatMap(([name, value]): (readonly [string, string])[] => {
      const colon = value.indexOf(':');
      return name === 'RequestHeader' ? [[value.slice(0, colon), value.slice(colon + 1)]] : [];
    }),
  };
}
