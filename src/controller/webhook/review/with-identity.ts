/** Gives an object under review the name and namespace that it will have. */
export function withIdentity(object: unknown, namespace: string): unknown {
  if (typeof object !== 'object' || object === null) return object;
  const { metadata } = object as { readonly metadata?: unknown };
  const meta = (typeof metadata === 'object' && metadata !== null ? metadata : {}) as Readonly<
    Record<string, unknown>
  >;
  const { name, generateName } = meta;
  const given = typeof name === 'string' && name !== '' ? name : `${String(generateName ?? '')}xxxxx`;
  const scope = namespace === '' ? {} : { namespace };
  return { ...object, metadata: { ...meta, name: given, ...scope } };
}
