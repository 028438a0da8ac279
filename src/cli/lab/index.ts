import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { addApplyCommand } from './objects/apply.ts';
import { addDeleteCommand, addMetadataCommand, addScaleCommand } from './objects/change.ts';
import { addDownCommand, takeDown } from './down.ts';
import { addExecCommand } from './inside/exec.ts';
import { addGetCommand } from './objects/get.ts';
import { addStatusCommand } from './status.ts';
import { labsDirectory } from './lab-access.ts';
import { addRevokeCommand } from './revoke.ts';
import { addRotateRootCommand } from './rotate-root.ts';
import { addUpCommand, bringUp } from './up.ts';
import { addCaptureCommand, addLogsCommand } from './inside/watch.ts';
import { addControlCommands, addUpgradeCommand } from './ztunnel-control.ts';

export { labsDirectory, bringUp, takeDown };

/** `nodemesh lab …`. */
export function addLabCommands(program: Command, context: CliContext): void {
  const lab = program
    .command('lab')
    .description('a whole mesh in network namespaces: nodes, pods, controller, ztunnels')
    .enablePositionalOptions();
  lab.commandsGroup('The lab:');
  addUpCommand(lab, context);
  addStatusCommand(lab, context);
  addDownCommand(lab, context);
  lab.commandsGroup('Objects:');
  addApplyCommand(lab, context);
  addGetCommand(lab, context);
  addDeleteCommand(lab, context);
  addMetadataCommand(lab, context, 'label');
  addMetadataCommand(lab, context, 'annotate');
  addScaleCommand(lab, context);
  lab.commandsGroup('Look inside:');
  addExecCommand(lab, context);
  addLogsCommand(lab, context);
  addCaptureCommand(lab, context);
  lab.commandsGroup('Break things:');
  addControlCommands(lab, context);
  addUpgradeCommand(lab, context);
  addRotateRootCommand(lab, context);
  addRevokeCommand(lab, context);
}
