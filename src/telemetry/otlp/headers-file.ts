import { readFileSync } from 'node:fs';
import { TelemetryError } from '../errors.ts';

/**
 * What is sent along to a collector, its credentials above all: lines `name: value`; empty ones and those that begin with `#`
 * say nothing. Throws ERR_TELEMETRY_HEADERS_FILE, without a word of what is in the file.
 */
export function readHeadersFile(path: string): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const [index, line] of contentOf(path).split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [, name, value] = LINE.exec(line) ?? [];
    if (name === undefined || value === undefined)
      throw unusable(path, `line ${index + 1}: expected name: value, got something else`);
    headers[name.toLowerCase()] = value;
  }
  return headers;
}

function contentOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw unusable(path, 'it cannot be read', cause);
  }
}

function unusable(path: string, why: string, cause?: unknown): TelemetryError {
  return new TelemetryError({
    code: 'ERR_TELEMETRY_HEADERS_FILE',
    blame: 'local',
    message: `${path}: ${why}`,
    hint: 'the file of --otlp-headers-file has lines as in "authorization: Bearer TOKEN"',
    cause,
  });
}

/** RFC 9110 §5.6.2 and §5.5. */
const LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*:[ \t]*([\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?)[ \t]*$/;
