import type { Field, LabelSelector } from '../../objects/index.ts';

/** `app=cart,version=v1`, in order, as kubectl takes it. */
export function formatSelector(selector: LabelSelector): string {
  return [...selector]
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join(',');
}

/** `selector.matchLabels` of a policy; undefined where it selects by nothing. */
export function policySelector(spec: Field): LabelSelector | undefined {
  const labels = spec.key('selector').key('matchLabels').textMap();
  return labels.size === 0 ? undefined : labels;
}

/** It names its targets, whatever they are. */
export function hasTargetRefs(spec: Field): boolean {
  return spec.key('targetRef').present || spec.key('targetRefs').items().length > 0;
}
