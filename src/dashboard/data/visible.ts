/**
 * Reads JSON of the API so that every text in it can be read on a page: what would turn, hide or break text is shown as its code, and
 * what goes on without an end is cut. Names, reasons and headers come from anybody, and a name that reads backwards is taken for
 * another one.
 */
export function parseVisible(text: string): unknown {
  return JSON.parse(text, (_, value: unknown) => (typeof value === 'string' ? visible(value) : value));
}

function visible(text: string): string {
  const cut =
    text.length > LONGEST
      ? `${text.slice(0, LONGEST)}… (${text.length.toLocaleString('en')} characters)`
      : text;
  return HIDDEN.test(cut) ? cut.replaceAll(EACH_HIDDEN, codeOf) : cut;
}

function codeOf(sign: string): string {
  return `\\u${(sign.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
}

/** Longer than any name that Kubernetes takes, and than nearly all sentences of ours. */
const LONGEST = 600;
/** Line ends and tabs are spaces on a page. */
const HIDDEN = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
const EACH_HIDDEN = new RegExp(HIDDEN, 'gu');
