import type {
  AccessLoggingObject,
  MetricsObject,
  MetricsOverrideObject,
  TelemetryObject,
  TracingObject,
} from '../../objects/index.ts';
import { filterProblem } from './filter-problem.ts';
import { isLabelName, isOfMetrics, literalOf, MOST_LABELS } from './metrics.ts';
import type { TelemetryProvider, TelemetryProviders } from './providers.ts';
import { MOST_TAGS } from './tracing.ts';

/** Sentences: what of an object cannot be as it says, each with its place. */
export function telemetryNotes(object: TelemetryObject, providers: TelemetryProviders): readonly string[] {
  return [
    ...object.accessLogging.flatMap((entry, index) =>
      placed(`spec.accessLogging[${index}]`, accessLoggingNotes(entry, providers)),
    ),
    ...object.tracing.flatMap((entry, index) =>
      placed(`spec.tracing[${index}]`, tracingNotes(entry, providers)),
    ),
    ...object.metrics.flatMap((entry, index) =>
      placed(`spec.metrics[${index}]`, metricsNotes(entry, providers)),
    ),
  ];
}

function accessLoggingNotes(entry: AccessLoggingObject, providers: TelemetryProviders): readonly string[] {
  const problem = entry.filter === undefined ? undefined : filterProblem(entry.filter);
  return [
    ...providerNotes(entry.providers, 'access-log', providers),
    ...entry.providers.flatMap((name) => {
      const provider = providers.get(name);
      return provider?.signal === 'access-log'
        ? provider.notes.map((note) => `provider ${name}: ${note}`)
        : [];
    }),
    ...(problem === undefined ? [] : [`passed over, since its filter cannot be followed: ${problem}`]),
  ];
}

function tracingNotes(entry: TracingObject, providers: TelemetryProviders): readonly string[] {
  const tags = [...(entry.customTags ?? [])];
  const ofKind = (kind: string): string =>
    tags
      .filter(([, tag]) => tag.kind === kind)
      .map(([name]) => name)
      .join(', ');
  const environment = ofKind('environment');
  const formatter = ofKind('formatter');
  return [
    ...providerNotes(entry.providers, 'tracing', providers),
    ...(entry.providers.length > 1 ? ['the first provider counts'] : []),
    ...(environment === ''
      ? []
      : [`tags of the environment have their default value (${environment}): proxies are shared`]),
    ...(formatter === '' ? [] : [`tags by formatter are left out (${formatter})`]),
    ...(tags.length > MOST_TAGS ? [`the first ${MOST_TAGS} tags count`] : []),
    ...(entry.namesRequestIds
      ? ['useRequestIdForTraceSampling has no effect: the trace decides over sampling']
      : []),
  ];
}

function metricsNotes(entry: MetricsObject, providers: TelemetryProviders): readonly string[] {
  return [
    ...providerNotes(entry.providers, 'metrics', providers),
    ...(isOfMetrics(entry, providers) ? [] : ['passed over: metrics are where Prometheus asks for them']),
    ...(entry.namesInterval ? ['reportingInterval has no effect: Prometheus asks when it likes'] : []),
    ...entry.overrides.flatMap((override, index) => placed(`overrides[${index}]`, overrideNotes(override))),
  ];
}

function overrideNotes({ metric, customMetric, tagOverrides }: MetricsOverrideObject): readonly string[] {
  const what = metric ?? customMetric;
  const names = [...tagOverrides.keys()];
  const strange = names.filter((name) => !isLabelName(name));
  const computed = [...tagOverrides]
    .filter(([, { operation, value }]) => operation === 'UPSERT' && literalOf(value) === undefined)
    .map(([name]) => name);
  return [
    ...(metric === undefined || metric.startsWith('GRPC_') ? [`there is no metric ${what} to change`] : []),
    ...(strange.length === 0 ? [] : [`no names of labels: ${strange.join(', ')}`]),
    ...(computed.length === 0
      ? []
      : [
          `tags can be set to a text such as 'blue', not to what is different each time: ${computed.join(', ')}`,
        ]),
    ...(names.length > MOST_LABELS ? [`the first ${MOST_LABELS} tags count`] : []),
  ];
}

function providerNotes(
  names: readonly string[],
  signal: TelemetryProvider['signal'],
  providers: TelemetryProviders,
): readonly string[] {
  return names.flatMap((name) => {
    const provider = providers.get(name);
    if (provider === undefined) return [`MeshConfig has no provider called ${JSON.stringify(name)}`];
    if (provider.signal === signal) return [];
    const why = provider.signal === 'none' ? provider.why : `is for ${PURPOSES[provider.signal]}`;
    return [`the provider ${JSON.stringify(name)} ${why}`];
  });
}

function placed(place: string, notes: readonly string[]): readonly string[] {
  return notes.map((note) => `${place}: ${note}`);
}

const PURPOSES = { 'access-log': 'access logs', tracing: 'traces', metrics: 'metrics' } as const;
