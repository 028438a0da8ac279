import type { Command } from 'commander';
import { LabError } from '../../lab/index.ts';
import type { CliContext } from '../context.ts';
import { createProgress } from '../terminal/index.ts';
import { type LabOption, openLab, withLabOption } from './lab-access.ts';

const VERBS = {
  kill: 'crash a part of the mesh with SIGKILL; the lab starts it again',
  stop: 'the same, but it stays away until it is started',
  start: 'start a part that was stopped',
} as const;

/** `kill`, `stop` and `start` of `ztunnel NODE` or `controller`. */
export function addControlCommands(lab: Command, context: CliContext): void {
  for (const verb of ['kill', 'stop', 'start'] as const) {
    withLabOption(
      lab
        .command(verb)
        .description(VERBS[verb])
        .argument('<part>', 'ztunnel or controller')
        .argument('[node]', 'whose ztunnel'),
    ).action(async (part: string, node: string | undefined, options: LabOption) => {
      if ((part === 'ztunnel') !== (node !== undefined) || (part !== 'ztunnel' && part !== 'controller'))
        throw new LabError({
          code: 'ERR_LAB_REQUEST',
          blame: 'downstream',
          message: `expected "ztunnel NODE" or "controller", got "${[part, node].filter(Boolean).join(' ')}"`,
          hint: 'nodemesh lab status lists the nodes',
        });
      await openLab(context, options.name).control(verb, node);
      context.terminal.stdout.write(`${part}${node === undefined ? '' : ` of ${node}`}: ${verb} done\n`);
    });
  }
}

/** `nodemesh lab upgrade-ztunnel`. */
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
