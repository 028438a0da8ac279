import type { Field } from '../fields/index.ts';
import { parseModeMatch, parseNullableBoolean, parseProviders, type WorkloadMode } from './workload-mode.ts';

/** One entry of `tracing`. */
export interface TracingObject {
  readonly mode: WorkloadMode;
  readonly providers: readonly string[];
  /** 0 to 100. Undefined: not said, here and below. */
  readonly randomSamplingPercentage: number | undefined;
  readonly disableSpanReporting: boolean | undefined;
  readonly customTags: ReadonlyMap<string, CustomTagObject> | undefined;
  /** It is there: whether requests' ids decide over sampling. */
  readonly namesRequestIds: boolean;
}

/** Where the value of a span's attribute comes from. */
export type CustomTagObject =
  | { readonly kind: 'literal'; readonly value: string }
  | { readonly kind: 'environment' | 'header'; readonly name: string; readonly defaultValue: string }
  | { readonly kind: 'formatter' };

/** Tags that say nothing at all are left out. */
export function parseTracing(field: Field): TracingObject {
  field.object(FIELDS);
  const tags = field.key('customTags');
  return {
    mode: parseModeMatch(field.key('match')),
    providers: parseProviders(field.key('providers')),
    randomSamplingPercentage: parsePercentage(field.key('randomSamplingPercentage')),
    disableSpanReporting: parseNullableBoolean(field.key('disableSpanReporting')),
    customTags: tags.present
      ? new Map(tags.entries().flatMap(([name, tag]) => named(name, parseTag(tag))))
      : undefined,
    namesRequestIds: parseNullableBoolean(field.key('useRequestIdForTraceSampling')) !== undefined,
  };
}

/** `0` to `100`, with any fraction; also what MeshConfig calls sampling. */
export function parsePercentage(field: Field): number | undefined {
  const { value } = field;
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && value >= 0 && value <= 100) return value;
  field.issue('a number from 0 to 100');
  return undefined;
}

function parseTag(field: Field): CustomTagObject | undefined {
  field.required().object(TAG_KINDS);
  const [kind, ...others] = TAG_KINDS.filter((name) => field.key(name).present);
  if (kind === undefined || others.length > 0) {
    field.issue(`exactly one of ${TAG_KINDS.join(', ')}`, [kind, ...others].join(' and ') || 'none');
    return undefined;
  }
  const tag = field.key(kind);
  if (kind === 'literal' || kind === 'formatter') {
    const value = tag.object(['value']).key('value').required().text({ minLength: 1 }) ?? '';
    return kind === 'literal' ? { kind, value } : { kind };
  }
  tag.object(['name', 'defaultValue']);
  return {
    kind,
    name: tag.key('name').required().text({ minLength: 1 }) ?? '',
    defaultValue: tag.key('defaultValue').text() ?? '',
  };
}

function named(
  name: string,
  tag: CustomTagObject | undefined,
): readonly (readonly [string, CustomTagObject])[] {
  return tag === undefined ? [] : [[name, tag]];
}

const FIELDS = [
  'match',
  'providers',
  'randomSamplingPercentage',
  'disableSpanReporting',
  'customTags',
  'useRequestIdForTraceSampling',
];
const TAG_KINDS = ['literal', 'environment', 'header', 'formatter'] as const;
