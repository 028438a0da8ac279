import { CliError } from '../../errors.ts';

/** A controller serves proxies one minor older and newer: an upgrade goes one minor at a time. Throws ERR_CLI_CLUSTER. */
export function checkSkew(installed: string, wanted: string): void {
  const from = minorOf(installed);
  const to = minorOf(wanted);
  if (
    from !== undefined &&
    to !== undefined &&
    from.major === to.major &&
    Math.abs(from.minor - to.minor) <= 1
  )
    return;
  const direction = (to?.minor ?? 0) > (from?.minor ?? 0) ? 1 : -1;
  throw new CliError({
    code: 'ERR_CLI_CLUSTER',
    blame: 'downstream',
    message: `from version ${installed} to ${wanted} it is more than one minor version; nothing was changed`,
    hint:
      from === undefined || from.major !== to?.major
        ? 'docs/upgrade.md says what a new major version asks for'
        : `take ${from.major}.${from.minor + direction} in between, with its own nodemesh`,
  });
}

function minorOf(version: string): { readonly major: number; readonly minor: number } | undefined {
  const match = /^v?(\d+)\.(\d+)\./.exec(version);
  return match === null ? undefined : { major: Number(match[1]), minor: Number(match[2]) };
}
