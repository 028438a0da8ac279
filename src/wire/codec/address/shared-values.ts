/** So many values are remembered; then it begins anew. What was shared stays shared. */
const REMEMBERED = 65_536;

/**
 * One copy of values that many resources repeat, found by a text and told apart by `isSame`: the endpoints of a service name the
 * same ports, and each decoded message has a copy of its own. Values must be immutable.
 */
export function createValuePool<T>(isSame: (a: T, b: T) => boolean): (key: string, value: T) => T {
  const pool = new Map<string, T>();
  return (key, value) => {
    const known = pool.get(key);
    if (known !== undefined && isSame(known, value)) return known;
    if (pool.size >= REMEMBERED) pool.clear();
    pool.set(key, value);
    return value;
  };
}
