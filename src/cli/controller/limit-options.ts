import { type Command, InvalidArgumentError, Option } from 'commander';
import type { CallLimits } from '../../controller/index.ts';

/** Flags of how much each proxy may ask of the controller. */
export interface LimitFlags {
  readonly certificateRate: number;
  readonly certificateBurst: number;
  readonly signingConcurrency: number;
  readonly streamsPerProxy: number;
  readonly maxStreams: number;
  readonly reportRate: number;
}

/** Adds them to `nodemesh controller`. */
export function addLimitOptions(command: Command): void {
  const add = (flag: string, what: string, value: number): void => {
    command.addOption(new Option(`--${flag} <number>`, what).argParser(fromOne).default(value));
  };
  add('certificate-rate', 'certificates that a caller may ask for in a second, in the long run', 50);
  add('certificate-burst', 'those it may ask for at once', 500);
  add('signing-concurrency', 'certificates that are being signed at once', 16);
  add('streams-per-proxy', 'discovery streams of a proxy; one more ends its oldest', 8);
  add('max-streams', 'discovery streams of all proxies', 10_000);
  add('report-rate', 'reports that a node may send in a second, in the long run', 20);
}

/** The flags in the words of the controller. */
export function limitsOf(flags: LimitFlags): CallLimits {
  return {
    certificatesPerSecond: flags.certificateRate,
    certificateBurst: flags.certificateBurst,
    signingConcurrency: flags.signingConcurrency,
    streamsPerCaller: flags.streamsPerProxy,
    streams: flags.maxStreams,
    reportsPerSecond: flags.reportRate,
  };
}

function fromOne(text: string): number {
  const value = Number(text);
  if (/^\d{1,9}$/.test(text) && value >= 1) return value;
  throw new InvalidArgumentError('expected a whole number from 1');
}
