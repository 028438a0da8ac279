import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { createLabClient, type LabClient } from '../../lab/client/index.ts';
import { LAB_KIND, type ManifestObject, numberedNodes, parseLabFile } from '../../lab/cluster/index.ts';
import { LabError } from '../../lab/index.ts';
import { shopObjects } from '../../lab/sample/index.ts';
import { createStateDirectory, supervisorPid } from '../../lab/state/index.ts';
import type { CliContext } from '../context.ts';
import { readManifestFiles } from '../manifest-files.ts';
import { collect, durationText, logLevelText, ratioText, urlText, wholeNumber } from '../option-values.ts';
import { createProgress, type Progress } from '../terminal/index.ts';
import { printApplied, warnOfLittle } from './objects/apply.ts';
import { labsDirectory } from './lab-access.ts';
import { requireValid } from './objects/validate.ts';
import { waitForLab } from './wait-for-lab.ts';

/** What `nodemesh lab up` takes. */
export interface UpOptions {
  readonly file: readonly string[];
  readonly nodes?: number;
  readonly name?: string;
  readonly mesh: boolean;
  /** Default false. */
  readonly sideBySide?: boolean;
  readonly wait: boolean;
  /** Default true. */
  readonly validate?: boolean;
  readonly timeout: number;
  readonly svidTtl: string;
  readonly logLevel: string;
  readonly telemetry?: string;
  readonly traceSampling?: string;
  readonly otlpEndpoint?: string;
  readonly otlpProtocol?: string;
}

/** `nodemesh lab up`. */
export function addUpCommand(lab: Command, context: CliContext): void {
  lab
    .command('up')
    .description('start a lab in the background, and wait until its pods are ready')
    .option(
      '-f, --file <path>',
      'manifests: a file, a directory, or - for standard input; repeatable',
      collect,
      [],
    )
    .option('--nodes <n>', 'how many nodes (default: what a Lab document says, else 2)', wholeNumber)
    .option('--name <lab>', 'its name (default: what a Lab document says, else "default")')
    .option('--no-mesh', 'plain networking: no controller, no ztunnels')
    .option(
      '--side-by-side',
      "as beside Istio: labels and annotations of nodemesh.io alone put pods into the mesh, Istio's mean Istio",
    )
    .option('--no-validate', 'also policies that do not fit their schema')
    .option('--no-wait', 'return as soon as the lab has taken the manifests')
    .option('--timeout <seconds>', 'how long to wait for pods', wholeNumber, 90)
    .option(
      '--svid-ttl <duration>',
      'lifetime of workload certificates, such as 24h or 10s',
      durationText,
      '24h',
    )
    .option('--log-level <level>', "of the mesh's processes", logLevelText, 'info')
    .addOption(
      new Option('--telemetry <which>', 'what proxies tell of (default: all)').choices(['all', 'failures']),
    )
    .option('--trace-sampling <part>', 'part of the traces to sample, as 100% (default: 1%)', ratioText)
    .option('--otlp-endpoint <url>', 'collector that spans go to; proxies must reach it', urlText)
    .option('--otlp-protocol <protocol>', 'grpc (default), or http (protobuf)')
    .addHelpText(
      'after',
      `
Without -f a small shop (shopper → frontend → cart → payments) is started.
A Lab document among the manifests names the nodes:
  apiVersion: nodemesh.io/v1alpha1
  kind: Lab
  metadata: {name: two-zones}
  spec: {nodes: [{name: node-a, zone: a}, {name: node-b, zone: b, labels: {disk: ssd}}]}

Nothing outside the lab's own namespaces is touched; root is not needed where user namespaces are allowed.`,
    )
    .action(async (options: UpOptions) => {
      await bringUp(options, context);
      if (options.file.length === 0) context.terminal.stdout.write(whatNext(options));
    });
}

/** Starts a lab and waits until it is ready, with progress. Throws LabError. */
export async function bringUp(options: UpOptions, context: CliContext): Promise<void> {
  const { terminal } = context;
  const manifests = await readManifestFiles(options.file, terminal);
  const described = manifests.filter(({ kind }) => kind === LAB_KIND).map(parseLabFile);
  const objects = manifests.filter(({ kind }) => kind !== LAB_KIND);
  if (options.validate !== false) await requireValid(objects);
  const name = checkName(options.name ?? described[0]?.name ?? 'default');
  const nodes =
    options.nodes === undefined ? (described[0]?.nodes ?? numberedNodes(2)) : numberedNodes(options.nodes);
  const { MAXIMUM_NODES } = await import('../../lab/network/index.ts');
  if (nodes.length < 1 || nodes.length > MAXIMUM_NODES)
    throw invalid(`a lab has from 1 to ${MAXIMUM_NODES} nodes, got ${nodes.length}`);
  if (options.sideBySide === true && !options.mesh)
    throw invalid('expected a mesh with --side-by-side, got --no-mesh beside it');
  const base = labsDirectory(context);
  if (supervisorPid(join(base, name)) !== undefined) {
    throw new LabError({
      code: 'ERR_LAB_ALREADY_RUNNING',
      blame: 'downstream',
      message: `a lab called ${name} is running already`,
      hint: `nodemesh lab down --name ${name} ends it; --name OTHER starts another beside it`,
    });
  }
  // What a lab that died has left behind.
  rmSync(join(base, name), { recursive: true, force: true });
  const stateDirectory = createStateDirectory(base, name, context.userId);
  const startedMs = performance.now();
  const { launchSupervisor } = await import('../../lab/supervisor/index.ts');
  const progress = createProgress(terminal);
  progress.update(`starting ${nodes.length} nodes`);
  try {
    await launchSupervisor(
      {
        name,
        stateDirectory,
        nodes,
        mesh: options.mesh,
        sideBySide: options.sideBySide === true,
        program: context.program,
        // Below the private base: what is cached there is run.
        environment: { ...context.labEnvironment, NODE_COMPILE_CACHE: join(base, '.compile-cache') },
        resolvConfTarget: context.resolvConfTarget,
        svidTtl: options.svidTtl,
        logLevel: options.logLevel,
        telemetryFlags: telemetryFlags(options),
      },
      context.userId === 0,
    );
    progress.done(`${nodes.length} nodes: ${shortList(nodes.map((node) => node.name))}`);
    const client = createLabClient(stateDirectory);
    await applyAll(client, options.file.length === 0 ? shopObjects() : objects, context, progress);
    warnOfLittle(terminal, objects);
    if (options.wait) await waitForLab(client, options.timeout * 1_000, progress);
  } finally {
    progress.stop();
  }
  const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
  terminal.stdout.write(`lab ${terminal.colours.bold(name)} is up (${seconds} s)\n`);
}

function telemetryFlags(options: UpOptions): readonly string[] {
  const { telemetry, traceSampling, otlpEndpoint, otlpProtocol } = options;
  return [
    ...(telemetry === undefined ? [] : [`--telemetry=${telemetry}`]),
    ...(traceSampling === undefined ? [] : [`--trace-sampling=${traceSampling}`]),
    ...(otlpEndpoint === undefined ? [] : [`--otlp-endpoint=${otlpEndpoint}`]),
    ...(otlpProtocol === undefined ? [] : [`--otlp-protocol=${otlpProtocol}`]),
  ];
}

/** All of a few, else the first and the last. */
function shortList(names: readonly string[]): string {
  return names.length <= 8 ? names.join(', ') : `${names[0]} … ${names.at(-1)}`;
}

async function applyAll(
  client: LabClient,
  objects: readonly ManifestObject[],
  context: CliContext,
  progress: Progress,
): Promise<void> {
  const results = await client.apply(objects);
  const failed = results.filter(({ outcome }) => outcome === 'failed');
  progress.done(`${results.length - failed.length} objects applied`);
  if (failed.length === 0) return;
  printApplied(context.terminal, failed);
  throw new LabError({
    code: 'ERR_LAB_MANIFEST',
    blame: 'downstream',
    message: `${failed.length} of ${results.length} objects were refused; the lab is up with the others`,
    hint: 'correct them and run nodemesh lab apply -f again',
  });
}

function whatNext({ mesh, sideBySide }: UpOptions): string {
  const lines = [
    'Try next:',
    '  nodemesh lab get pods -n shop',
    '  nodemesh lab logs -f -n shop deploy/shopper',
    '  nodemesh lab capture node-1                                   (orders and card numbers, readable)',
  ];
  if (mesh)
    lines.push(
      `  nodemesh lab label ns shop ${sideBySide === true ? 'nodemesh.io/dataplane-mode=ambient ' : 'istio.io/dataplane-mode=ambient    '} (and capture again)`,
      '  nodemesh dashboard                                            (who talks to whom, and what fails)',
    );
  return `${lines.join('\n')}\n`;
}

function checkName(name: string): string {
  if (/^[a-z0-9]([a-z0-9-]{0,40}[a-z0-9])?$/.test(name)) return name;
  throw invalid(`a lab's name has lower-case letters, digits and '-', got ${JSON.stringify(name)}`);
}

function invalid(message: string): LabError {
  return new LabError({ code: 'ERR_LAB_REQUEST', blame: 'downstream', message });
}
