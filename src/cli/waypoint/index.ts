import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { addApplyCommand, addGenerateCommand } from './apply.ts';
import { addDeleteCommand } from './delete.ts';
import { addListCommand, addStatusCommand } from './list.ts';

export { findWaypoints } from './waypoint-access.ts';

/** `nodemesh waypoint …`. Returns the group, for the command that runs one. */
export function addWaypointCommands(program: Command, context: CliContext): Command {
  const waypoint = program
    .command('waypoint')
    .description('L7 proxies of namespaces and services')
    .enablePositionalOptions();
  addApplyCommand(waypoint, context);
  addGenerateCommand(waypoint, context);
  addListCommand(waypoint, context);
  addStatusCommand(waypoint, context);
  addDeleteCommand(waypoint, context);
  waypoint.addHelpText(
    'after',
    `
Of waypoints that run:
  $ nodemesh routes                            what they were told, and what is wrong with it
  $ nodemesh endpoints                         where they send requests, and how these endpoints do
  $ nodemesh admin waypoint/NAMESPACE/NAME     metrics, dumps, log level
`,
  );
  return waypoint;
}
