import { CliError } from '../errors.ts';
import type { BackendDump, DumpedRoute } from '../../waypoint/index.ts';

/** The routes that a waypoint dumped; `origin` tells people where they are from. Throws CliError. */
export function routesIn(content: unknown, origin: string): readonly DumpedRoute[] {
  if (isListOf(isRoute)(content)) return content as readonly DumpedRoute[];
  throw notADump(origin, 'routes');
}

/** The same for its backends. */
export function backendsIn(content: unknown, origin: string): readonly BackendDump[] {
  if (isListOf(isBackend)(content)) return content as readonly BackendDump[];
  throw notADump(origin, 'endpoints');
}

type Test = (value: unknown) => boolean;

const isText: Test = (value) => typeof value === 'string';
const isNumber: Test = (value) => typeof value === 'number';
const isBoolean: Test = (value) => typeof value === 'boolean';

function isListOf(test: Test): Test {
  return (value) => Array.isArray(value) && value.every(test);
}

function isOptional(test: Test): Test {
  return (value) => value === undefined || test(value);
}

function isObjectOf(fields: Readonly<Record<string, Test>>): Test {
  return (value) => {
    if (typeof value !== 'object' || value === null) return false;
    const object = value as Readonly<Record<string, unknown>>;
    return Object.entries(fields).every(([name, test]) => test(object[name]));
  };
}

const isTexts = isListOf(isText);
const isRoute = isObjectOf({
  kind: isText,
  namespace: isText,
  name: isText,
  parents: isListOf(isObjectOf({ service: isText, port: isOptional(isNumber), role: isText })),
  hostnames: isTexts,
  rules: isListOf(
    isObjectOf({
      name: isText,
      matches: isTexts,
      filters: isTexts,
      backends: isListOf(isObjectOf({ target: isOptional(isText), weight: isNumber, filters: isTexts })),
      requestTimeoutMs: isOptional(isNumber),
      backendRequestTimeoutMs: isOptional(isNumber),
      retry: isOptional(isObjectOf({ attempts: isOptional(isNumber), codes: isListOf(isNumber) })),
      sessionPersistence: isOptional(isText),
      problems: isTexts,
    }),
  ),
});
const isBackend = isObjectOf({
  backend: isText,
  namespace: isText,
  inUse: isBoolean,
  emptyBecause: isOptional(isText),
  endpoints: isListOf(
    isObjectOf({
      name: isText,
      namespace: isText,
      address: isText,
      port: isNumber,
      node: isText,
      protocol: isText,
      health: isText,
      backInMs: isNumber,
      activeRequests: isNumber,
      latencyMs: isNumber,
      requests: isNumber,
      failures: isNumber,
    }),
  ),
});

function notADump(origin: string, what: 'routes' | 'endpoints'): CliError {
  return new CliError({
    code: 'ERR_CLI_API_ANSWER',
    blame: 'downstream',
    message: `${origin}: expected what a waypoint of this version dumps at /${what} or /config_dump, got something else`,
    hint: `nodemesh admin waypoint/NAMESPACE/NAME /${what} prints it`,
  });
}
