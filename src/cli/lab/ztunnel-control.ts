import { type Command, InvalidArgumentError } from 'commander';
import type { CliContext } from '../context.ts';
import { createProgress } from '../terminal/index.ts';
import { type LabOption, openLab, withLabOption } from './lab-access.ts';

export function addKillCommand(lab: Command, context: CliContext): void {
  withLabOption(
    lab
      .command('kill')
      .description('crash a part of the mesh with SIGKILL; the lab starts it again')
      .argument('<part>', 'ztunnel or controller')
      .argument('[node]', 'whose ztunnel'),
  ).action(async (part: string, node: string | undefined, options: LabOption) => {
    const client = openLab(context, options.name);
    if (part === 'controller') await client.killController();
    else if (part === 'ztunnel' && node !== undefined) await client.killZtunnel(node);
    else throw new InvalidArgumentError('expected "ztunnel NODE" or "controller"');
    context.terminal.stdout.write(`${part}${node === undefined ? '' : ` of ${node}`} killed\n`);
  });
}

export function addUpgradeCommand(lab: Command, context: CliContext): void {
  withLabOption(
    lab
      .command('upgrade-ztunnel')
      .description('start a new generation beside the old one; the old one drains')
      .argument('<node>'),
  ).action(async (node: string, options: LabOption) => {
    const client = openLab(context, options.name);
    const progress = createProgress(context.terminal);
    progress.update(`waiting for the new ztunnel of ${node}`);
    try {
      const { generation, draining } = await client.upgradeZtunnel(node);
      progress.done(`generation ${generation} serves ${node}; ${draining} older draining`);
    } finally {
      progress.stop();
    }
  });
}
