import { Argument, type Command } from 'commander';
import { type ApiOptions, openApi, withApiOptions } from '../../running-mesh/index.ts';
import type { CliContext } from '../../context.ts';
import { CliError } from '../../errors.ts';
import { noteNoneOf, showView, type ViewFormat, viewOutputOption, windowOption } from '../output.ts';
import {
  selectServices,
  selectWorkloads,
  serviceTable,
  type StatFilter,
  workloadTable,
} from './stat-rows.ts';

interface StatOptions extends ApiOptions {
  readonly namespace?: string;
  readonly window: number;
  readonly output: ViewFormat;
}

/** `nodemesh stat [services|workloads] [NAME]`: rates, success, latencies. */
export function addStatCommand(program: Command, context: CliContext): void {
  withApiOptions(
    program
      .command('stat')
      .description('numbers of services or workloads: requests, success, latencies, bytes, refusals')
      .addArgument(new Argument('[what]', 'of what').choices(['services', 'workloads']).default('services'))
      .argument('[name]', 'only this one; of workloads a pod, or whose pods they are')
      .option('-n, --namespace <namespace>', 'only those of this namespace')
      .addOption(windowOption())
      .addOption(viewOutputOption()),
  )
    .addHelpText(
      'after',
      `
RPS and latencies are of requests, which waypoints see; of TCP the latencies are of connecting.

Examples:
  $ nodemesh stat                               every service, over the last minute
  $ nodemesh stat services cart -n shop -w 5m   one service, over five minutes
  $ nodemesh stat workloads --node node-1       pods of one node, with their share of its proxy
  $ nodemesh stat -o wide                       retries and bytes each way too`,
    )
    .action(async (what: string, name: string | undefined, options: StatOptions) => {
      const api = await openApi(context, options);
      const { namespace, window } = options;
      const query = { window };
      const filter = { namespace, name };
      if (what === 'workloads') {
        const { workloads } = await api.get('/api/v1/workloads', query);
        const selected = selectWorkloads(workloads, filter);
        if (selected.length === 0) noteNothing(context, 'workload', filter, workloads);
        showView(context.terminal, options.output, selected, (layout) => workloadTable(selected, layout));
        return;
      }
      const { services } = await api.get('/api/v1/services', query);
      const selected = selectServices(services, filter);
      if (selected.length === 0) noteNothing(context, 'service', filter, services);
      showView(context.terminal, options.output, selected, (layout) => serviceTable(selected, layout));
    });
}

/** Throws ERR_CLI_PARTY where a name was asked for. */
function noteNothing(
  { terminal }: CliContext,
  kind: 'service' | 'workload',
  { namespace, name }: StatFilter,
  all: readonly { readonly namespace: string; readonly name: string }[],
): void {
  const where = namespace === undefined ? '' : ` in namespace ${namespace}`;
  if (name === undefined) noteNoneOf(terminal, `no ${kind}${where}`, all);
  else
    throw new CliError({
      code: 'ERR_CLI_PARTY',
      blame: 'downstream',
      message: `no ${kind} is called ${name}${where}`,
      hint: `nodemesh stat ${kind}s lists all there are`,
    });
}
