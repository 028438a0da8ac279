import type { Field } from '../fields/index.ts';
import { type LabelSelector, parseWorkloadSelector } from '../label-selector.ts';
import { type ObjectMeta, parseObjectMeta } from '../object-meta.ts';
import { type PolicyTargetReference, parsePolicyTargets } from '../security/index.ts';
import { type AccessLoggingObject, parseAccessLogging } from './access-logging.ts';
import { type MetricsObject, parseMetrics } from './metrics.ts';
import { parseTracing, type TracingObject } from './tracing.ts';

/** telemetry.istio.io Telemetry, its values as they were written. */
export interface TelemetryObject {
  readonly kind: 'Telemetry';
  readonly meta: ObjectMeta;
  /** Undefined: the whole namespace, or the whole mesh in the root namespace, unless there are targetRefs. */
  readonly selector: LabelSelector | undefined;
  readonly targetRefs: readonly PolicyTargetReference[];
  readonly tracing: readonly TracingObject[];
  readonly metrics: readonly MetricsObject[];
  readonly accessLogging: readonly AccessLoggingObject[];
}

/** Accepts what Istio's CustomResourceDefinition does (schema and CEL rules), and no unknown fields. */
export function parseTelemetry(root: Field, defaultNamespace: string): TelemetryObject {
  const meta = parseObjectMeta(root, { fallback: defaultNamespace });
  const spec = root.key('spec').object(SPEC_FIELDS);
  return {
    kind: 'Telemetry',
    meta,
    selector: parseWorkloadSelector(spec.key('selector')),
    targetRefs: parsePolicyTargets(spec),
    tracing: spec.key('tracing').items().map(parseTracing),
    metrics: spec.key('metrics').items().map(parseMetrics),
    accessLogging: spec.key('accessLogging').items().map(parseAccessLogging),
  };
}

const SPEC_FIELDS = ['selector', 'targetRef', 'targetRefs', 'tracing', 'metrics', 'accessLogging'];
