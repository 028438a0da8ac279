import type { TrafficEnd } from '../../model/index.ts';
import type { Colours } from '../terminal/index.ts';
import type { ChangedFlow, TryResult } from './replay/try-result.ts';

/** What a proposal would change, for people: what would be refused first. */
export function tryText(result: TryResult, colours: Colours, nowMs: number): string {
  const { proposed, windowSeconds, flows, refused, allowed, unknown, unchanged, notes } = result;
  const lines = [
    ...proposed.map(
      ({ object, isNew }) =>
        `${colours.bold(object)} ${isNew ? '(new)' : '(in the place of the one in force)'}`,
    ),
    colours.dim(
      `${flows.count} connections and requests of ${flows.kinds} kinds in the last ${windowSeconds} s; nothing is applied`,
    ),
    '',
    ...section(colours.red('✗ would be refused'), refused, colours, nowMs),
    ...section(colours.green('✓ would be let through'), allowed, colours, nowMs),
    ...section(colours.yellow('? cannot be told'), unknown, colours, nowMs),
    `${unchanged} would go on as they do`,
    ...notes.map((text) => colours.yellow(`note: ${text}`)),
  ];
  return `${lines.join('\n')}\n`;
}

function section(
  title: string,
  changes: readonly ChangedFlow[],
  colours: Colours,
  nowMs: number,
): readonly string[] {
  if (changes.length === 0) return [];
  const total = changes.reduce((sum, { count }) => sum + count, 0);
  return [`${title}: ${total}`, ...changes.flatMap((change) => changeLines(change, colours, nowMs)), ''];
}

function changeLines(change: ChangedFlow, colours: Colours, nowMs: number): readonly string[] {
  const { source, service, destination, request, count, lastMs, at, policy, rule, because, fix } = change;
  const to =
    service === undefined ? endText(destination) : `${service.namespace}/${service.name}:${service.port}`;
  const by = policy === '' ? '' : `, by ${policy}${rule === 0 ? '' : ` rule ${rule}`}`;
  return [
    `    ${endText(source)} → ${to}${request === '' ? '' : `   ${printable(request)}`}   ${count}×, last ${whenText(lastMs, nowMs)}`,
    colours.dim(`      at the ${at}${by}: ${printable(because)}`),
    ...(fix === '' ? [] : [`      ${colours.cyan('to let it through:')} ${printable(fix)}`]),
  ];
}

/** Flows of a file may be of any time. */
function whenText(lastMs: number, nowMs: number): string {
  const seconds = Math.max(0, Math.round((nowMs - lastMs) / 1000));
  return seconds < 3_600 ? `${seconds} s ago` : `at ${new Date(lastMs).toISOString()}`;
}

function endText({ namespace, workload }: TrafficEnd): string {
  if (namespace === '') return workload === '' ? 'somebody' : workload;
  return `${namespace}/${workload}`;
}

/** Paths are other people's: what would move the cursor is shown as its code. */
function printable(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\p{Cf}]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
