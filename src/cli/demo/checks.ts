/** One thing that the demo claims, and what it saw. */
export interface DemoCheck {
  readonly claim: string;
  readonly seen: string;
  readonly ok: boolean;
}

export function check(claim: string, ok: boolean, seen: string): DemoCheck {
  return { claim, ok, seen };
}
