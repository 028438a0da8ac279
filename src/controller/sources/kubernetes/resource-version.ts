/**
 * Whether one resource version is from before another. They are numbers of one line as long as the API server's database
 * lives; where they are not numbers nothing is known, and nothing is taken to be old.
 */
export function isOlder(version: string, than: string): boolean {
  if (!NUMBER.test(version) || !NUMBER.test(than)) return false;
  return version.length === than.length ? version < than : version.length < than.length;
}

/** The newer of two, or the first where that cannot be told. */
export function newerOf(version: string, other: string): string {
  return isOlder(version, other) ? other : version;
}

const NUMBER = /^[1-9]\d*$/;
