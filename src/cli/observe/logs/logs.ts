import { type Command, Option } from 'commander';
import { describeError } from '../../../base/index.ts';
import type { CliContext } from '../../context.ts';
import { durationMs, wholeNumber } from '../../option-values.ts';
import {
  fewAtATime,
  type LogWish,
  type MeshPlaceOptions,
  noZtunnel,
  openMesh,
  withMeshPlaceOptions,
} from '../../running-mesh/index.ts';
import { printable, type Terminal } from '../../terminal/index.ts';
import { lineOutputOption } from '../output.ts';
import { clockTime } from '../numbers.ts';
import { matches } from '../tap/tap-filter.ts';
import { type TapFilterOptions, tapFilter, withTapFilter } from '../tap/tap-filter-options.ts';
import { type AccessLine, filteredLine } from './access-line.ts';
import { type LogSource, logSources, readAccessLines } from './log-sources.ts';
import { createToldRefusals } from './told-refusals.ts';

interface LogsOptions extends TapFilterOptions, MeshPlaceOptions {
  readonly follow?: boolean;
  readonly tail: number;
  readonly since?: number;
  readonly output: 'text' | 'json';
}

/** Lines of each proxy's file that are looked through. */
const READ_LINES = 20_000;

/** `nodemesh logs`: the access logs of the proxies, put in order. */
export function addLogsCommand(program: Command, context: CliContext): void {
  withMeshPlaceOptions(
    withTapFilter(
      program
        .command('logs')
        .description('the access logs of the proxies, merged by time')
        .argument('[proxies...]', 'only these: ztunnel/NODE, waypoint/NAMESPACE/NAME or one of its pods'),
    ),
  )
    .option('-f, --follow', 'go on with what is still to come')
    .option('--tail <lines>', 'so many of the latest lines that match', wholeNumber, 100)
    .addOption(new Option('--since <duration>', 'only what is younger').argParser(durationMs))
    .addOption(lineOutputOption())
    .addHelpText(
      'after',
      `
Lines are read from the proxies' log files; in a cluster through the API server, which takes the right to get pods/log.

Examples:
  $ nodemesh logs -n shop -f                     as it is written
  $ nodemesh logs --verdict refused --since 5m   who was refused, by which policy and rule
  $ nodemesh logs waypoint/shop/waypoint --status 5xx --tail 20
  $ nodemesh logs ztunnel/node-1 -o json         for programs: one object a line`,
    )
    .action(async (wanted: readonly string[], options: LogsOptions) => {
      const mesh = await openMesh(context, options);
      const sources = await logSources(mesh, wanted);
      if (sources.length === 0) throw noZtunnel(mesh);
      const filter = tapFilter(options);
      const oldestMs = options.since === undefined ? 0 : Date.now() - options.since;
      const isWanted = (line: AccessLine): boolean =>
        line.atMs >= oldestMs && matches(filter, filteredLine(line));
      const print = (line: AccessLine, raw: string): void => {
        context.terminal.stdout.write(
          `${options.output === 'json' ? JSON.stringify(line) : textOf(line, raw)}\n`,
        );
      };
      const read = async (
        source: LogSource,
        wish: LogWish,
        onLine: (line: AccessLine, raw: string) => void,
      ): Promise<void> => {
        const stream = await mesh.log(source.owner, wish);
        await readAccessLines(stream, source, (line, raw) => {
          if (isWanted(line)) onLine(line, raw);
        });
      };
      const told = createToldRefusals();
      const found: { readonly line: AccessLine; readonly raw: string }[] = [];
      const startedMs = Date.now();
      const results = await fewAtATime(sources, (source) =>
        read(source, { tail: READ_LINES }, (line, raw) => {
          told.note(line);
          found.push({ line, raw });
        }),
      );
      warnOfSilent(sources, results, context.terminal);
      const latest = found
        .filter(({ line }) => !told.isEcho(line))
        .toSorted((a, b) => a.line.atMs - b.line.atMs)
        .slice(-options.tail || found.length);
      if (options.tail > 0) for (const { line, raw } of latest) print(line, raw);
      if (options.follow !== true) {
        if (found.length === 0) context.terminal.stderr.write('no line of the access logs matches\n');
        return;
      }
      const lastMs = latest.at(-1)?.line.atMs ?? startedMs;
      await Promise.all(
        sources.map((source) =>
          read(source, { tail: 100, follow: true }, (line, raw) => {
            told.note(line);
            if (line.atMs > lastMs && !told.isEcho(line)) print(line, raw);
          }),
        ),
      );
    });
}

/** Rejects where no log could be read. */
function warnOfSilent(
  sources: readonly LogSource[],
  results: readonly PromiseSettledResult<void>[],
  { stderr }: Pick<Terminal, 'stderr'>,
): void {
  const failures = results.flatMap((result, index) =>
    result.status === 'rejected' ? [{ proxy: sources[index]?.proxy, reason: result.reason as unknown }] : [],
  );
  const [first] = failures;
  if (first !== undefined && failures.length === results.length) throw first.reason;
  for (const { proxy, reason } of failures)
    stderr.write(`warning: ${proxy} is not in it: ${describeError(reason)}\n`);
}

/** The line as its proxy wrote it, with the proxy's name where the target stood; lines in JSON as they are. */
function textOf({ atMs, level, proxy }: AccessLine, raw: string): string {
  if (raw.startsWith('{')) return printable(raw);
  const [, , , ...rest] = raw.split('\t');
  return `${clockTime(atMs)} ${level.padEnd(5)} ${proxy}  ${printable(rest.join('  '))}`;
}
