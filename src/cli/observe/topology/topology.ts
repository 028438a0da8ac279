import { type Command, Option } from 'commander';
import { type ApiOptions, openApi, withApiOptions } from '../../running-mesh/index.ts';
import type { CliContext } from '../../context.ts';
import { printData } from '../../terminal/print-data.ts';
import { windowOption } from '../output.ts';
import { topologyDot } from './dot.ts';
import { graphOf } from './graph.ts';
import { topologyText } from './text.ts';

interface TopologyOptions extends ApiOptions {
  readonly namespace?: string;
  readonly window: number;
  readonly output: 'text' | 'dot' | 'svg' | 'json' | 'yaml';
}

/** `nodemesh topology`: the graph of services and workloads, as text or for another program. */
export function addTopologyCommand(program: Command, context: CliContext): void {
  withApiOptions(
    program
      .command('topology')
      .description('the graph of services and workloads: rates, success, latency, mutual TLS')
      .option('-n, --namespace <namespace>', 'only this namespace and what it talks with')
      .addOption(windowOption())
      .addOption(
        new Option('-o, --output <format>', 'how to print')
          .choices(['text', 'dot', 'svg', 'json', 'yaml'])
          .default('text'),
      ),
  )
    .addHelpText(
      'after',
      `
Examples:
  $ nodemesh topology -n shop
  $ nodemesh topology -o svg > mesh.svg               a picture, for a browser
  $ nodemesh topology -w 15m -o dot | dot -Tpng > mesh.png     drawn by Graphviz
  $ nodemesh topology -o json | jq '.edges[] | select(.mutualTls | not)'`,
    )
    .action(async ({ namespace, window, output, ...where }: TopologyOptions) => {
      const { terminal } = context;
      const api = await openApi(context, where);
      const graph = graphOf(await api.get('/api/v1/topology', { window, namespace }), namespace);
      if (output === 'json' || output === 'yaml') printData(terminal, output, graph);
      else if (output === 'text') terminal.stdout.write(topologyText(graph, terminal.colours));
      else if (output === 'dot') terminal.stdout.write(topologyDot(graph));
      else {
        // Only a picture needs the layout's library.
        const { topologySvg } = await import('./svg.ts');
        terminal.stdout.write(topologySvg(graph));
      }
    });
}
