import type { Command } from 'commander';
import { TELEMETRY_DEFAULTS } from '../proxy/index.ts';

/** What proxies tell of themselves, and whom. */
export function addTelemetryOptions(command: Command): Command {
  return command
    .option(
      '--trace-sampling <part>',
      'part of the traces to sample where nobody has decided, as 1% or 0.01',
      TELEMETRY_DEFAULTS.traceSampling,
    )
    .option('--otlp-endpoint <url>', 'collector that spans go to, as http://host:4317 (default: none)')
    .option('--otlp-protocol <protocol>', 'grpc, or http (protobuf)', TELEMETRY_DEFAULTS.otlpProtocol)
    .option(
      '--otlp-headers-file <file>',
      'lines "name: value" that are sent to the collector (default: none)',
    );
}
