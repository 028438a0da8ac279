/** A reason as far as one line of a log has room for it: of a policy with many faults the first ones will do. */
export function cutShort(text: string): string {
  return text.length <= LONGEST_REASON ? text : `${text.slice(0, LONGEST_REASON)}…`;
}

const LONGEST_REASON = 300;
