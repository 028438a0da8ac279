import type { Command } from 'commander';
import { type LabClient, LabError } from '../../lab/index.ts';
import type { CliContext } from '../context.ts';
import { readDump } from '../mesh/read-dumps.ts';
import { wholeNumber } from '../option-values.ts';
import { createProgress, type Progress } from '../terminal/index.ts';
import { type LabOption, nearestWord, openLab, withLabOption } from './lab-access.ts';

interface RevokeOptions extends LabOption {
  readonly timeout: number;
}

/** A certificate that a proxy uses now. */
interface UsedCertificate {
  readonly node: string;
  readonly identity: string;
  /** As `nodemesh certificates` prints it. */
  readonly serial: string;
}

const POLL_MS = 100;

/** `lab revoke SERIAL`: everybody refuses that certificate, and who used it rightly goes on with a new one. */
export function addRevokeCommand(lab: Command, context: CliContext): void {
  withLabOption(
    lab
      .command('revoke')
      .description('revoke a certificate: every proxy refuses it, and its workload gets a new one')
      .argument('<serial>', 'in hex, as nodemesh certificates prints it')
      .option('--timeout <seconds>', 'how long to wait for the new certificate', wholeNumber, 30)
      .addHelpText(
        'after',
        '\nConnections over sessions that were opened with the certificate are cut: a thief may hold one.',
      ),
  ).action(async (text: string, options: RevokeOptions) => {
    const client = openLab(context, options.name);
    const { stdout, stderr } = context.terminal;
    const before = await usedCertificates(client);
    const wanted = spelling(text);
    const holders = before.filter(({ serial }) => spelling(serial) === wanted);
    const { acknowledged } = await client.revoke(text);
    stdout.write(`${text} is revoked${acknowledged ? ', and every connected proxy refuses it' : ''}\n`);
    if (!acknowledged) stderr.write('not every proxy has said yet that it knows\n');
    if (holders.length === 0) {
      stderr.write(`no proxy uses a certificate with this serial number${meant(wanted, before)}\n`);
      return;
    }
    const progress = createProgress(context.terminal);
    try {
      for (const holder of holders) {
        const serial = await replacement(client, holder, options.timeout * 1_000, progress);
        progress.stop();
        stdout.write(`${holder.identity} on ${holder.node} goes on with ${serial}\n`);
      }
    } finally {
      progress.stop();
    }
  });
}

/** Waits until the identity has another certificate on that node. */
async function replacement(
  client: LabClient,
  holder: UsedCertificate,
  limitMs: number,
  progress: Progress,
): Promise<string> {
  const deadline = Date.now() + limitMs;
  progress.update(`waiting for a new certificate of ${holder.identity}`);
  for (;;) {
    const found = (await usedOn(client, holder.node)).find(
      ({ identity, serial }) => identity === holder.identity && serial !== holder.serial,
    );
    if (found !== undefined) return found.serial;
    if (Date.now() > deadline)
      throw new LabError({
        code: 'ERR_LAB_TIMEOUT',
        blame: 'upstream',
        message: `${holder.identity} on ${holder.node} has no new certificate after ${limitMs / 1_000} s`,
        hint: `its reason: nodemesh lab logs ztunnel/${holder.node}`,
      });
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

async function usedCertificates(client: LabClient): Promise<readonly UsedCertificate[]> {
  const nodes = await client.nodes();
  return (await Promise.all(nodes.map((node) => usedOn(client, node)))).flat();
}

async function usedOn(client: LabClient, node: string): Promise<readonly UsedCertificate[]> {
  try {
    const { certificates = [] } = await readDump(client, node);
    return certificates.flatMap(({ identity, certChain = [] }) => {
      const decimal = certChain[0]?.serialNumber;
      if (decimal === undefined || !/^\d+$/.test(decimal)) return [];
      return [{ node, identity, serial: BigInt(decimal).toString(16).padStart(32, '0') }];
    });
  } catch (error) {
    // Revoking must not wait for a proxy that is away: it is told when it comes back.
    if (error instanceof LabError) return [];
    throw error;
  }
}

function meant(wanted: string, used: readonly UsedCertificate[]): string {
  const serials = used.map(({ serial }) => spelling(serial));
  const begun = serials.filter((serial) => wanted.length >= 4 && serial.startsWith(wanted));
  const likely = begun.length === 1 ? begun[0] : nearestWord(wanted, serials);
  const found = used.find(({ serial }) => spelling(serial) === likely);
  return found === undefined ? '' : `; did you mean ${found.serial} of ${found.identity}?`;
}

function spelling(serial: string): string {
  return serial
    .toLowerCase()
    .replace(/[:\s]/g, '')
    .replace(/^0+(?=.)/, '');
}
