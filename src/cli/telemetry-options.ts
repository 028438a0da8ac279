import type { Command } from 'commander';
import { TELEMETRY_DEFAULTS } from '../proxy/index.ts';
import { collect } from './option-values.ts';

/** What proxies tell of themselves, and whom. */
export function addTelemetryOptions(command: Command): Command {
  return command
    .option(
      '--telemetry <which>',
      'connections and requests that are counted, logged and remembered: all, or failures alone',
      TELEMETRY_DEFAULTS.telemetry,
    )
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
    )
    .option(
      '--access-log <outputs>',
      'where the access log goes: log, otlp, log,otlp or none',
      TELEMETRY_DEFAULTS.accessLog,
    )
    .option(
      '--access-log-filter <expression>',
      'writes only records of which this is true, as response.code>=400; repeatable (default: none)',
      collect,
      [],
    )
    .option(
      '--access-log-field <name=expression>',
      "adds a field, as tenant=request.headers['x-tenant']; repeatable (default: none)",
      collect,
      [],
    );
}
