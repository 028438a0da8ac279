import { setTimeout as wait } from 'node:timers/promises';
import { Argument, type Command, Option } from 'commander';
import type { ApiClient } from '../../api/index.ts';
import { type ApiOptions, openApi, withApiOptions } from '../../running-mesh/index.ts';
import type { CliContext } from '../../context.ts';
import { ownSequence } from '../../terminal/index.ts';
import { durationMs, wholeNumber } from '../../option-values.ts';
import { clockTime } from '../numbers.ts';
import { layoutOf, showView, type ViewFormat, viewOutputOption, windowOption } from '../output.ts';
import { type TopInput, type TopOrder, type TopSection, topText, type TopView, topView } from './top-view.ts';

interface TopCommandOptions extends ApiOptions {
  readonly namespace?: string;
  readonly window: number;
  readonly once?: boolean;
  readonly interval: number;
  readonly limit: number;
  readonly sort: TopOrder;
  readonly output: ViewFormat;
}

const SECTIONS: readonly TopSection[] = ['workloads', 'edges', 'routes'];
const SHORTEST_INTERVAL_MS = 500;
/** To the upper left corner of a screen with nothing on it. */
const CLEAR_SCREEN = ownSequence('1;1', 'H') + ownSequence('2', 'J');

/** `nodemesh top`: the busiest of everything, again and again on a terminal. */
export function addTopCommand(program: Command, context: CliContext): void {
  withApiOptions(
    program
      .command('top')
      .description('the busiest workloads, edges and routes, refreshed until Ctrl-C')
      .addArgument(new Argument('[what]', 'only one of the three').choices(SECTIONS))
      .option('-n, --namespace <namespace>', 'only what has to do with this namespace')
      .addOption(windowOption())
      .addOption(
        new Option('--sort <by>', 'what makes busy')
          .choices(['rps', 'bytes', 'refused', 'failed', 'p99'])
          .default('rps'),
      )
      .option('--limit <rows>', 'rows of each', wholeNumber, 10)
      .addOption(
        new Option('--interval <duration>', 'how often it is refreshed')
          .argParser(durationMs)
          .default(2_000, '2s'),
      )
      .option('--once', 'once, and done; so it is also where nobody watches, and with -o json and yaml')
      .addOption(viewOutputOption()),
  )
    .addHelpText(
      'after',
      `
Examples:
  $ nodemesh top                                what is busy now
  $ nodemesh top routes --sort p99              the slowest routes of all waypoints
  $ nodemesh top edges -n shop --sort refused   who is refused most
  $ nodemesh top --once -o json`,
    )
    .action(async (what: TopSection | undefined, options: TopCommandOptions) => {
      const { terminal } = context;
      const api = await openApi(context, options);
      const look = async (): Promise<TopView> =>
        topView(await ask(api, options), {
          sections: what === undefined ? SECTIONS : [what],
          order: options.sort,
          limit: options.limit,
          namespace: options.namespace,
          nowMs: Date.now(),
        });
      const isData = options.output === 'json' || options.output === 'yaml';
      if (options.once === true || isData || terminal.stdout.isTTY !== true) {
        const view = await look();
        showView(terminal, options.output, view, (layout) => topText(view, layout));
        return;
      }
      for (;;) {
        const view = await look();
        const head = `${clockTime(view.atMs).slice(0, 8)} UTC   last ${options.window} s   Ctrl-C ends`;
        const text = topText(view, layoutOf(terminal, options.output === 'wide'));
        terminal.stdout.write(
          `${CLEAR_SCREEN}${terminal.colours.dim(head)}\n\n${cutToScreen(text, terminal.stdout)}`,
        );
        await wait(Math.max(SHORTEST_INTERVAL_MS, options.interval));
      }
    });
}

/** What is longer or wider would push the beginning out of sight each time. */
function cutToScreen(text: string, { rows, columns }: Pick<NodeJS.WriteStream, 'rows' | 'columns'>): string {
  return text
    .split('\n')
    .slice(0, Math.max(1, rows - HEAD_LINES))
    .map((line) => line.slice(0, columns))
    .join('\n');
}

/** The line above with the empty one below it, and the one that the cursor stands in. */
const HEAD_LINES = 3;

async function ask(api: ApiClient, { window, namespace }: TopCommandOptions): Promise<TopInput> {
  const [topology, { workloads }, { waypoints }] = await Promise.all([
    api.get('/api/v1/topology', { window, namespace }),
    api.get('/api/v1/workloads', { window }),
    api.get('/api/v1/waypoints', { window }),
  ]);
  return { topology, workloads, waypoints };
}
