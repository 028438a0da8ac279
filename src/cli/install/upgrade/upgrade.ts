import { type Command, Option } from 'commander';
import { checkText } from '../../check/index.ts';
import type { CliContext } from '../../context.ts';
import { CliError } from '../../errors.ts';
import { durationMs } from '../../option-values.ts';
import { openClusterMesh } from '../../running-mesh/index.ts';
import { createProgress, type Progress, type Terminal } from '../../terminal/index.ts';
import { applyObjects } from '../cluster/apply-objects.ts';
import { type Cluster, type ClusterOptions, withCluster, withClusterOptions } from '../cluster/cluster.ts';
import { announceCluster } from '../cluster/describe-cluster.ts';
import { finalCheck } from '../final-check.ts';
import { applicableParts } from '../install.ts';
import { type Installation, readInstallation, recordObject } from '../installation-record.ts';
import { checkedSettings } from '../next-settings.ts';
import { GOING, GOING_HINT, isGoing } from '../preflight/namespace-going.ts';
import { NAMESPACE } from '../objects/manifest.ts';
import { rootsBesideIstio } from '../preflight/other-meshes.ts';
import { trustDomainKept } from '../preflight/trust-domain.ts';
import { ownKinds } from '../own-kinds.ts';
import { findStale, removeStale } from '../stale-objects.ts';
import { endLeftCleanUp } from '../uninstall/left-clean-up.ts';
import { waitForController, waitForZtunnels } from '../cluster/rollout.ts';
import { type SettingsFlags, withSettingsOptions } from '../settings-options.ts';
import { preview } from './preview.ts';
import { checkSkew } from './version-skew.ts';

interface UpgradeOptions extends ClusterOptions, SettingsFlags {
  readonly preview?: boolean;
  readonly timeout: number;
}

/** `nodemesh upgrade`: the mesh that is there at this program's version; `--preview` lists whose connections it would cut. */
export function addUpgradeCommand(program: Command, context: CliContext, version: string): void {
  withClusterOptions(
    withSettingsOptions(
      program
        .command('upgrade')
        .description("make the mesh of a cluster one of this program's version, with the settings it has")
        .option('--preview', 'only say what would change, and whose connections would be cut')
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
  $ nodemesh upgrade --preview         what would change, field by field, and who would be cut
  $ nodemesh upgrade                   the controller first, then one node after the other
  $ nodemesh upgrade --image registry.example/nodemesh:1.2.0`,
    )
    .action(async (options: UpgradeOptions) => {
      announceCluster(context, options);
      await withCluster(context, options, async (cluster) => {
        const installed = await requireInstallation(cluster);
        checkSkew(installed.version, version);
        const next = { version, settings: checkedSettings(installed, options, version) };
        await checkTrustDomain(cluster, next);
        await checkRoots(context.terminal, cluster, { installed, next });
        if (options.preview === true)
          await preview(context.terminal, cluster, {
            installed,
            next,
            mesh: () => openClusterMesh(context, options),
          });
        else
          await upgrade(
            cluster,
            { installed, next },
            {
              timeoutMs: options.timeout,
              progress: createProgress(context.terminal),
              terminal: context.terminal,
            },
          );
      });
    });
}

/**
 * Says before anything is changed whether the other mesh and ours would believe each other. What was so before is no worse after an
 * upgrade, so that only who turns it on is refused. Rejects with ERR_CLI_CLUSTER.
 */
async function checkRoots(
  terminal: Terminal,
  cluster: Cluster,
  { installed, next }: { readonly installed: Installation; readonly next: Installation },
): Promise<void> {
  const results = await rootsBesideIstio(cluster, next.settings);
  if (results.length > 0) terminal.stdout.write(checkText(results, terminal.colours));
  const { sideBySide, sharedRoots } = installed.settings;
  if ((sideBySide && sharedRoots) || !results.some(({ outcome }) => outcome === 'failed')) return;
  throw new CliError({
    code: 'ERR_CLI_CLUSTER',
    blame: 'downstream',
    message: 'the two meshes would not believe each other with --shared-roots; nothing was changed',
    hint: 'do what the hints say',
  });
}

/** Rejects with ERR_CLI_CLUSTER. */
async function checkTrustDomain(cluster: Cluster, { settings }: Installation): Promise<void> {
  const [refused] = await trustDomainKept(cluster, settings.trustDomain);
  if (refused === undefined) return;
  throw new CliError({
    code: 'ERR_CLI_CLUSTER',
    blame: 'downstream',
    message: `${refused.name}: ${refused.seen}; nothing was changed`,
    hint: refused.hint,
  });
}

async function requireInstallation(cluster: Cluster): Promise<Installation> {
  const installed = await readInstallation(cluster);
  if (installed !== undefined && (await isGoing(cluster)))
    throw new CliError({
      code: 'ERR_CLI_CLUSTER',
      blame: 'upstream',
      message: `namespace ${NAMESPACE} ${GOING}`,
      hint: GOING_HINT,
    });
  if (installed !== undefined) return installed;
  throw new CliError({
    code: 'ERR_CLI_CLUSTER',
    blame: 'downstream',
    message: 'nodemesh install has not been here',
    hint: 'what Helm, a kustomization or kubectl apply installed, they upgrade; nodemesh install takes over what is there (docs/upgrade.md)',
  });
}

/** The controller first: it serves proxies of one minor version older. */
async function upgrade(
  cluster: Cluster,
  { installed, next }: { readonly installed: Installation; readonly next: Installation },
  wait: { readonly timeoutMs: number; readonly progress: Progress; readonly terminal: Terminal },
): Promise<void> {
  const { progress } = wait;
  await endLeftCleanUp(cluster, wait);
  await applyObjects(cluster, ownKinds(), { progress });
  const parts = await applicableParts(cluster, next.settings);
  const isZtunnel = (name: string): boolean => name === 'ztunnel';
  for (const { name, objects } of parts)
    if (!isZtunnel(name)) await applyObjects(cluster, objects, { progress });
  await waitForController(cluster, wait);
  for (const { name, objects } of parts)
    if (isZtunnel(name)) await applyObjects(cluster, objects, { progress });
  await waitForZtunnels(cluster, wait);
  await removeStale(cluster, await findStale(cluster, installed, next), { progress });
  await applyObjects(cluster, [recordObject(next)], { progress });
  await finalCheck(cluster, wait);
}
