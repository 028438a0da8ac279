import type { AccessLogSettings } from '../../../model/index.ts';
import type { AccessLoggingObject } from '../../objects/index.ts';
import { filterProblem } from './filter-problem.ts';
import type { TelemetryProviders } from './providers.ts';

/** What the wider objects have said, for the narrower ones to change. */
export interface AccessLogState {
  /** Whom an entry without providers is about. */
  readonly inScope: readonly string[];
  /** The filters of those that log. */
  readonly active: ReadonlyMap<string, string>;
}

/** The access log of the proxy's flags, under a name that no provider has. */
const OWN = '';

/** Nothing was said. */
export const OWN_ACCESS_LOG: AccessLogState = { inScope: [OWN], active: new Map([[OWN, '']]) };

/**
 * As Istio does: providers that an object names take the place of all those before; entries without are about those that hold.
 * An entry that cannot be followed, by its filter or since all its providers are unknown, is passed over.
 */
export function applyAccessLogging(
  state: AccessLogState,
  entries: readonly AccessLoggingObject[],
  providers: TelemetryProviders,
): AccessLogState {
  const usable = entries.flatMap((entry) => usableEntry(entry, providers) ?? []);
  const named = [...new Set(usable.flatMap((entry) => entry.providers))];
  const inScope = named.length > 0 ? named : state.inScope;
  const active = new Map([...state.active].filter(([name]) => inScope.includes(name)));
  for (const { providers: ofEntry, disabled, filter } of usable) {
    for (const name of ofEntry.length > 0 ? ofEntry : inScope) {
      if (disabled === true) active.delete(name);
      else active.set(name, filter ?? active.get(name) ?? '');
    }
  }
  return { inScope, active };
}

/** Undefined: as the proxy's flags say. */
export function accessLogsOf(
  { active }: AccessLogState,
  providers: TelemetryProviders,
): readonly AccessLogSettings[] | undefined {
  if (active.size === 1 && active.get(OWN) === '') return undefined;
  return [...active].flatMap(([name, filter]): AccessLogSettings[] => {
    if (name === OWN) return [{ provider: 'flags', destination: { kind: 'own' }, filter }];
    const provider = providers.get(name);
    return provider?.signal === 'access-log'
      ? [{ provider: name, destination: provider.destination, filter }]
      : [];
  });
}

function usableEntry(
  entry: AccessLoggingObject,
  providers: TelemetryProviders,
): AccessLoggingObject | undefined {
  if (entry.filter !== undefined && filterProblem(entry.filter) !== undefined) return undefined;
  const known = entry.providers.filter((name) => providers.get(name)?.signal === 'access-log');
  return known.length === 0 && entry.providers.length > 0 ? undefined : { ...entry, providers: known };
}
