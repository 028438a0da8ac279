import type { Command } from 'commander';
import type { LabStatus } from '../../lab/supervisor/index.ts';
import type { CliContext } from '../context.ts';
import { formatTable, type Terminal } from '../terminal/index.ts';
import { printData } from '../terminal/print-data.ts';
import { type LabOption, openLab, withLabOption } from './lab-access.ts';
import { outputOption } from './output-option.ts';
import type { OutputFormat } from '../terminal/index.ts';

/** `nodemesh lab status`. */
export function addStatusCommand(lab: Command, context: CliContext): void {
  withLabOption(lab.command('status').description('what runs, and what is wrong with it'))
    .addOption(outputOption())
    .action(async (options: LabOption & { readonly output: OutputFormat }) => {
      const status = await openLab(context, options.name).status();
      if (options.output === 'table') printStatus(context.terminal, status);
      else printData(context.terminal, options.output, status);
    });
}

function printStatus({ stdout, colours }: Terminal, status: LabStatus): void {
  const { pods, controller } = status;
  stdout.write(`lab ${colours.bold(status.name)}   state in ${status.stateDirectory}\n`);
  for (const { name, state, error } of status.steps) {
    if (state === 'failed') stdout.write(`${colours.red(`${name} failed`)}: ${error ?? ''}\n`);
    if (state === 'waiting') stdout.write(`${colours.yellow(`${name} not up yet`)}\n`);
  }
  if (controller !== null) {
    const end = controller.lastEnd === undefined ? '' : `, last end: ${controller.lastEnd}`;
    stdout.write(`controller   pid ${controller.pid ?? '-'}, ${controller.restarts} restarts${end}\n`);
  }
  if (status.dashboard !== null) stdout.write(`dashboard    ${status.dashboard}\n`);
  stdout.write('\n');
  const rows = status.nodes.map(({ name, ipv4, podCidr, pods: count, ztunnel, dashboard }) => [
    name,
    ipv4,
    podCidr,
    String(count),
    ztunnel === null ? 'none' : ztunnel.ready ? colours.green('ready') : colours.red('not ready'),
    ztunnel === null ? '' : String(ztunnel.generation),
    ztunnel === null ? '' : String(ztunnel.restarts),
    ztunnel === null ? '' : String(ztunnel.draining),
    dashboard ?? '',
  ]);
  stdout.write(
    formatTable(
      ['NODE', 'ADDRESS', 'POD CIDR', 'PODS', 'ZTUNNEL', 'GENERATION', 'RESTARTS', 'DRAINING', 'DASHBOARD'],
      rows,
      2,
    ),
  );
  if (status.waypoints.length > 0) {
    const waypoints = status.waypoints.map(({ namespace, name, pods: count, ready }) => [
      `${namespace}/${name}`,
      ready > 0 ? colours.green('ready') : colours.red('not ready'),
      `${ready}/${count}`,
    ]);
    stdout.write(`\n${formatTable(['WAYPOINT', 'STATE', 'PODS'], waypoints, 2)}`);
  }
  stdout.write(`\n${pods.ready} of ${pods.total} pods ready\n`);
  for (const { namespace, name, reason } of pods.notReady)
    stdout.write(`  ${namespace}/${name}: ${reason}\n`);
  if (status.warnings.length > 0) stdout.write(`\nlatest warnings (nodemesh lab get events -A):\n`);
  for (const warning of status.warnings) stdout.write(`  ${colours.yellow(warning)}\n`);
}
