import type { Command } from 'commander';
import { type ApiClient, type ApiOptions, type LiveFeed, openApi, withApiOptions } from '../../api/index.ts';
import type { CliContext } from '../../context.ts';
import { openLab } from '../../lab/lab-access.ts';
import { durationMs, wholeNumber } from '../../option-values.ts';
import type { LiveMessage } from '../../../model/index.ts';
import { lineOutputOption } from '../output.ts';
import { createSeen } from './seen.ts';
import { type TapEvent, tapEvents } from './tap-event.ts';
import { filteredOf, matches } from './tap-filter.ts';
import { type TapFilterOptions, tapFilter, withTapFilter } from './tap-filter-options.ts';
import { tapLine } from './tap-line.ts';

interface TapOptions extends ApiOptions, TapFilterOptions {
  readonly output: 'text' | 'json';
  readonly limit?: number;
  readonly for?: number;
}

/** `nodemesh tap`: connections and requests as they happen. */
export function addTapCommand(program: Command, context: CliContext): void {
  withApiOptions(
    withTapFilter(
      program.command('tap').description('connections, requests and refusals as they happen, until Ctrl-C'),
    )
      .option('--limit <events>', 'end after so many', wholeNumber)
      .option('--for <duration>', 'end after this long', durationMs)
      .addOption(lineOutputOption()),
  )
    .addHelpText(
      'after',
      `
Connections are seen by the ztunnels at both ends. Requests are seen by waypoints, which tell the controller of them every
second or two and, when they are busy, of a part of them. Without --node all of a lab are followed.

Examples:
  $ nodemesh tap -n shop                              all of a namespace
  $ nodemesh tap --verdict refused                    who is refused, by which policy and rule
  $ nodemesh tap --workload cart --method POST --path '/orders/*' --status 5xx
  $ nodemesh tap --for 10s -o json | jq .detail       for programs: one object a line`,
    )
    .action(async (options: TapOptions) => {
      const { terminal } = context;
      const filter = tapFilter(options);
      const seen = createSeen();
      let shown = 0;
      const { promise: enough, resolve: haveEnough } = Promise.withResolvers<undefined>();
      const show = (event: TapEvent): void => {
        if (!matches(filter, filteredOf(event)) || !seen.isNew(event)) return;
        if (options.limit !== undefined && shown >= options.limit) return;
        shown += 1;
        const line = options.output === 'json' ? JSON.stringify(event) : tapLine(event, terminal.colours);
        terminal.stdout.write(`${line}\n`);
        if (shown === options.limit) haveEnough(undefined);
      };
      const feeds = await openFeeds(await openSources(context, options), options.namespace, (message) => {
        if (message.topic === 'dropped')
          terminal.stderr.write(`(too slow: ${message.count} messages were left out)\n`);
        for (const event of tapEvents(message)) show(event);
      });
      const timer =
        options.for === undefined ? undefined : setTimeout(() => haveEnough(undefined), options.for);
      try {
        const failure = await Promise.race([enough, ...feeds.map(({ over }) => over)]);
        if (failure !== undefined) throw failure;
      } finally {
        clearTimeout(timer);
        for (const feed of feeds) feed.close();
      }
    });
}

/** Whoever was named; else the controller and every node of a lab, because only a node knows its connections. */
async function openSources(context: CliContext, options: ApiOptions): Promise<readonly ApiClient[]> {
  const { lab, node, address, tokenFile } = options;
  if (address !== undefined || node !== undefined || tokenFile !== undefined)
    return [await openApi(context, options)];
  const where = lab === undefined ? {} : { lab };
  const nodes = await openLab(context, lab).nodes();
  return Promise.all([
    openApi(context, where),
    ...nodes.map((name) => openApi(context, { ...where, node: name })),
  ]);
}

async function openFeeds(
  sources: readonly ApiClient[],
  namespace: string | undefined,
  onMessage: (message: LiveMessage) => void,
): Promise<readonly LiveFeed[]> {
  const follow = {
    follow: ['connections', 'requests', 'refusals'] as const,
    ...(namespace === undefined ? {} : { namespace }),
  };
  const opened = await Promise.allSettled(sources.map((source) => source.live(follow, onMessage)));
  const feeds = opened.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const failure = opened.find((each) => each.status === 'rejected');
  if (failure === undefined) return feeds;
  for (const feed of feeds) feed.close();
  throw failure.reason;
}
