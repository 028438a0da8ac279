import { extensionKey, type FilterSource } from '../../../model/index.ts';
import type { ConfigMapObject, FilterObject } from '../../objects/index.ts';
import { type AdmissionCondition, type AdmissionOutcome, invalidCondition } from './admission-outcome.ts';
import { resolveTargets, type TargetLookup } from './resolve-targets.ts';

/** Where a filter's source may stand beside the object; of the filter's own namespace. */
export interface FilterLookup extends TargetLookup {
  configMap(name: string): ConfigMapObject | undefined;
}

/**
 * A filter that cannot be run is in force all the same: it may guard something, so its requests go as its `failure` says.
 * Whether its source is TypeScript is not looked at here: a waypoint finds out, and keeps what it ran before.
 */
export function translateFilter(
  { object, faults }: { readonly object: FilterObject; readonly faults: readonly string[] },
  lookup: FilterLookup,
  clusterDomain: string,
): AdmissionOutcome {
  const { namespace, name, createdMs } = object.meta;
  const { attachments, condition } = resolveTargets(object.targets, { namespace, clusterDomain }, lookup);
  const tooLong =
    object.config.length > LONGEST_CONFIG ? [`spec.config: longer than ${LONGEST_CONFIG} characters`] : [];
  const problems = [...faults, ...tooLong];
  const source = problems.length > 0 ? missing(problems.join('; ')) : sourceOf(object, lookup);
  const failure = object.failure === 'Open' ? 'open' : 'closed';
  return {
    resource: {
      kind: 'filter',
      filter: {
        key: extensionKey('Filter', namespace, name),
        namespace,
        name,
        createdMs,
        attachments,
        source,
        config: tooLong.length > 0 ? '{}' : object.config,
        timeLimitMs: object.timeLimitMs,
        memoryBytes: object.memoryBytes,
        failure,
        body: {
          request: object.bodyAccess === 'Request' || object.bodyAccess === 'Both',
          response: object.bodyAccess === 'Response' || object.bodyAccess === 'Both',
          maximumBytes: object.maximumBodyBytes,
        },
      },
    },
    condition:
      source.kind === 'missing'
        ? filterInvalid(failure, source.message)
        : (ofConsumer(object, lookup) ?? condition),
  };
}

/** A waypoint runs no code of namespaces that only send requests through it. */
function ofConsumer({ targets }: FilterObject, lookup: FilterLookup): AdmissionCondition | undefined {
  const routes = targets.flatMap(({ kind, name }) =>
    (kind === 'HTTPRoute' || kind === 'GRPCRoute') && lookup.route(kind, name)?.isOfConsumer === true
      ? [`${kind} ${name}`]
      : [],
  );
  if (routes.length === 0) return undefined;
  return {
    status: 'False',
    reason: 'TargetNotFound',
    message: `not run for ${routes.join(', ')} on the way to services of other namespaces; it holds for its other targets`,
  };
}

/** For a filter that waypoints cannot run. */
export function filterInvalid(failure: 'open' | 'closed', problem: string): AdmissionCondition {
  const effect = failure === 'open' ? 'requests pass without it' : 'its requests are refused';
  return invalidCondition(effect, [problem]);
}

function sourceOf({ source }: FilterObject, lookup: FilterLookup): FilterSource {
  if (source.kind === 'inline') return { kind: 'text', text: source.text };
  const map = lookup.configMap(source.name);
  if (map === undefined) return missing(`spec.source.configMapRef: there is no ConfigMap ${source.name}`);
  const text = map.data.get(source.key) ?? '';
  if (text === '') return missing(`spec.source.configMapRef: ConfigMap ${source.name} has no ${source.key}`);
  if (text.length > LONGEST_SOURCE)
    return missing(`spec.source.configMapRef: ${source.key} is longer than ${LONGEST_SOURCE} characters`);
  return { kind: 'text', text };
}

function missing(message: string): FilterSource {
  return { kind: 'missing', message };
}

/** As the schema has it for a source that stands in the object. */
const LONGEST_SOURCE = 262_144;
const LONGEST_CONFIG = 65_536;
