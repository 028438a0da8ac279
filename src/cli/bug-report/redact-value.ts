import { REDACTED, redactText } from './redact-text.ts';

type JsonObject = Readonly<Record<string, unknown>>;

/** Names whose values are secrets: the last word of the name, or its last two, says so. */
const SECRET_NAME =
  /(^|[-_.])(authorization|cookie|pass|passwd|password|pwd|secret|token|credentials?|(api|access|private|client|signing|encryption|auth)[-_.]?(key|secret))$/i;
/** Of a JWK, what is private in it. */
const PRIVATE_JWK = new Set(['d', 'p', 'q', 'dp', 'dq', 'qi', 'k', 'oth']);
/** Holds the whole object as it was applied, whatever is redacted in the rest. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** A parsed JSON value without its secrets: by the names of fields, by the kind of object, and in all texts. */
export function redactValue(value: unknown): unknown {
  if (typeof value === 'string') return redactText(value);
  if (Array.isArray(value)) return redactList(value);
  if (typeof value !== 'object' || value === null) return value;
  return redactObject(value as JsonObject);
}

/** Whether what has this name is a secret: `DB_PASSWORD`, `x-api-key`, `clientSecret`. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name.replace(/([a-z0-9])([A-Z])/g, '$1-$2'));
}

function redactObject(object: JsonObject): JsonObject {
  const isSecret = object.kind === 'Secret';
  // An entry of `env`, or a header: the name stands beside the value.
  const isNamed = typeof object.name === 'string' && isSecretName(object.name);
  return Object.fromEntries(
    Object.entries(object)
      .filter(([name]) => name !== LAST_APPLIED)
      .map(([name, value]) => {
        if (isSecret && (name === 'data' || name === 'stringData')) return [name, redactAll(value)];
        if (isNamed && name === 'value') return [name, REDACTED];
        if ('kty' in object && PRIVATE_JWK.has(name)) return [name, REDACTED];
        return [name, isSecretName(name) ? redactAll(value) : redactValue(value)];
      }),
  );
}

/** The names below stay, the values do not; where an object only refers to a secret, as volumes do, it stays whole. */
function redactAll(value: unknown): unknown {
  if (typeof value === 'string' || typeof value === 'number') return REDACTED;
  if (Array.isArray(value)) return value.map(redactAll);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      /^(secretName|name|key|optional|path|mode|defaultMode)$/.test(name) ? inner : redactAll(inner),
    ]),
  );
}

/** Of a command's arguments, also the one after an option that takes a secret: `--password`, `xyz`. */
function redactList(list: readonly unknown[]): readonly unknown[] {
  return list.map((value, index) => {
    const before: unknown = list[index - 1];
    const isArgument = typeof before === 'string' && before.startsWith('-') && isSecretName(before);
    return isArgument && typeof value === 'string' ? REDACTED : redactValue(value);
  });
}
