import type { TelemetryObject } from '../../objects/index.ts';
import type { MeshSettings } from '../mesh-settings.ts';
import { bindPolicyTarget, type PolicyTargetLookup } from '../security/policy-bindings.ts';
import type { TelemetryProviders } from './providers.ts';
import { telemetryNotes } from './telemetry-notes.ts';

/** What becomes of a Telemetry object: its condition Accepted. */
export interface TelemetryOutcome {
  readonly condition: {
    readonly status: 'True' | 'False';
    readonly reason: 'Accepted' | 'PartiallyInvalid' | 'Invalid' | 'Conflicted' | 'TargetNotFound';
    readonly message: string;
  };
}

/** What an outcome depends on beside the object. */
export interface TelemetryContext {
  readonly providers: TelemetryProviders;
  readonly settings: MeshSettings;
  readonly lookup: PolicyTargetLookup;
}

/** `ahead`: the name of an older object that holds for the same namespace in its place. */
export function telemetryOutcome(
  judged: {
    readonly object: TelemetryObject;
    readonly faults: readonly string[];
    readonly ahead: string | undefined;
  },
  { providers, settings, lookup }: TelemetryContext,
): TelemetryOutcome {
  const { object, faults, ahead } = judged;
  if (faults.length > 0) return outcome('Invalid', `without effect: ${faults.join('; ')}`);
  if (ahead !== undefined) {
    const message = `without effect: Telemetry ${ahead} is older, and one without selector counts in a namespace`;
    return outcome('Conflicted', message);
  }
  const { namespace } = object.meta;
  const bindings = object.targetRefs.map((reference) =>
    bindPolicyTarget(reference, namespace, { settings, lookup }),
  );
  const unbound = bindings.filter(({ bound }) => !bound).map(({ message }) => message);
  if (unbound.length > 0 && unbound.length === bindings.length) {
    const isMissing = bindings.every(({ reason }) => reason !== 'Invalid');
    return outcome(isMissing ? 'TargetNotFound' : 'Invalid', unbound.join('; '));
  }
  const notes = [...unbound, ...telemetryNotes(object, providers)];
  if (notes.length > 0) return outcome('PartiallyInvalid', notes.join('; '));
  return outcome('Accepted', 'in force');
}

function outcome(reason: TelemetryOutcome['condition']['reason'], message: string): TelemetryOutcome {
  const isInForce = reason === 'Accepted' || reason === 'PartiallyInvalid';
  return { condition: { status: isInForce ? 'True' : 'False', reason, message } };
}
