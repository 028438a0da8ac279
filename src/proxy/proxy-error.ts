import { MeshError, type MeshErrorOptions } from '../base/index.ts';

/** Beside what every error has: the policy and rule that refused, for records and for the peer. */
export interface ProxyErrorOptions<Code extends string> extends MeshErrorOptions<Code> {
  readonly policy?: string | undefined;
  readonly rule?: number | undefined;
  /** Default: it has none. */
  readonly ruleName?: string | undefined;
  readonly reason?: string | undefined;
  /** Default: none. */
  readonly unmatched?: readonly string[] | undefined;
}

/** What a proxy itself decides or meets; what its mechanisms meet keeps their own codes, as `cause`. */
export class ProxyError<Code extends string = string> extends MeshError<Code> {
  /** The policy that refused, where one did. */
  readonly policy: string | undefined;
  /** Which of its rules, counted from 0. */
  readonly rule: number | undefined;
  /** That rule's name, where rules of its kind have names. */
  readonly ruleName: string | undefined;
  /** A word of a closed list, where the code alone does not say why. */
  readonly reason: string | undefined;
  /** ALLOW policies of which none let it through, where no one policy decided. */
  readonly unmatched: readonly string[];

  constructor(options: ProxyErrorOptions<Code>) {
    super(options);
    this.policy = options.policy;
    this.rule = options.rule;
    this.ruleName = options.ruleName;
    this.reason = options.reason;
    this.unmatched = options.unmatched ?? [];
  }

  /** The one ALLOW policy that would have had to match, where there is but one. */
  get onlyUnmatched(): string | undefined {
    return this.unmatched.length === 1 ? this.unmatched[0] : undefined;
  }
}
