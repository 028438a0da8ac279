import type { Finding } from './messages/index.ts';
import { nameOf } from './subject/index.ts';

/** `CODE=Kind namespace/name`: findings that somebody does not want to hear of. `*` stands for any text within a part. */
export interface Suppression {
  readonly code: RegExp;
  readonly object: RegExp;
}

/** Undefined for a text that is not of the form `IST0108=Pod shop/cart-1`, `NM0054=Service shop/*` or `IST0118=*`. */
export function parseSuppression(text: string): Suppression | undefined {
  const [, code, object] = /^([A-Za-z0-9*]+)=(\S+(?: \S+)?)$/.exec(text) ?? [];
  return code === undefined || object === undefined
    ? undefined
    : { code: pattern(code), object: pattern(object) };
}

/** By an option, or by the object's own annotation: codes with commas between them, or `*`. */
export function isSuppressed({ definition, object }: Finding, suppressions: readonly Suppression[]): boolean {
  const { code } = definition;
  const own = object.annotations.get('galley.istio.io/analyze-suppress')?.split(',') ?? [];
  if (own.some((word) => word.trim() === '*' || word.trim() === code)) return true;
  const name = `${object.kind} ${nameOf(object)}`;
  return suppressions.some((suppression) => suppression.code.test(code) && suppression.object.test(name));
}

function pattern(text: string): RegExp {
  const parts = text.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join('.*')}$`);
}
