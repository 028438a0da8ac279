import type { SpanTag, TracingSettings } from '../../../model/index.ts';
import type { CustomTagObject, TracingObject } from '../../objects/index.ts';
import type { TelemetryProviders } from './providers.ts';

/** What the wider objects have said, for the narrower ones to change. */
export type TracingState = TracingSettings;

/** What an entry does not say stays as it was. Of several providers the first counts, as Istio has it. */
export function applyTracing(
  state: TracingState,
  entries: readonly TracingObject[],
  providers: TelemetryProviders,
): TracingState {
  return entries.reduce((known, entry): TracingState => {
    const collector = entry.providers
      .map((name) => providers.get(name))
      .find((provider) => provider?.signal === 'tracing')?.collector;
    const { randomSamplingPercentage: percentage, disableSpanReporting, customTags } = entry;
    return {
      ratio: percentage === undefined ? known.ratio : percentage / 100,
      // Whoever names a provider wants spans there, also where the mesh has none otherwise.
      isReported:
        disableSpanReporting === undefined
          ? known.isReported || collector !== undefined
          : !disableSpanReporting,
      collector: collector ?? known.collector,
      tags: customTags === undefined ? known.tags : tagsOf(customTags),
    };
  }, state);
}

/** Environments are passed over, for a proxy's is nobody's but its own: their default value is what can be said. */
function tagsOf(tags: ReadonlyMap<string, CustomTagObject>): readonly SpanTag[] {
  return [...tags].slice(0, MOST_TAGS).flatMap(([name, tag]) => tagOf(name, tag) ?? []);
}

function tagOf(name: string, tag: CustomTagObject): SpanTag | undefined {
  switch (tag.kind) {
    case 'literal':
      return { name, kind: 'literal', value: tag.value };
    case 'header':
      return { name, kind: 'header', header: tag.name.toLowerCase(), fallback: tag.defaultValue };
    case 'environment':
      return tag.defaultValue === '' ? undefined : { name, kind: 'literal', value: tag.defaultValue };
    case 'formatter':
      return undefined;
  }
}

/** Of one span. */
export const MOST_TAGS = 32;
