import type { WaypointResource } from '../../model/index.ts';
import { type AttachmentTarget, holdsFor } from '../plan/attachment-target.ts';
import { type AuthenticationPlan, NO_AUTHENTICATION, type TokenPlace } from './authentication-plan.ts';
import type { KeyStore } from './keys/index.ts';
import { locationKey } from './tokens/find-tokens.ts';
import { outputHeaders } from './tokens/token-outputs.ts';
import type { TokenRule } from './tokens/verify-token.ts';

/** All rules of all RequestAuthentications that hold for the target, in the order of their names. */
export function compileAuthentication(
  target: AttachmentTarget,
  resources: readonly WaypointResource[],
  keys: Pick<KeyStore, 'sourceFor'>,
): AuthenticationPlan {
  const rules = resources
    .flatMap((resource) =>
      resource.kind === 'authentication' && holdsFor(resource, target) ? [resource.authentication] : [],
    )
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .flatMap(({ namespace, name, rules: own }) =>
      own.map(
        (rule): TokenRule => ({
          authentication: `${namespace}/${name}`,
          rule,
          keys: keys.sourceFor(rule),
        }),
      ),
    );
  if (rules.length === 0) return NO_AUTHENTICATION;
  return { rules, places: placesOf(rules), outputHeaders: outputHeaders(rules.map(({ rule }) => rule)) };
}

function placesOf(rules: readonly TokenRule[]): readonly TokenPlace[] {
  const places = new Map<string, { location: TokenPlace['location']; rules: TokenRule[] }>();
  for (const rule of rules) {
    for (const location of rule.rule.locations) {
      const key = locationKey(location);
      const place = places.get(key) ?? { location, rules: [] };
      place.rules.push(rule);
      places.set(key, place);
    }
  }
  return [...places.values()];
}
