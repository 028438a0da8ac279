/** Levels of what people write: far more than any object needs, and far less than what a call stack bears. */
export const MAX_NESTING = 200;

/** Whether a value is nested deeper than MAX_NESTING levels, as what an alias puts into itself is. */
export function isTooDeep(value: unknown, left = MAX_NESTING): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return left === 0 || Object.values(value).some((member) => isTooDeep(member, left - 1));
}
