/** One thing that the demo claims, and what it saw. */
export interface DemoCheck {
  readonly claim: string;
  readonly seen: string;
  readonly ok: boolean;
}

/** `seen`: what the claim is judged by, for people. */
export function demoCheck(claim: string, ok: boolean, seen: string): DemoCheck {
  return { claim, ok, seen };
}
