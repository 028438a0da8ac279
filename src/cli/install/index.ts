import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { addInstallCommand } from './install.ts';
import { addUninstallCommand } from './uninstall/uninstall.ts';
import { addUpgradeCommand } from './upgrade/upgrade.ts';

/** `nodemesh install`, `upgrade` and `uninstall`: the mesh of a Kubernetes cluster. */
export function addInstallCommands(program: Command, context: CliContext, version: string): void {
  addInstallCommand(program, context, version);
  addUpgradeCommand(program, context, version);
  addUninstallCommand(program, context, version);
}
