import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { addDashboardCommand } from './dashboard/dashboard.ts';
import { addLogsCommand } from './logs/logs.ts';
import { addProxiesCommand } from './proxies.ts';
import { addTapCommand } from './tap/tap.ts';
import { addTopologyCommand } from './topology/topology.ts';
import { addEdgesCommand } from './traffic/edges.ts';
import { addStatCommand } from './traffic/stat.ts';
import { addTopCommand } from './traffic/top.ts';

export { logSources } from './logs/log-sources.ts';
export { age, byteCount } from './numbers.ts';
export { type ExpiringRow, expiringRows } from './expiring.ts';
export { showView, type ViewFormat, viewOutputOption } from './output.ts';
export { CERTIFICATES_HELP, type ExpiringOptions, expiringOptions, showExpiring } from './certificates.ts';

/** What happens in the mesh now: `dashboard`, `top`, `stat`, `edges`, `topology`, `tap`, `logs`, `proxies`. */
export function addObserveCommands(program: Command, context: CliContext): void {
  addDashboardCommand(program, context);
  addTopCommand(program, context);
  addStatCommand(program, context);
  addEdgesCommand(program, context);
  addTopologyCommand(program, context);
  addTapCommand(program, context);
  addLogsCommand(program, context);
  addProxiesCommand(program, context);
}
