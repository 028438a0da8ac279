import { type Command, Option } from 'commander';
import type { CliContext } from '../../context.ts';
import { CliError } from '../../errors.ts';
import { durationMs } from '../../option-values.ts';
import { createProgress, shortList } from '../../terminal/index.ts';
import { describeObject } from '../cluster/apply-objects.ts';
import { type Cluster, type ClusterOptions, withCluster, withClusterOptions } from '../cluster/cluster.ts';
import { enrolledObjects, leaveTheMesh } from './enrolled.ts';
import { type Installation, readInstallation } from '../installation-record.ts';
import { runsSideBySide } from '../side-by-side.ts';
import { findCleanUp } from './clean-up-record.ts';
import { endingText, endZtunnels } from './end-ztunnels.ts';
import { cleanUpNodes } from './node-clean-up.ts';
import { type Manifest, NAMESPACE, ZTUNNEL } from '../objects/manifest.ts';
import { defaultSettings, type InstallSettings, renderObjects, renderParts } from '../objects/settings.ts';
import { ownKinds } from '../own-kinds.ts';
import { announceCluster } from '../cluster/describe-cluster.ts';
import { podsOf } from '../cluster/own-pods.ts';
import { findStale } from '../stale-objects.ts';
import { removeObjects } from '../cluster/remove-objects.ts';
import type { WaitOptions } from '../cluster/rollout.ts';
import { waitUntil } from '../cluster/wait.ts';

interface UninstallOptions extends ClusterOptions {
  readonly crds?: boolean;
  readonly force?: boolean;
  readonly unenrol?: boolean;
  readonly timeout: number;
}

/** `nodemesh uninstall`: may be cut off at any moment and run again, and then goes on. */
export function addUninstallCommand(program: Command, context: CliContext, version: string): void {
  withClusterOptions(
    program
      .command('uninstall')
      .description('take the mesh out of a cluster, its authority with it; nothing of it stays on any node')
      .option(
        '--unenrol',
        'first take all namespaces and pods out of the mesh, and wait until they have left',
      )
      .option(
        '--force',
        'although there are pods in the mesh: they have no traffic until their node is clean',
      )
      .option('--crds', 'the kinds of nodemesh.io too, and with them all objects of these kinds')
      .addOption(
        new Option('--timeout <duration>', 'how long to wait for each step')
          .argParser(durationMs)
          .default(durationMs('5m'), '5m'),
      ),
  )
    .addHelpText(
      'after',
      `
Examples:
  $ nodemesh uninstall                   refuses while something is in the mesh, and names it
  $ nodemesh uninstall --unenrol --crds  everything`,
    )
    .action(async (options: UninstallOptions) => {
      announceCluster(context, options);
      await withCluster(context, options, async (cluster) => {
        const installed = await readInstallation(cluster);
        await uninstall(context, cluster, {
          options,
          installed,
          assumed: installed ?? { version, settings: defaultSettings(version) },
        });
      });
    });
}

async function uninstall(
  context: CliContext,
  cluster: Cluster,
  {
    options,
    installed,
    assumed,
  }: {
    readonly options: UninstallOptions;
    readonly installed: Installation | undefined;
    /** The same, or what it is by default where other means have installed it. */
    readonly assumed: Installation;
  },
): Promise<void> {
  const { settings } = assumed;
  const progress = createProgress(context.terminal);
  const wait: WaitOptions = { timeoutMs: options.timeout, progress };
  const parts = renderParts(settings);
  const of = (name: string): readonly Manifest[] =>
    parts.flatMap((part) => (part.name === name ? part.objects : []));
  const wasThere = (await namespaceLeft(cluster, of('namespace'))) !== undefined;
  // Asked of what runs: who installed by other means has left no settings. Without a mesh of ours Istio's labels are Istio's.
  const claims = { sideBySide: settings.sideBySide || !wasThere || (await runsSideBySide(cluster)) };
  const enrolled = await enrolledObjects(cluster, claims);
  if (enrolled.length > 0 && options.unenrol !== true && options.force !== true)
    throw new CliError({
      code: 'ERR_CLI_CLUSTER',
      blame: 'downstream',
      message: `still in the mesh: ${shortList(enrolled.map(describeObject), MOST_SHOWN)}; nothing was changed`,
      hint: '--unenrol takes them out first: their pods keep running, and what is connected stays connected',
    });
  const cleanUp = await findCleanUp(cluster, settings);
  // First, for where it is there and nobody answers, it is in the way of what follows.
  await removeObjects(cluster, of('admission'), progress);
  if (options.unenrol === true) await leaveTheMesh(cluster, enrolled, { ...wait, ...claims });
  await endZtunnels(cluster, { ...wait, ztunnels: of('ztunnel'), cleanUp });
  // Where it is gone nothing can be run any more.
  if ((await namespaceLeft(cluster, of('namespace'))) !== undefined)
    await cleanUpNodes(cluster, { ...wait, cleanUp, account: ztunnelAccount(settings) });
  // As long as one runs it makes anew what is taken away of a Gateway that stays.
  const isDeployment = ({ kind }: Manifest): boolean => kind === 'Deployment';
  await removeObjects(cluster, of('controller').filter(isDeployment), progress);
  await waitUntil(async () => endingText(await podsOf(cluster, 'controller')), {
    ...wait,
    what: 'no controller runs any more',
    hint: `kubectl -n ${NAMESPACE} get pods -o wide`,
  });
  await removeObjects(cluster, await waypointObjects(cluster), progress);
  // By other means it may be of any platform.
  const stale = await findStale(cluster, installed, assumed);
  await removeObjects(
    cluster,
    [...stale.map(({ object }) => object), ...renderObjects(settings).toReversed()],
    progress,
  );
  await waitUntil(async () => namespaceLeft(cluster, of('namespace')), {
    ...wait,
    what: `namespace ${NAMESPACE} is gone`,
    hint: `what holds it: kubectl get namespace ${NAMESPACE} -o jsonpath='{.status.conditions}'`,
  });
  if (options.crds === true) await removeObjects(cluster, ownKinds(), progress);
  if (!wasThere)
    context.terminal.stdout.write(
      `there was no mesh: this cluster has no namespace ${NAMESPACE} (kubectl config current-context names it)\n`,
    );
  const kindsStay = options.crds !== true && (await areKindsLeft(cluster));
  for (const line of left({ kindsStay, unenrol: options.unenrol === true }, enrolled.map(describeObject)))
    context.terminal.stdout.write(`left: ${line}\n`);
}

function ztunnelAccount(settings: InstallSettings): Manifest | undefined {
  return renderObjects(settings).find(
    ({ kind, metadata }) => kind === 'ServiceAccount' && metadata.name === ZTUNNEL,
  );
}

/** What the controller has made for Gateways of our class, by the label that it gives them. */
async function waypointObjects(cluster: Cluster): Promise<readonly Manifest[]> {
  const objects: Manifest[] = [];
  for (const [apiVersion, kind] of WAYPOINT_KINDS)
    for (const { metadata } of await cluster.list(apiVersion, kind, WAYPOINTS)) {
      const { name = '', namespace = '', annotations = {} } = metadata;
      if (annotations[APPLIED] !== undefined)
        objects.push({ apiVersion, kind, metadata: { name, namespace } });
    }
  return objects;
}

async function namespaceLeft(
  cluster: Cluster,
  [namespace]: readonly Manifest[],
): Promise<string | undefined> {
  const found = namespace === undefined ? undefined : await cluster.find(namespace);
  return found === undefined ? undefined : 'it is ending';
}

async function areKindsLeft(cluster: Cluster): Promise<boolean> {
  const found = await Promise.all(ownKinds().map((kind) => cluster.find(kind)));
  return found.some((kind) => kind !== undefined);
}

function left(
  { kindsStay, unenrol }: { readonly kindsStay: boolean; readonly unenrol: boolean },
  enrolled: readonly string[],
): readonly string[] {
  return [
    ...(kindsStay ? ['the kinds of nodemesh.io and their objects (--crds takes them away)'] : []),
    ...(enrolled.length > 0 && !unenrol ? [`labels on ${shortList(enrolled, MOST_SHOWN)}`] : []),
    'Gateways and labels that name them, routes and policies, which are yours, with what the controller last wrote into their status',
  ];
}

const MOST_SHOWN = 10;
const WAYPOINTS = 'gateway.istio.io/managed=nodemesh.io-waypoint-controller';
/** By it the controller knows what it has made. */
const APPLIED = 'nodemesh.io/applied';
const WAYPOINT_KINDS = [
  ['apps/v1', 'Deployment'],
  ['autoscaling/v2', 'HorizontalPodAutoscaler'],
  ['policy/v1', 'PodDisruptionBudget'],
  ['v1', 'Service'],
  ['v1', 'ServiceAccount'],
  ['v1', 'ConfigMap'],
] as const;
