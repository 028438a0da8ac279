import type { Command } from 'commander';
import { type ApiOptions, openApi, withApiOptions } from '../../running-mesh/index.ts';
import type { CliContext } from '../../context.ts';
import { noteNoneOf, showView, type ViewFormat, viewOutputOption, windowOption } from '../output.ts';
import { edgeRows, edgeTable } from './edge-rows.ts';

interface EdgesOptions extends ApiOptions {
  readonly namespace?: string;
  readonly all?: boolean;
  readonly window: number;
  readonly output: ViewFormat;
}

/** `nodemesh edges`: who talks to whom, as whom, and whether the wire is protected. */
export function addEdgesCommand(program: Command, context: CliContext): void {
  withApiOptions(
    program
      .command('edges')
      .description('who talks to whom, as which identity, and whether by mutual TLS')
      .option('-n, --namespace <namespace>', 'only those with an end in this namespace')
      .option('-a, --all', 'from services to the workloads behind them too')
      .addOption(windowOption())
      .addOption(viewOutputOption()),
  )
    .addHelpText(
      'after',
      `
Examples:
  $ nodemesh edges                     everybody, over the last minute
  $ nodemesh edges -n shop -w 15m      what the namespace shop did in the last 15 minutes
  $ nodemesh edges -o json | jq '.[] | select(.mutualTls | not)'     what is not protected`,
    )
    .action(async ({ namespace, window, output, all, ...where }: EdgesOptions) => {
      const api = await openApi(context, where);
      const [topology, { workloads }] = await Promise.all([
        api.get('/api/v1/topology', { window, namespace }),
        api.get('/api/v1/workloads', { window }),
      ]);
      const rows = edgeRows(topology, workloads, { namespace, all: all === true });
      if (rows.length === 0)
        noteNoneOf(context.terminal, `no traffic${within(namespace, window)}`, workloads);
      showView(context.terminal, output, rows, (layout) => edgeTable(rows, layout));
    });
}

function within(namespace: string | undefined, window: number): string {
  const where = namespace === undefined ? '' : ` from or to namespace ${namespace}`;
  return `${where} in the last ${window} s`;
}
