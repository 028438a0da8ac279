import { type Command, Option } from 'commander';
import type { CliContext } from '../../context.ts';
import { CliError } from '../../errors.ts';
import { durationMs } from '../../option-values.ts';
import { createProgress, type Progress } from '../../terminal/index.ts';
import { type Applied, applyObjects, describeObject } from '../cluster/apply-objects.ts';
import { type Cluster, type ClusterOptions, withCluster, withClusterOptions } from '../cluster/cluster.ts';
import { applicableParts } from '../install.ts';
import { type Installation, readInstallation, recordObject } from '../installation-record.ts';
import { defaultSettings, type InstallSettings } from '../objects/settings.ts';
import { ownKinds } from '../own-kinds.ts';
import { waitForController, waitForZtunnels } from '../cluster/rollout.ts';
import { type SettingsFlags, settingsOf, withSettingsOptions } from '../settings-options.ts';
import { checkSkew } from './version-skew.ts';

interface UpgradeOptions extends ClusterOptions, SettingsFlags {
  readonly preview?: boolean;
  readonly timeout: number;
}

export function addUpgradeCommand(program: Command, context: CliContext, version: string): void {
  withClusterOptions(
    withSettingsOptions(
      program
        .command('upgrade')
        .description("make the mesh of a cluster one of this program's version, with the settings it has")
        .option('--preview', 'only say what would change')
        .addOption(
          new Option('--timeout <duration>', 'how long to wait for each step')
            .argParser(durationMs)
            .default(durationMs('30m'), '30m'),
        ),
    ),
  )
    .addHelpText(
      'after',
      `
Examples:
  $ nodemesh upgrade --preview         what would change, field by field
  $ nodemesh upgrade                   the controller first, then one node after the other
  $ nodemesh upgrade --image registry.example/nodemesh:1.2.0`,
    )
    .action((options: UpgradeOptions) =>
      withCluster(context, options, async (cluster) => {
        const installed = await requireInstallation(cluster);
        checkSkew(installed.version, version);
        const next = { version, settings: nextSettings(installed, options, version) };
        if (options.preview === true) await preview(context, cluster, { installed, next });
        else
          await upgrade(cluster, next, {
            timeoutMs: options.timeout,
            progress: createProgress(context.terminal),
          });
      }),
    );
}

async function requireInstallation(cluster: Cluster): Promise<Installation> {
  const installed = await readInstallation(cluster);
  if (installed !== undefined) return installed;
  throw new CliError({
    code: 'ERR_CLI_CLUSTER',
    blame: 'downstream',
    message: 'nodemesh install has not been here',
    hint: 'what Helm or a kustomization installed, they upgrade (docs/upgrade.md)',
  });
}

/** The image goes with the version, unless somebody has chosen one. */
function nextSettings(
  { version: before, settings }: Installation,
  flags: SettingsFlags,
  version: string,
): InstallSettings {
  const isOurs = settings.image === defaultSettings(before).image;
  return settingsOf(flags, isOurs ? { ...settings, image: defaultSettings(version).image } : settings);
}

async function preview(
  { terminal }: CliContext,
  cluster: Cluster,
  { installed, next }: { readonly installed: Installation; readonly next: Installation },
): Promise<void> {
  const progress = createProgress(terminal);
  const results: Applied[] = [];
  const objects = [
    ...ownKinds(),
    ...(await applicableParts(cluster, next.settings)).flatMap((part) => part.objects),
  ];
  for (const object of objects) {
    progress.update('asking the API server what would change');
    results.push(...(await applyObjects(cluster, [object], { dryRun: true })));
  }
  progress.stop();
  const lines = results.flatMap(linesOf);
  terminal.stdout.write(`${installed.version} → ${next.version}\n`);
  for (const line of lines) terminal.stdout.write(`${line}\n`);
  const restarts = lines.some((line) => line.startsWith(ZTUNNEL_POD));
  terminal.stdout.write(
    lines.length === 0
      ? 'nothing would change\n'
      : restarts
        ? `Every ztunnel would be replaced, one node after the other. Connections live on for ${next.settings.drainSeconds} s, those that are still open then are cut.\n`
        : 'No ztunnel would be replaced, and no connection cut.\n',
  );
}

function linesOf({ object, outcome, changes }: Applied): readonly string[] {
  const name = describeObject(object);
  return outcome === 'created'
    ? [`${name}: would be created`]
    : changes.map((change) => `${name}: ${change}`);
}

/** The controller first: it serves proxies of one minor version older. */
async function upgrade(
  cluster: Cluster,
  next: Installation,
  wait: { readonly timeoutMs: number; readonly progress: Progress },
): Promise<void> {
  const { progress } = wait;
  await applyObjects(cluster, ownKinds(), { progress });
  const parts = await applicableParts(cluster, next.settings);
  const isZtunnel = (name: string): boolean => name === 'ztunnel';
  for (const { name, objects } of parts)
    if (!isZtunnel(name)) await applyObjects(cluster, objects, { progress });
  await waitForController(cluster, wait);
  for (const { name, objects } of parts)
    if (isZtunnel(name)) await applyObjects(cluster, objects, { progress });
  await waitForZtunnels(cluster, wait);
  await applyObjects(cluster, [recordObject(next)], { progress });
}

const ZTUNNEL_POD = 'daemonset nodemesh-system/ztunnel: spec.template.';
