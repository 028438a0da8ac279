/** How long a load goes on. */
export interface Span {
  /** Infinity: until it is stopped. */
  readonly seconds: number;
  readonly isStopped: () => boolean;
  /** Tells who waits for it that the load is under way. Again it has no effect. */
  begin(): void;
}

/** So many seconds; or, of `-`, until standard input ends, after a line on standard output when the load is under way. */
export function spanOf(text: string): Span {
  if (text !== '-') return { seconds: Number(text), isStopped: () => false, begin: () => undefined };
  let isStopped = false;
  let hasBegun = false;
  process.stdin.on('end', () => {
    isStopped = true;
  });
  process.stdin.resume();
  return {
    seconds: Number.POSITIVE_INFINITY,
    isStopped: () => isStopped,
    begin() {
      if (!hasBegun) console.log('under way');
      hasBegun = true;
    },
  };
}
