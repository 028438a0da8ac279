import { randomFillSync } from 'node:crypto';
import type { SpanTag } from '../../model/index.ts';
import type { EndedSpan, SpanContext, SpanSink, TraceContext, TraceRules } from './trace-context.ts';

/** Decides what is sampled, and tells the sinks what was. What is not sampled costs an identifier. */
export interface Tracer {
  /** The next span of `parent`'s trace, or the first of a new one. What was decided before about sampling holds. */
  begin(parent: TraceContext | undefined, sampled?: boolean, rules?: TraceRules): SpanContext;
  /** Only for spans that are sampled. `headerOf` a name in lower case is a header of the request; without one it is of none. */
  ended(span: EndedSpan, rules?: TraceRules, headerOf?: (name: string) => string | undefined): void;
}

/** How many traces are told of, and to whom. */
export interface TracerOptions {
  /** Of the traces that begin here, and of those that nobody has decided about: 0 to 1. */
  readonly ratio: number;
  readonly sinks: readonly SpanSink[];
}

/** Owns none of the sinks. */
export function createTracer({ ratio, sinks }: TracerOptions): Tracer {
  return {
    begin(parent, sampled = parent?.sampled, rules = undefined) {
      const traceId = parent?.traceId ?? randomHex(16);
      const spanId = randomHex(8);
      return {
        traceId,
        spanId,
        parentId: parent?.spanId ?? '',
        sampled: sampled ?? isBelow(traceId, rules?.ratio ?? ratio),
        random: parent?.random,
        debug: parent?.debug,
        ...(rules === undefined ? {} : { rules }),
      };
    },
    ended(span, rules, headerOf) {
      const told = rules === undefined || rules.tags.length === 0 ? span : tagged(span, rules.tags, headerOf);
      for (const sink of rules?.sinks ?? sinks) sink.span(told);
    },
  };
}

/** By the trace's id, so that whoever decides by the same ratio decides the same. */
function isBelow(traceId: string, ratio: number): boolean {
  return Number.parseInt(traceId.slice(-DECIDING_DIGITS), 16) < ratio * DECIDING_RANGE;
}

function tagged(
  span: EndedSpan,
  tags: readonly SpanTag[],
  headerOf?: (name: string) => string | undefined,
): EndedSpan {
  const values = tags.flatMap((tag): [string, string][] => {
    const value = tag.kind === 'literal' ? tag.value : (headerOf?.(tag.header) ?? tag.fallback);
    return value === '' ? [] : [[tag.name, value.slice(0, LONGEST_TAG)]];
  });
  return { ...span, attributes: { ...span.attributes, ...Object.fromEntries(values) } };
}

/** Ids need no secrecy, only to differ: one call of the kernel serves many requests. */
function randomHex(bytes: number): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytes;
  return pool.toString('hex', used - bytes, used);
}

const pool = Buffer.alloc(8_192);
let used = pool.length;
/** As many as a number holds exactly, of the end, which is random in short B3 ids too. */
const DECIDING_DIGITS = 13;
const LONGEST_TAG = 256;
const DECIDING_RANGE = 16 ** DECIDING_DIGITS;
