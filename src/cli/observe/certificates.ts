import { Option } from 'commander';
import { type ApiOptions, openApi } from '../running-mesh/index.ts';
import type { CliContext } from '../context.ts';
import { CliError } from '../errors.ts';
import { durationMs } from '../option-values.ts';
import type { OutputFormat } from '../terminal/index.ts';
import { expiringRows, expiringTable } from './expiring.ts';
import { age } from './numbers.ts';
import { showView } from './output.ts';

/** Of `nodemesh certificates`, beside those that all views of proxies have. */
export interface ExpiringOptions extends ApiOptions {
  readonly expiring?: number;
  readonly svid?: boolean;
  readonly output: OutputFormat;
}

/** What `nodemesh certificates` takes for it. */
export function expiringOptions(): readonly Option[] {
  return [
    new Option(
      '--expiring <duration>',
      'the roots and intermediates of the mesh, exiting with 1 when one expires within this time',
    ).argParser(durationMs),
    new Option('--svid', "with --expiring: workloads' certificates instead"),
    new Option('--address <url>', 'with --expiring: ask the dashboard at this URL instead of a lab'),
    new Option('--token-file <file>', 'bearer token for --address'),
  ];
}

export const CERTIFICATES_HELP = `
Examples:
  $ nodemesh certificates                        what proxies hold, as istioctl shows it
  $ nodemesh certificates --expiring 30d         roots and intermediates; for a watchman: exits with 1 when one expires
  $ nodemesh certificates --expiring 1h --svid   workloads', which are renewed at half of their life`;

/** Shows what expires when `--expiring` asks for it; undefined when it does not. Rejects with CliError or LabError. */
export function showExpiring(context: CliContext, options: ExpiringOptions): Promise<void> | undefined {
  const { expiring, svid = false, address, tokenFile } = options;
  if (expiring !== undefined) return show(context, options, expiring);
  const [alone] = [svid && '--svid', address && '--address', tokenFile && '--token-file'].filter(Boolean);
  if (alone === undefined) return undefined;
  throw new CliError({
    code: 'ERR_CLI_OPTION',
    blame: 'downstream',
    message: `${alone}: expected --expiring beside it, got none`,
    hint: 'nodemesh certificates --expiring 30d',
  });
}

async function show(
  context: CliContext,
  { svid = false, output, ...where }: ExpiringOptions,
  withinMs: number,
): Promise<void> {
  const api = await openApi(context, where);
  const { certificates } = await api.get('/api/v1/certificates');
  const rows = expiringRows(certificates, { withinMs, svid, nowMs: Date.now() });
  showView(context.terminal, output, rows, (layout) => expiringTable(rows, layout));
  const expiring = rows.filter((row) => row.expiring);
  const { stderr } = context.terminal;
  if (rows.length === 0) {
    // No news would be taken for good news.
    stderr.write(`no ${svid ? "workload's certificate" : 'root or intermediate'} is known\n`);
    context.setExitCode(1);
  }
  if (expiring.length === 0) return;
  stderr.write(
    `${expiring.length} of ${rows.length} expire within ${age(withinMs)}${svid ? '' : ': docs/rotate-the-root.md replaces a root without a restart (of a lab: nodemesh lab rotate-root)'}\n`,
  );
  context.setExitCode(1);
}
