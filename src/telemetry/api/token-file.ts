import { readFileSync } from 'node:fs';
import { TelemetryError } from '../errors.ts';

/** The token in a file, as `--dashboard-token-file` names it. Throws ERR_TELEMETRY_API_TOKEN_FILE. */
export function readTokenFile(file: string): string {
  let token: string;
  try {
    token = readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw badTokenFile(`cannot read the dashboard's token from ${file}`, cause);
  }
  // The token itself is never part of a message.
  if (/^[\x21-\x7e]{16,512}$/.test(token)) return token;
  throw badTokenFile(
    `expected one token of 16 to 512 visible ASCII characters in ${file}, got ${token.length === 0 ? 'nothing' : `${token.length} characters, not all fit for one`}`,
  );
}

function badTokenFile(message: string, cause?: unknown): TelemetryError {
  return new TelemetryError({
    code: 'ERR_TELEMETRY_API_TOKEN_FILE',
    blame: 'local',
    message,
    hint: 'make one with: openssl rand -hex 32 > FILE && chmod 600 FILE',
    cause,
  });
}
