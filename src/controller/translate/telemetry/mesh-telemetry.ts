import type { MeshConfigObject } from '../../objects/index.ts';
import { type AccessLogState, OWN_ACCESS_LOG } from './access-logs.ts';
import { resolveProviders, type TelemetryProviders } from './providers.ts';
import type { TracingState } from './tracing.ts';

/** What holds where no Telemetry object says anything, and what the names in those stand for. */
export interface MeshTelemetry {
  readonly providers: TelemetryProviders;
  readonly accessLogs: AccessLogState;
  readonly tracing: TracingState;
}

/** `mesh` undefined: there is no MeshConfig, and the proxies' flags hold. */
export function translateMeshTelemetry(
  mesh: MeshConfigObject | undefined,
  addressOf: (service: string) => string,
): MeshTelemetry {
  const providers = resolveProviders(mesh, addressOf);
  const { sampling, enableTracing, defaultProviders } = mesh?.telemetry ?? {};
  const collector = defaultProviders?.tracing
    .map((name) => providers.get(name))
    .find((provider) => provider?.signal === 'tracing')?.collector;
  return {
    providers,
    accessLogs: baseAccessLogs(mesh, providers),
    tracing: {
      ratio: sampling === undefined ? undefined : sampling / 100,
      isReported: enableTracing !== false,
      collector,
      tags: [],
    },
  };
}

/** An empty `accessLogFile` is Istio's way to say that there is to be none. */
function baseAccessLogs(mesh: MeshConfigObject | undefined, providers: TelemetryProviders): AccessLogState {
  const { accessLogFile, defaultProviders } = mesh?.telemetry ?? {};
  const named = (defaultProviders?.accessLogging ?? []).filter(
    (name) => providers.get(name)?.signal === 'access-log',
  );
  if (named.length > 0) return allOf(named);
  if (accessLogFile === undefined) return OWN_ACCESS_LOG;
  return allOf(accessLogFile === '' ? [] : ['envoy']);
}

function allOf(names: readonly string[]): AccessLogState {
  return { inScope: names, active: new Map(names.map((name) => [name, ''])) };
}
