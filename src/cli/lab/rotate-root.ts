import { X509Certificate } from 'node:crypto';
import { type Command, Option } from 'commander';
import { type LabClient, LabError, type RootAnswer, type RotationStep } from '../../lab/index.ts';
import type { CliContext } from '../context.ts';
import { readDump } from '../mesh/read-dumps.ts';
import type { DumpedCertificate, DumpedCertificateEntry } from '../mesh/config-dump.ts';
import { createProgress, type Progress } from '../terminal/index.ts';
import { type LabOption, openLab, withLabOption } from './lab-access.ts';
import { wholeNumber } from '../option-values.ts';

interface RotateOptions extends LabOption {
  readonly step?: RotationStep;
  readonly timeout: number;
}

const STEPS: readonly RotationStep[] = ['add', 'activate', 'remove'];
const POLL_MS = 200;

/** `lab rotate-root`: a new root for the mesh, step by step, and each only when every proxy is ready for it. */
export function addRotateRootCommand(lab: Command, context: CliContext): void {
  withLabOption(
    lab
      .command('rotate-root')
      .description('give the mesh a new root certificate: add it, sign with it, remove the old one')
      .addOption(new Option('--step <step>', 'only this step').choices(STEPS))
      .option('--timeout <seconds>', 'how long to wait for the proxies after each step', wholeNumber, 60)
      .addHelpText(
        'after',
        '\nBetween the steps it waits until every proxy trusts what it should, and has renewed its certificates.',
      ),
  ).action(async (options: RotateOptions) => {
    const client = openLab(context, options.name);
    const progress = createProgress(context.terminal);
    try {
      for (const step of options.step === undefined ? STEPS : [options.step]) {
        await rotate(client, step, options.timeout * 1_000, progress);
      }
    } finally {
      progress.stop();
    }
  });
}

async function rotate(
  client: LabClient,
  step: RotationStep,
  limitMs: number,
  progress: Progress,
): Promise<void> {
  // The old root goes by force, which is right only when nobody uses it any more.
  if (step === 'remove') await untilSettled(client, await client.roots(), limitMs, progress);
  await client.rotateRoot(step);
  const roots = await client.roots();
  await untilSettled(client, roots, limitMs, progress);
  progress.done(doneText(step, roots));
}

function doneText(step: RotationStep, roots: readonly RootAnswer[]): string {
  const named = (state: RootAnswer['state']): string =>
    roots.find((root) => root.state === state)?.name ?? 'none';
  switch (step) {
    case 'add':
      return `root ${named('added')} is trusted by every proxy`;
    case 'activate':
      return `every certificate is under root ${named('active')}`;
    case 'remove':
      return `root ${named('active')} is the only one trusted`;
  }
}

/** Waits until every certificate in use leads to the active root, and every proxy trusts exactly these roots. */
async function untilSettled(
  client: LabClient,
  roots: readonly RootAnswer[],
  limitMs: number,
  progress: Progress,
): Promise<void> {
  const deadline = Date.now() + limitMs;
  const nodes = await client.nodes();
  for (;;) {
    const late = (await Promise.all(nodes.map((node) => whatIsLate(client, node, roots)))).flat();
    if (late.length === 0) return;
    if (Date.now() > deadline) {
      throw new LabError({
        code: 'ERR_LAB_TIMEOUT',
        blame: 'upstream',
        message: `not settled within ${limitMs / 1_000} s: ${late.join('; ')}`,
        hint: 'nothing is broken by waiting: go on with nodemesh lab rotate-root --step once it is',
      });
    }
    progress.update(`waiting for ${late[0] ?? ''}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

async function whatIsLate(
  client: LabClient,
  node: string,
  roots: readonly RootAnswer[],
): Promise<readonly string[]> {
  try {
    const { certificates = [] } = await readDump(client, node);
    return certificates
      .filter(({ holders }) => holders !== 0)
      .filter((certificate) => !isSettled(certificate, roots))
      .map(({ identity }) => `${identity} on ${node}`);
  } catch (error) {
    // A proxy that is just coming back will answer.
    if (error instanceof LabError) return [`the ztunnel of ${node} (${error.message})`];
    throw error;
  }
}

function isSettled(
  { certChain = [], rootCerts = [] }: DumpedCertificate,
  roots: readonly RootAnswer[],
): boolean {
  const trusted = rootCerts.flatMap(readCertificate);
  const isTrusted =
    trusted.length === roots.length && roots.every((root) => find(trusted, root) !== undefined);
  const active = roots.find(({ state }) => state === 'active');
  const signer = active === undefined ? undefined : find(trusted, active);
  return (
    isTrusted &&
    signer !== undefined &&
    certChain.flatMap(readCertificate).some((certificate) => certificate.verify(signer.publicKey))
  );
}

function find(certificates: readonly X509Certificate[], root: RootAnswer): X509Certificate | undefined {
  return certificates.find(
    ({ fingerprint256 }) => fingerprint256.replaceAll(':', '').toLowerCase() === root.fingerprint,
  );
}

function readCertificate({ pem }: DumpedCertificateEntry): readonly X509Certificate[] {
  return pem === undefined ? [] : [new X509Certificate(Buffer.from(pem, 'base64'))];
}
