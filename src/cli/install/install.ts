import { type Command, Option } from 'commander';
import { stringify } from 'yaml';
import { checkText } from '../check/index.ts';
import type { CliContext } from '../context.ts';
import { CliError } from '../errors.ts';
import { durationMs } from '../option-values.ts';
import { createProgress, type Progress } from '../terminal/index.ts';
import { applyObjects, describeObject } from './cluster/apply-objects.ts';
import { type Cluster, type ClusterOptions, withCluster, withClusterOptions } from './cluster/cluster.ts';
import { announceCluster } from './cluster/describe-cluster.ts';
import { finalCheck } from './final-check.ts';
import type { Manifest } from './objects/manifest.ts';
import { type InstallSettings, renderObjects, renderParts } from './objects/settings.ts';
import { ownKinds } from './own-kinds.ts';
import { preflight } from './preflight/preflight.ts';
import { type Installation, readInstallation, recordObject } from './installation-record.ts';
import { checkedSettings, nextSettings } from './next-settings.ts';
import type { Part } from './objects/installation.ts';
import { findStale, removeStale } from './stale-objects.ts';
import { endLeftCleanUp } from './uninstall/left-clean-up.ts';
import { waitForController, waitForZtunnels } from './cluster/rollout.ts';
import { type SettingsFlags, withSettingsOptions } from './settings-options.ts';
import { waitUntil } from './cluster/wait.ts';

interface InstallOptions extends ClusterOptions, SettingsFlags {
  readonly output?: 'yaml' | 'json';
  readonly dryRun?: boolean;
  readonly preflight: boolean;
  readonly wait: boolean;
  readonly timeout: number;
}

/** `nodemesh install`: what the flags do not say stays as it is in a mesh that is there. It waits until all runs, and checks it. */
export function addInstallCommand(program: Command, context: CliContext, version: string): void {
  withClusterOptions(
    withSettingsOptions(
      program
        .command('install')
        .description('put the mesh into a cluster, or change what the flags say of the one that is there')
        .option('-o, --output <format>', 'print the objects as yaml or json instead of applying them', format)
        .option('--dry-run', 'ask the API server what would change, and change nothing')
        .option('--no-preflight', 'without looking first whether the cluster can have a mesh')
        .option('--no-wait', 'return when the objects are applied')
        .addOption(
          new Option('--timeout <duration>', 'how long to wait until everything runs')
            .argParser(durationMs)
            .default(durationMs('5m'), '5m'),
        ),
    ),
  )
    .addHelpText(
      'after',
      `
Examples:
  $ nodemesh install --platform kind --image nodemesh/nodemesh:dev
  $ nodemesh install --dry-run                    what it would create or change
  $ nodemesh install -o yaml | kubectl apply --server-side -f -
  $ nodemesh install --replicas 3                 again, with another setting: nothing else changes`,
    )
    .action(async (options: InstallOptions) => {
      if (options.output === undefined) {
        announceCluster(context, options);
        await withCluster(context, options, (cluster) => install(context, cluster, { options, version }));
      } else
        printObjects(
          context,
          [...ownKinds(), ...renderObjects(checkedSettings(undefined, options, version))],
          options.output,
        );
    });
}

async function install(
  context: CliContext,
  cluster: Cluster,
  { options, version }: { readonly options: InstallOptions; readonly version: string },
): Promise<void> {
  const { terminal } = context;
  const progress = createProgress(terminal);
  const kinds = ownKinds();
  if (options.preflight) {
    progress.update('looking at the cluster');
    const wanted = nextSettings(undefined, options, version);
    const record = recordObject({ version, settings: wanted });
    const results = await preflight(cluster, [...kinds, ...renderObjects(wanted), record], async () => {
      const installed = await readInstallation(cluster);
      const settings = nextSettings(installed, options, version);
      return { settings, stale: await findStale(cluster, installed, { version, settings }) };
    });
    progress.stop();
    terminal.stdout.write(checkText(results, terminal.colours));
    if (results.some(({ outcome }) => outcome === 'failed'))
      throw new CliError({
        code: 'ERR_CLI_CLUSTER',
        blame: 'upstream',
        message: 'this cluster cannot have the mesh as it is; nothing was changed',
        hint: 'do what the hints say; --no-preflight goes on all the same',
      });
  }
  const installed = await readInstallation(cluster);
  const settings = checkedSettings(installed, options, version);
  const change = { installed, next: { version, settings } };
  if (options.dryRun === true) return dryRun(cluster, change, progress);
  const wait = { timeoutMs: options.timeout, progress };
  await endLeftCleanUp(cluster, wait);
  await applyInstallation(cluster, change, progress);
  if (!options.wait) return;
  await waitForController(cluster, wait);
  await waitForZtunnels(cluster, wait);
  await finalCheck(cluster, { terminal, ...wait });
  terminal.stdout.write(
    `\nThe mesh is there. A namespace joins by its label; its pods keep running:\n\n  kubectl label namespace NAMESPACE ${settings.sideBySide ? 'nodemesh.io' : 'istio.io'}/dataplane-mode=ambient\n`,
  );
  terminal.stdout.write(NEXT);
}

const NEXT = `
What else there is:

  nodemesh waypoint apply -n NAMESPACE --enroll-namespace --wait   routes and policies of requests
  nodemesh dashboard                                               who talks to whom, and who is refused
  nodemesh check                                                   whether all is well
`;

/** From what is there, if anything is, to what is wanted. */
interface Change {
  readonly installed: Installation | undefined;
  readonly next: Installation;
}

/** Kinds first, and what needs kinds of somebody else's only where they are. Rejects with KubernetesError or CliError. */
async function applyInstallation(
  cluster: Cluster,
  { installed, next }: Change,
  progress: Progress,
): Promise<void> {
  const kinds = ownKinds();
  await applyObjects(cluster, kinds, { progress });
  await waitUntil(
    async () => {
      cluster.forgetKinds();
      return (await cluster.serves('nodemesh.io/v1alpha1')) ? undefined : 'not yet';
    },
    {
      what: 'kinds of nodemesh.io are served',
      timeoutMs: 60_000,
      progress,
      hint: 'kubectl describe crd filters.nodemesh.io',
    },
  );
  const parts = await applicableParts(cluster, next.settings);
  const objects = parts.flatMap((part) => part.objects);
  await applyObjects(cluster, objects, { progress });
  await removeStale(cluster, await findStale(cluster, installed, next), { progress });
  // Last: until then the record before it names what is still to go.
  await applyObjects(cluster, [recordObject(next)], { progress });
}

/** What can be applied: parts that need kinds which are not there are left out. */
export async function applicableParts(cluster: Cluster, settings: InstallSettings): Promise<readonly Part[]> {
  const parts: Part[] = [];
  for (const part of renderParts(settings))
    if (part.needsGroup === undefined || (await cluster.serves(`${part.needsGroup}/v1`))) parts.push(part);
  return parts;
}

/** Namespaced objects cannot be tried before their namespace is there. */
async function dryRun(cluster: Cluster, { installed, next }: Change, progress: Progress): Promise<void> {
  const parts = await applicableParts(cluster, next.settings);
  const objects = [...ownKinds(), ...parts.flatMap((part) => part.objects), recordObject(next)];
  const namespace = objects.find(({ kind }) => kind === 'Namespace');
  const isThere = namespace !== undefined && (await cluster.find(namespace)) !== undefined;
  for (const object of objects)
    if (isThere || object.metadata.namespace === undefined)
      await applyObjects(cluster, [object], { dryRun: true, progress });
    else progress.done(`${describeObject(object)} would be created`);
  await removeStale(cluster, await findStale(cluster, installed, next), { dryRun: true, progress });
  progress.done('dry run: nothing was changed');
}

function printObjects(context: CliContext, objects: readonly Manifest[], output: 'yaml' | 'json'): void {
  const text =
    output === 'yaml'
      ? objects
          .map((object) => stringify(object, { lineWidth: 0, aliasDuplicateObjects: false }))
          .join('---\n')
      : `${JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }, undefined, 2)}\n`;
  context.terminal.stdout.write(text);
}

function format(text: string): string {
  if (text === 'yaml' || text === 'json') return text;
  throw new CliError({
    code: 'ERR_CLI_OPTION',
    blame: 'downstream',
    message: `--output: expected yaml or json, got ${JSON.stringify(text)}`,
  });
}
