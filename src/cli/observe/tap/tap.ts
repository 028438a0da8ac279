import type { Command } from 'commander';
import type { ApiClient } from '../../api/index.ts';
import { type ApiOptions, openApi, openMesh, withApiOptions } from '../../running-mesh/index.ts';
import type { CliContext } from '../../context.ts';
import { durationMs, wholeNumber } from '../../option-values.ts';
import { lineOutputOption } from '../output.ts';
import { followSources, type TapSource } from './follow-sources.ts';
import { createInOrder } from './in-order.ts';
import { createSeen } from './seen.ts';
import { strangers } from './strangers.ts';
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
Events are held for 0.6 s, to be in the order of time. Connections are seen by the ztunnels at both ends. Requests are seen by waypoints, which tell the controller of them every
second or two and, when they are busy, of a part of them. Without --node all are followed, of a cluster at most 50.

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
      const ended = new AbortController();
      // From now on: what is slow to answer takes none of it away.
      const timer = options.for === undefined ? undefined : setTimeout(() => ended.abort(), options.for);
      const show = (event: TapEvent): void => {
        if (!matches(filter, filteredOf(event)) || !seen.isNew(event)) return;
        if (options.limit !== undefined && shown >= options.limit) return;
        shown += 1;
        const line = options.output === 'json' ? JSON.stringify(event) : tapLine(event, terminal.colours);
        terminal.stdout.write(`${line}\n`);
        if (shown === options.limit) ended.abort();
      };
      const inOrder = createInOrder({ onItem: show });
      const warn = (sentence: string): void => {
        terminal.stderr.write(`(${sentence})\n`);
      };
      try {
        const sources = await openSources(context, options);
        const [{ api }] = sources;
        void strangers(api, filter).then((sentence) => {
          if (sentence !== undefined && !ended.signal.aborted) warn(sentence);
        });
        await followSources(sources, {
          follow: {
            follow: ['connections', 'requests', 'refusals'],
            ...(options.namespace === undefined ? {} : { namespace: options.namespace }),
          },
          onMessage(message) {
            if (message.topic === 'dropped') warn(`too slow: ${message.count} messages were left out`);
            inOrder.push(tapEvents(message));
          },
          warn,
          signal: ended.signal,
        });
      } finally {
        clearTimeout(timer);
        ended.abort();
        inOrder.end();
      }
      if (shown === 0) terminal.stderr.write('nothing of the kind happened meanwhile\n');
    });
}

/** Whoever was named; else the controller, and the nodes, because only a node knows its connections. */
async function openSources(
  context: CliContext,
  options: ApiOptions,
): Promise<readonly [OpenSource, ...OpenSource[]]> {
  const { node, address, tokenFile } = options;
  if (address !== undefined || node !== undefined || tokenFile !== undefined)
    return [{ name: address ?? node ?? 'it', api: await openApi(context, options) }];
  const mesh = await openMesh(context, options);
  const nodes = await mesh.nodes();
  if (nodes.length > MOST_NODES)
    context.terminal.stderr.write(
      `(of ${nodes.length} nodes the first ${MOST_NODES} are followed; --node NAME follows one)\n`,
    );
  return Promise.all([
    mesh.api().then((api) => ({ name: 'the controller', api })),
    ...nodes.slice(0, MOST_NODES).map(async (name) => ({ name, api: await mesh.api(name) })),
  ]);
}

/** Each is a connection that stays; in a cluster all of them go through the API server. */
const MOST_NODES = 50;

interface OpenSource extends TapSource {
  readonly api: ApiClient;
}
