import { type Command, Option } from 'commander';
import { stringify } from 'yaml';
import type { CliContext } from '../context.ts';
import { CliError } from '../errors.ts';
import { sideBySideOf } from '../install/side-by-side.ts';
import { type ObjectStore, withObjectsToChange } from '../object-store/index.ts';
import { durationMs } from '../option-values.ts';
import type { Terminal } from '../terminal/index.ts';
import { waitUntilProgrammed, type WaypointOptions, withWaypointOptions } from './waypoint-access.ts';
import {
  DEFAULT_CLASS,
  TRAFFIC,
  type Traffic,
  waypointClasses,
  waypointManifest,
} from './waypoint-gateway.ts';

interface GenerateOptions extends WaypointOptions {
  readonly name: string;
  readonly for?: Traffic;
  readonly revision?: string;
  readonly class: string;
}

interface ApplyOptions extends GenerateOptions {
  readonly enrollNamespace?: boolean;
  readonly overwrite?: boolean;
  readonly wait?: boolean;
  readonly waypointTimeout: number;
}

/** `nodemesh waypoint generate`. */
export function addGenerateCommand(waypoint: Command, context: CliContext): void {
  withManifestOptions(waypoint.command('generate').description('print the Gateway of a waypoint as YAML'))
    .addHelpText(
      'after',
      `
Examples:
  $ nodemesh waypoint generate -n shop                      for what is sent to services
  $ nodemesh waypoint generate -n shop --for all > gw.yaml  also for what is sent to pods' own addresses
`,
    )
    .action((options: GenerateOptions) => {
      context.terminal.stdout.write(stringify(manifestOf(options)));
    });
}

/** `nodemesh waypoint apply`. */
export function addApplyCommand(waypoint: Command, context: CliContext): void {
  withManifestOptions(waypoint.command('apply').description('put a waypoint into a namespace'))
    .option('--enroll-namespace', "let the namespace's traffic go through it (label istio.io/use-waypoint)")
    .option('--overwrite', 'replace a label that names another waypoint, or a Gateway of another class')
    .option('--wait', 'until it has a pod that is ready, and only then let traffic go through it')
    .addOption(
      new Option('--waypoint-timeout <duration>', 'how long --wait waits')
        .argParser(durationMs)
        .default(durationMs('90s'), '90s'),
    )
    .addHelpText(
      'after',
      `
Examples:
  $ nodemesh waypoint apply -n shop --enroll-namespace --wait   all of the namespace's services go through it
  $ nodemesh waypoint apply -n shop --name reviews-waypoint     for services with the label istio.io/use-waypoint=reviews-waypoint
`,
    )
    .action(async (options: ApplyOptions) => {
      await withObjectsToChange(context, options, (store) => applyWaypoint(store, options, context.terminal));
    });
}

function withManifestOptions(command: Command): Command {
  return withWaypointOptions(command)
    .option('--name <name>', 'of the waypoint', 'waypoint')
    .addOption(new Option('--for <traffic>', 'what goes through it (default: service)').choices([...TRAFFIC]))
    .option('--revision <name>', 'label istio.io/rev of the Gateway')
    .addOption(new Option('--class <class>', 'GatewayClass').default(DEFAULT_CLASS));
}

function manifestOf(options: GenerateOptions) {
  const { namespace, name, class: className, for: traffic, revision } = options;
  if (!OBJECT_NAME.test(name))
    throw badRequest(`--name: expected lower-case letters, digits, '-' and '.', got ${JSON.stringify(name)}`);
  if (name === 'none')
    throw badRequest('a waypoint cannot be called none: as a label that means no waypoint');
  return waypointManifest({ namespace, name, className, traffic, revision });
}

async function applyWaypoint(store: ObjectStore, options: ApplyOptions, terminal: Terminal): Promise<void> {
  const { namespace, name, overwrite = false } = options;
  const manifest = manifestOf(options);
  const classes = waypointClasses(await store.objects('GatewayClass'));
  if (!classes.has(options.class))
    throw badRequest(
      `--class: expected the class of a waypoint, one of ${[...classes].join(', ')}, got ${JSON.stringify(options.class)}`,
    );
  await requireFreePlace(store, options);
  // Before anything is written: half of what was asked for helps nobody.
  const label =
    options.enrollNamespace === true ? await wantedLabel(store, { namespace, name, overwrite }) : undefined;
  await store.apply(manifest);
  terminal.stdout.write(`waypoint ${namespace}/${name} applied\n`);
  // First, because what is sent to a waypoint that is not ready is refused.
  if (options.wait === true) {
    await waitUntilProgrammed(store, { namespace, name, timeoutMs: options.waypointTimeout }, terminal);
    terminal.stdout.write(`waypoint ${namespace}/${name} is ready\n`);
  }
  if (label !== undefined) {
    await store.labelNamespace(namespace, { [label]: name });
    terminal.stdout.write(`namespace ${namespace} labeled with "${label}: ${name}"\n`);
  }
  if (options.enrollNamespace === true) await noteEnrolment(store, namespace, terminal);
}

/** A Gateway of that name may be somebody's way into the cluster, or another mesh's waypoint. */
async function requireFreePlace(
  store: ObjectStore,
  { namespace, name, class: wanted, overwrite = false }: ApplyOptions,
): Promise<void> {
  const [present] = await store.objects('Gateway', namespace, name);
  const className = (present?.spec as { readonly gatewayClassName?: string } | undefined)?.gatewayClassName;
  if (present === undefined || overwrite || className === wanted) return;
  throw new CliError({
    code: 'ERR_CLI_CONFLICT',
    blame: 'downstream',
    message: `Gateway ${namespace}/${name} is there, and of the class ${className}`,
    hint: 'choose another --name, or replace it with --overwrite',
  });
}

/**
 * The label that the namespace is to have: a twin of ours where it joined by one, for beside Istio the other means Istio. Undefined
 * when it has it already.
 */
async function wantedLabel(
  store: ObjectStore,
  {
    namespace,
    name,
    overwrite,
  }: { readonly namespace: string; readonly name: string; readonly overwrite: boolean },
): Promise<string | undefined> {
  const [object] = await store.objects('Namespace', undefined, namespace);
  const labels = object?.metadata.labels ?? {};
  const isOwn =
    labels[OWN_MODE] === 'ambient' || labels[OWN_USE] !== undefined || (await isSideBySide(store));
  const use = isOwn ? OWN_USE : USE;
  const present = labels[use];
  if (present === undefined || overwrite) return use;
  if (present === name) return undefined;
  throw new CliError({
    code: 'ERR_CLI_CONFLICT',
    blame: 'downstream',
    message: `namespace ${namespace} has the label ${use}: ${present}`,
    hint: 'replace it with --overwrite',
  });
}

/** A waypoint takes the traffic of clients in the mesh; its own pods' side is worth a word. */
async function noteEnrolment(store: ObjectStore, namespace: string, terminal: Terminal): Promise<void> {
  const [object] = await store.objects('Namespace', undefined, namespace);
  const labels = object?.metadata.labels ?? {};
  const modes = (await isSideBySide(store)) ? [OWN_MODE] : [MODE, OWN_MODE];
  if (modes.some((label) => labels[label] === 'ambient')) return;
  terminal.stderr.write(
    `note: namespace ${namespace} is not in the mesh: from the waypoint to its pods traffic is plaintext; ${store.tool} label ns ${namespace} ${modes[0]}=ambient\n`,
  );
}

/** Whether Istio's labels mean Istio. Who may not see that gets ours, which are understood either way. */
async function isSideBySide(store: ObjectStore): Promise<boolean> {
  return (await sideBySideOf(store)) ?? true;
}

function badRequest(message: string): CliError {
  return new CliError({ code: 'ERR_CLI_OPTION', blame: 'downstream', message });
}

/** As the lab takes it. */
const OBJECT_NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;
const USE = 'istio.io/use-waypoint';
const OWN_USE = 'nodemesh.io/use-waypoint';
const OWN_MODE = 'nodemesh.io/dataplane-mode';
const MODE = 'istio.io/dataplane-mode';
