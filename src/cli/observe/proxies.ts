import type { Command } from 'commander';
import { type ApiOptions, openApi, withApiOptions } from '../running-mesh/index.ts';
import type { CliContext } from '../context.ts';
import type { ProxyView } from '../../model/index.ts';
import { type Column, type Layout, tableOf } from './columns.ts';
import { age, latency, orDash } from './numbers.ts';
import { showView, type ViewFormat, viewOutputOption } from './output.ts';

interface ProxiesOptions extends ApiOptions {
  readonly output: ViewFormat;
}

/** `nodemesh proxies`: who has which version of what. */
export function addProxiesCommand(program: Command, context: CliContext): void {
  withApiOptions(
    program
      .command('proxies')
      .description('ztunnels and waypoints as the controller sees them; exits with 1 when one is not current')
      .addOption(viewOutputOption()),
  )
    .addHelpText(
      'after',
      `
STATE is current, stale (something sent is not acknowledged in time), rejecting (it refused what it was sent: REASON)
or gone. PUSH is how long changes take from being sent to being acknowledged.

Examples:
  $ nodemesh proxies
  $ nodemesh proxies -o wide     each type with the version that was sent, acknowledged and rejected
  $ nodemesh proxies -o json | jq '.[] | select(.state != "current") | .id'`,
    )
    .action(async (options: ProxiesOptions) => {
      const api = await openApi(context, options);
      const { proxies } = await api.get('/api/v1/proxies');
      const nowMs = Date.now();
      showView(context.terminal, options.output, proxies, (layout) =>
        layout.wide ? proxyTypesTable(proxies, nowMs) : proxyTable(proxies, nowMs, layout),
      );
      if (proxies.some(({ state }) => state !== 'current')) context.setExitCode(1);
    });
}

/** One line for each proxy. */
function proxyTable(proxies: readonly ProxyView[], nowMs: number, layout: Layout): string {
  const columns: readonly Column<ProxyView>[] = [
    { title: 'PROXY', cell: ({ id }) => id },
    { title: 'NODE', cell: ({ node }) => orDash(node), spare: 4 },
    { title: 'VERSION', cell: ({ version }) => orDash(version), spare: 1 },
    { title: 'STATE', cell: ({ state }) => state },
    { title: 'ACKNOWLEDGED', cell: ({ types }) => acknowledged(types), align: 'right' },
    { title: 'PUSH P50', cell: ({ pushP50Ms }) => latency(pushP50Ms), align: 'right', spare: 2 },
    { title: 'P99', cell: ({ pushP99Ms }) => latency(pushP99Ms), align: 'right', spare: 2 },
    { title: 'CONNECTED', cell: ({ connectedMs }) => since(connectedMs, nowMs), align: 'right', spare: 3 },
    { title: 'LAST REPORT', cell: ({ lastReportMs }) => since(lastReportMs, nowMs), align: 'right' },
    { title: 'REASON', cell: ({ reason }) => reason },
  ];
  return tableOf(columns, proxies, layout);
}

type TypeRow = ProxyView['types'][number] & { readonly id: string };

/** One line for each type of each proxy. */
function proxyTypesTable(proxies: readonly ProxyView[], nowMs: number): string {
  const columns: readonly Column<TypeRow>[] = [
    { title: 'PROXY', cell: ({ id }) => id },
    { title: 'TYPE', cell: ({ typeUrl }) => typeUrl.slice(typeUrl.lastIndexOf('/') + 1) },
    { title: 'SENT', cell: ({ sent }) => orDash(sent) },
    { title: 'ACKNOWLEDGED', cell: (type) => orDash(type.acknowledged) },
    { title: 'AGE', cell: ({ acknowledgedMs }) => since(acknowledgedMs, nowMs), align: 'right' },
    { title: 'REJECTED', cell: ({ rejected }) => orDash(rejected) },
  ];
  return tableOf(
    columns,
    proxies.flatMap(({ id, types }) => types.map((type) => ({ ...type, id }))),
  );
}

/** How many of its types are as they were sent. */
function acknowledged(types: ProxyView['types']): string {
  return `${types.filter(({ sent, acknowledged: has }) => sent === has).length}/${types.length}`;
}

function since(atMs: number, nowMs: number): string {
  return atMs === 0 ? '-' : age(nowMs - atMs);
}
