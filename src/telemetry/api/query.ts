import { KEPT_MS, SLOT_MS } from '../../model/index.ts';
import { ApiRefusal } from './problem.ts';

/** One thing that a query may say. */
export interface Parameter<T> {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of its text. */
  readonly schema: Readonly<Record<string, unknown>>;
  /** Must be given. */
  readonly required: boolean;
  /** Undefined for a text that it may not be. */
  parse(text: string): T | undefined;
  /** What it may be, for people. */
  readonly expected: string;
  /** When it is not given. */
  readonly absent: T;
}

type Parameters = Readonly<Record<string, Parameter<unknown>>>;

/** What a query comes to, by the names of its parameters. */
export type QueryOf<P extends Parameters> = { readonly [Name in keyof P]: P[Name]['absent'] };

/** Reads a query. Throws ApiRefusal with all that is wrong with it. */
export function parseQuery<P extends Parameters>(parameters: P, query: URLSearchParams): QueryOf<P> {
  const faults: string[] = [];
  const values: Record<string, unknown> = {};
  for (const name of new Set(query.keys()))
    if (parameters[name] === undefined)
      faults.push(`unknown parameter ${JSON.stringify(name.slice(0, 100))}`);
  for (const [name, parameter] of Object.entries(parameters)) {
    const given = query.getAll(name);
    const [text] = given;
    const fault = (got: string): number => faults.push(`${name}: expected ${parameter.expected}, got ${got}`);
    if (given.length > 1) fault(`${given.length} of them`);
    else if (text === undefined || text === '') {
      if (parameter.required) fault('none');
      values[name] = parameter.absent;
    } else {
      const value = parameter.parse(text);
      if (value === undefined) fault(JSON.stringify(text.slice(0, 100)));
      values[name] = value;
    }
  }
  if (faults.length === 0) return values as QueryOf<P>;
  const names = Object.keys(parameters);
  throw new ApiRefusal({
    status: 400,
    code: 'ERR_TELEMETRY_API_QUERY',
    message: faults.join('; '),
    hint:
      names.length === 0
        ? 'this path takes no query'
        : `this path takes ${names.join(', ')}; see /openapi.json`,
  });
}

/** Seconds, as milliseconds. */
function seconds(name: string, description: string, defaultSeconds: number): Parameter<number> {
  const [least, most] = [SLOT_MS / 1_000, KEPT_MS / 1_000];
  return {
    name,
    description: `${description}, in seconds`,
    schema: { type: 'integer', minimum: least, maximum: most, default: defaultSeconds },
    required: false,
    expected: `whole seconds from ${least} to ${most}`,
    absent: defaultSeconds * 1_000,
    parse: (text) => {
      const value = wholeNumber(text);
      return value !== undefined && value >= least && value <= most ? value * 1_000 : undefined;
    },
  };
}

function matching(
  name: string,
  rule: { readonly description: string; readonly expected: string; readonly pattern: RegExp },
): Parameter<string | undefined> {
  return {
    name,
    description: rule.description,
    schema: { type: 'string', pattern: rule.pattern.source },
    required: false,
    expected: rule.expected,
    absent: undefined,
    parse: (text) => (rule.pattern.test(text) ? text : undefined),
  };
}

/** The parameter must be given; `absent` is never the value then. */
function needed(parameter: Parameter<string | undefined>): Parameter<string> {
  return { ...parameter, required: true, absent: '', parse: (text) => parameter.parse(text) };
}

function wholeNumber(text: string): number | undefined {
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

const NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;
const END = /^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?)?(\/[A-Za-z0-9._:-]{1,253})?$/;
const END_EXPECTED = 'namespace, namespace/name, or /address for what is outside of the mesh';
const MOST_EVENTS = 5_000;
/** A year. */
const MOST_AGE_SECONDS = 31_536_000;
const VERDICTS = ['allowed', 'refused', 'failed'] as const;

export const window = seconds('window', 'How far back', 60);
export const eventWindow = seconds('window', 'How far back', KEPT_MS / 1_000);
export const seriesWindow = seconds('window', 'How far back', KEPT_MS / 1_000);

/** 0: chosen by the window. */
export const step: Parameter<number> = {
  ...seconds('step', 'Of the series; default: a sixtieth of the window, at least 5', 5),
  schema: { type: 'integer', minimum: 5, maximum: KEPT_MS / 1_000, multipleOf: SLOT_MS / 1_000 },
  expected: `a multiple of ${SLOT_MS / 1_000} seconds up to ${KEPT_MS / 1_000}`,
  absent: 0,
  parse: (text) => {
    const value = (wholeNumber(text) ?? 0) * 1_000;
    return value > 0 && value <= KEPT_MS && value % SLOT_MS === 0 ? value : undefined;
  },
};

export const limit: Parameter<number> = {
  name: 'limit',
  description: 'The newest so many',
  schema: { type: 'integer', minimum: 1, maximum: MOST_EVENTS, default: 200 },
  required: false,
  expected: `a whole number from 1 to ${MOST_EVENTS}`,
  absent: 200,
  parse: (text) => {
    const value = wholeNumber(text);
    return value !== undefined && value >= 1 && value <= MOST_EVENTS ? value : undefined;
  },
};

/** 0: of any age. */
export const leastAge: Parameter<number> = {
  name: 'age',
  description: 'Only what has been open for at least so many seconds, the oldest first, and `total` of those',
  schema: { type: 'integer', minimum: 1, maximum: MOST_AGE_SECONDS },
  required: false,
  expected: `whole seconds from 1 to ${MOST_AGE_SECONDS}`,
  absent: 0,
  parse: (text) => {
    const value = wholeNumber(text);
    return value !== undefined && value >= 1 && value <= MOST_AGE_SECONDS ? value * 1_000 : undefined;
  },
};

export const namespace = matching('namespace', {
  description: 'Only what has an end in it',
  expected: 'the name of a namespace',
  pattern: NAME,
});
export const serviceNamespace = needed({ ...namespace, description: "The service's" });
export const serviceName = needed(
  matching('name', { description: "The service's", expected: 'the name of a service', pattern: NAME }),
);
export const source = matching('source', { description: 'Of whom', expected: END_EXPECTED, pattern: END });
export const destination = matching('destination', {
  description: 'To whom: a workload or a service',
  expected: END_EXPECTED,
  pattern: END,
});
export const traceId = needed(
  matching('id', {
    description: "The trace's",
    expected: '32 hexadecimal digits',
    pattern: /^[0-9a-f]{32}$/,
  }),
);
export const verdict: Parameter<(typeof VERDICTS)[number] | undefined> = {
  name: 'verdict',
  description: 'What became of it',
  schema: { type: 'string', enum: VERDICTS },
  required: false,
  expected: VERDICTS.join(', '),
  absent: undefined,
  parse: (text) => VERDICTS.find((known) => known === text),
};
