import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { addInstallCommand } from './install.ts';
import { addUninstallCommand } from './uninstall/uninstall.ts';
import { addUpgradeCommand } from './upgrade/upgrade.ts';

export {
  accessOf,
  type Cluster,
  type ClusterOptions,
  kubeconfigFile,
  openCluster,
  withCluster,
} from './cluster/cluster.ts';
export { RECORD_NAME, settingsInRecord } from './installation-record.ts';
export { NAMESPACE, selectorOf } from './objects/manifest.ts';
export { GATEWAY_API_HINT } from './preflight.ts';
export { besideAs, saysSideBySide, sideBySideOf, type TellingObject } from './side-by-side.ts';

/** `nodemesh install`, `upgrade` and `uninstall`: the mesh of a Kubernetes cluster. */
export function addInstallCommands(program: Command, context: CliContext, version: string): void {
  addInstallCommand(program, context, version);
  addUpgradeCommand(program, context, version);
  addUninstallCommand(program, context, version);
}
