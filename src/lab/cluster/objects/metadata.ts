/** Labels, annotations and the like. */
export type StringMap = Readonly<Record<string, string>>;

/** `meta/v1 OwnerReference`. */
export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
}

/** `meta/v1 ObjectMeta` of an object that was admitted. */
export interface ObjectMeta {
  readonly name: string;
  /** Empty for kinds without a namespace. */
  readonly namespace: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number;
  readonly creationTimestamp: string;
  readonly labels: StringMap;
  readonly annotations: StringMap;
  readonly ownerReferences?: readonly OwnerReference[];
  readonly deletionTimestamp?: string;
  readonly deletionGracePeriodSeconds?: number;
}

/** `meta/v1 Condition`, and those of pods and nodes. */
export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
  readonly observedGeneration?: number;
}

/** Any object of the cluster. Objects are immutable: a change replaces the whole object in the store. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly spec?: unknown;
  readonly status?: unknown;
  readonly [field: string]: unknown;
}

/** `meta/v1 LabelSelector`: all parts must hold. */
export interface LabelSelector {
  readonly matchLabels?: StringMap;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
    readonly values?: readonly string[];
  }[];
}

/** Kubernetes' rule: an empty selector matches everything, an absent one nothing. */
export function selects(selector: LabelSelector | undefined, labels: StringMap): boolean {
  if (selector === undefined) return false;
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
    if (labels[key] !== value) return false;
  }
  return (selector.matchExpressions ?? []).every((expression) => holds(expression, labels));
}

function holds(
  { key, operator, values = [] }: NonNullable<LabelSelector['matchExpressions']>[number],
  labels: StringMap,
): boolean {
  const value = labels[key];
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
  }
}

/** Replaces the condition of the same type; the transition time moves only when the status does. */
export function withCondition(
  conditions: readonly Condition[] | undefined,
  condition: Condition,
): readonly Condition[] {
  const previous = conditions?.find(({ type }) => type === condition.type);
  const lastTransitionTime =
    previous?.status === condition.status && previous.lastTransitionTime !== undefined
      ? previous.lastTransitionTime
      : new Date().toISOString();
  const others = conditions?.filter(({ type }) => type !== condition.type) ?? [];
  return [...others, { ...condition, lastTransitionTime }];
}

/** False where it is not there, or `Unknown`. */
export function conditionIsTrue(conditions: readonly Condition[] | undefined, type: string): boolean {
  return conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false;
}
