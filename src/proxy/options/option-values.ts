import { isIP } from 'node:net';
import { isAbsolute } from 'node:path';
import { LOG_LEVELS } from '../../base/index.ts';
import { checkTrustDomain, ModelError, parseWebAddress } from '../../model/index.ts';
import { parseDurationMs } from './duration.ts';
import { type HostPort, parseHostPort } from './host-port.ts';
import { type Problems, parseOrNote } from './problems.ts';
import type { RefusalDetails } from '../records/refusal-teller.ts';
import { rangedDurationMs } from './ranged-values.ts';

/** Each of these notes what is wrong with its option and then gives a value that nobody will use. */
export function trustDomain(problems: Problems, value: string): string {
  try {
    return checkTrustDomain(value);
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    problems.add('--trust-domain', 'a trust domain such as cluster.local', value);
    return '';
  }
}

/** `host:port` or `[address]:port`; the host may be a name. */
export function hostPort(problems: Problems, flag: string, value: string | undefined): HostPort {
  return parseOrNote(problems, { flag, expected: 'host:port or [address]:port', value }, parseHostPort, {
    host: '',
    port: 0,
  });
}

/** An IP address and a port; names are for whoever dials. */
export function listenAddress(problems: Problems, flag: string, value: string): HostPort {
  const parse = (text: string): HostPort | undefined => {
    const parsedText = parseHostPort(text);
    return parsedText !== undefined && isIP(parsedText.host) !== 0 ? parsedText : undefined;
  };
  const option = { flag, expected: 'an IP address and a port, as 127.0.0.1:15000', value };
  return parseOrNote(problems, option, parse, { host: '127.0.0.1', port: 0 });
}

/** A URL of http or https. */
export function webAddress(problems: Problems, flag: string, value: string): string {
  return parseOrNote(problems, { flag, expected: 'an http:// or https:// URL', value }, parseWebAddress, '');
}

/** Relative ones would depend on where the process was started. */
export function absolutePath(problems: Problems, flag: string, value: string): string {
  return parseOrNote(
    problems,
    { flag, expected: 'an absolute path', value },
    (t) => (isAbsolute(t) ? t : undefined),
    '',
  );
}

/** `10s`, `5m`, `24h` and the like, in milliseconds. */
export function durationMs(problems: Problems, flag: string, value: string): number {
  return parseOrNote(
    problems,
    { flag, expected: 'a duration such as 10s, 5m or 24h', value },
    parseDurationMs,
    0,
  );
}

/** From a second to 90 days, in milliseconds. */
export function svidTtlMs(problems: Problems, value: string): number {
  return rangedDurationMs(problems, '--svid-ttl', value, SVID_TTL_RANGE_MS);
}

/** A level, or a level with exceptions: `info,access=warn`. */
export function logLevel(problems: Problems, value: string): string {
  const level = `(?:${LOG_LEVELS.join('|')})`;
  const pattern = new RegExp(`^${level}(?:,[\\w.-]+=${level})*$`);
  const expected = `one of ${LOG_LEVELS.join(', ')}, or with exceptions as in info,access=warn`;
  return parseOrNote(
    problems,
    { flag: '--log-level', expected, value },
    (t) => (pattern.test(t) ? t : undefined),
    'info',
  );
}

/** `text` or `json`. */
export function logFormat(problems: Problems, value: string): 'text' | 'json' {
  return parseOrNote(
    problems,
    { flag: '--log-format', expected: 'text or json', value },
    (text) => (text === 'text' || text === 'json' ? text : undefined),
    'text',
  );
}

/** How much a peer is told of why it was refused; the least where it is unclear. */
export function refusalDetails(problems: Problems, value: string): RefusalDetails {
  return parseOrNote(
    problems,
    { flag: '--refusal-details', expected: 'full or id', value },
    (text) => (text === 'full' || text === 'id' ? text : undefined),
    'id',
  );
}

const SVID_TTL_RANGE_MS = [1_000, 90 * 86_400_000] as const;
