import type { Expression, ExpressionAttributes } from './expression.ts';
import { compileExpression } from './expression.ts';

/** Which records of an access log are written, and what is added to them. Compiled once for each change. */
export interface AccessRules {
  /** Undefined: the record is not written. `attributes` is asked at most once, and not at all where nothing wants to know. */
  judge(attributes: () => ExpressionAttributes): Readonly<Record<string, unknown>> | undefined;
}

/** Rules as people write them: expressions over the attributes of docs/access-log.md. */
export interface AccessRulesSource {
  /** All of them must be true for a record to be written. One that fails is not true. */
  readonly filters: readonly string[];
  /** Names with the expressions of their values; what fails is left out. */
  readonly fields: readonly (readonly [name: string, expression: string])[];
}

/** Everything is written, as it is. */
export const ALL_RECORDS: AccessRules = { judge: () => NOTHING_ADDED };

/** Sentences, one for each expression that is none. */
export function compileAccessRules({
  filters,
  fields,
}: AccessRulesSource): { readonly rules: AccessRules } | { readonly problems: readonly string[] } {
  const problems: string[] = [];
  const compile = (source: string): Expression => {
    const compiled = compileExpression(source);
    if (typeof compiled !== 'string') return compiled;
    problems.push(`${source}: ${compiled}`);
    return () => undefined;
  };
  const conditions = filters.map(compile);
  const values = fields.map(([name, source]) => [name, compile(source)] as const);
  if (problems.length > 0) return { problems };
  if (conditions.length === 0 && values.length === 0) return { rules: ALL_RECORDS };
  return {
    rules: {
      judge(ask) {
        const attributes = ask();
        if (!conditions.every((condition) => condition(attributes) === true)) return undefined;
        return Object.fromEntries(values.map(([name, value]) => [name, plain(value(attributes))]));
      },
    },
  };
}

/** As loggers take it. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  return typeof value === 'string' ? value.slice(0, LONGEST_VALUE) : value;
}

/** What `judge` answers where there is nothing to add. */
export const NOTHING_ADDED: Readonly<Record<string, unknown>> = {};
const LONGEST_VALUE = 1_024;
