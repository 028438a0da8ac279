import type { Clock } from '../../base/index.ts';
import type { LineFormat, LinePiece } from '../../model/index.ts';
import type { AccessEntry, AccessSink } from './access-sink.ts';
import { type AccessRules, compileExpression } from './rules/index.ts';

/** In which form, and to where, lines are written. */
export interface LineSinkOptions {
  readonly format: LineFormat;
  readonly rules: AccessRules;
  /** Whether the log wants lines of this level. */
  readonly isEnabled: AccessSink['isEnabled'];
  /** Takes whole lines. */
  readonly stream: { write(line: string): unknown };
  readonly clock: Pick<Clock, 'now'>;
}

/** Lines in somebody's own format, one for each request or connection when it is over. */
export function lineSink({ format, rules, isEnabled, stream, clock }: LineSinkOptions): AccessSink {
  const render = format.kind === 'text' ? textOf(format.pieces) : jsonOf(format.fields);
  return {
    isEnabled,
    write(entry) {
      if (entry.durationMs === undefined || rules.judge(entry.attributes) === undefined) return;
      const startedMs = clock.now() - entry.durationMs;
      stream.write(`${render({ attributes: entry.attributes(), startedMs })}\n`);
    },
  };
}

interface Told {
  readonly attributes: ReturnType<AccessEntry['attributes']>;
  readonly startedMs: number;
}

type Value = (told: Told) => string | number | boolean | undefined;

function textOf(pieces: readonly LinePiece[]): (told: Told) => string {
  const values = pieces.map(pieceValue);
  return (told) => oneLine(values.map((value) => String(value(told) ?? '-')).join(''));
}

/** A value that is alone in its field keeps its type, and is null where it is not known. */
function jsonOf(
  fields: readonly { readonly name: string; readonly pieces: readonly LinePiece[] }[],
): (told: Told) => string {
  const parts = fields.map(({ name, pieces }) => {
    const [only] = pieces;
    const value = pieces.length === 1 && only !== undefined ? pieceValue(only) : textOf(pieces);
    return [name, value] as const;
  });
  return (told) =>
    JSON.stringify(Object.fromEntries(parts.map(([name, value]) => [name, value(told) ?? null])));
}

function pieceValue(piece: LinePiece): Value {
  if ('text' in piece) return () => piece.text;
  if ('time' in piece) return ({ startedMs }) => new Date(startedMs).toISOString();
  const compiled = compileExpression(piece.expression);
  // A newer controller may know more; the field is there all the same.
  if (typeof compiled === 'string') return () => undefined;
  const longest = piece.maxLength ?? LONGEST_VALUE;
  return ({ attributes }) => plain(compiled(attributes), longest);
}

function plain(value: unknown, longest: number): string | number | boolean | undefined {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  return typeof value === 'string' && value !== '' ? value.slice(0, longest) : undefined;
}

/** Lines are split by line ends: none may come from data. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}]+/gu, ' ');
}

const LONGEST_VALUE = 1_024;
