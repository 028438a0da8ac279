import type { Colours } from '../../terminal/index.ts';
import type { ExplainedVerdict, Explanation, Fact, Finding, Hop, LastRefusal, Mark } from '../explanation.ts';
import { policyLines } from './policy-text.ts';

/** An explanation for people: hops as a numbered path, the verdict last, where the eye is. */
export function explanationText(explained: Explanation, colours: Colours): string {
  const { source, destination, request, hops, verdict, because, fix, lastRefusal, findings, notes } =
    explained;
  const lines = [
    `${colours.bold(source)} → ${colours.bold(destination)}${request === '' ? '' : `   ${colours.dim(request)}`}`,
    '',
    ...hops.flatMap((hop, index) => hopLines(hop, index + 1, colours)),
    '',
    ...verdictLines(verdict, { because, fix }, colours),
    ...(lastRefusal === undefined ? [] : ['', ...refusalLines(lastRefusal, colours)]),
    ...(findings.length === 0 ? [] : ['', ...findings.flatMap((finding) => findingLines(finding, colours))]),
    ...(notes.length === 0 ? [] : ['', ...notes.map((text) => colours.dim(`note: ${printable(text)}`))]),
  ];
  return `${lines.join('\n')}\n`;
}

function hopLines({ name, mark, facts, policies }: Hop, number: number, colours: Colours): readonly string[] {
  return [
    `${number} ${sign(mark, colours)} ${colours.bold(printable(name))}`,
    ...facts.flatMap((fact) => factLines(fact, colours)),
    ...policies.flatMap((policy) => policyLines(policy, colours)),
  ];
}

function factLines({ mark, text, details }: Fact, colours: Colours): readonly string[] {
  return [
    `    ${sign(mark, colours)} ${printable(text)}`,
    ...details.map((detail) => colours.dim(`      ${printable(detail)}`)),
  ];
}

function verdictLines(
  verdict: ExplainedVerdict,
  { because, fix }: Pick<Explanation, 'because' | 'fix'>,
  colours: Colours,
): readonly string[] {
  const said = {
    allowed: colours.green('✓ allowed'),
    refused: colours.red('✗ refused'),
    unknown: colours.yellow('? cannot tell'),
  } as const;
  return [
    `${said[verdict]}: ${printable(because)}`,
    ...(fix === '' ? [] : [`${colours.cyan('  what would allow it:')} ${printable(fix)}`]),
  ];
}

function refusalLines(refusal: LastRefusal, colours: Colours): readonly string[] {
  const { at, proxy, message, hint, policy, rule, request, now } = refusal;
  const by = policy === '' ? '' : `, ${policy}${rule === 0 ? '' : ` rule ${rule}`}`;
  return [
    `${colours.bold('last refusal')} ${at}, by ${proxy}${by}${request === '' ? '' : `: ${printable(request)}`}`,
    `    ${printable(message)}`,
    ...(hint === '' ? [] : [`    ${colours.dim(printable(hint))}`]),
    ...(now === '' ? [] : [`    ${colours.cyan('now:')} ${printable(now)}`]),
  ];
}

function findingLines({ what, message, hint }: Finding, colours: Colours): readonly string[] {
  return [
    `${colours.yellow('!')} ${colours.bold(printable(what))}: ${printable(message)}`,
    ...(hint === '' ? [] : [`    ${colours.dim(printable(hint))}`]),
  ];
}

function sign(mark: Mark, colours: Colours): string {
  switch (mark) {
    case 'ok':
      return colours.green('✓');
    case 'stop':
      return colours.red('✗');
    case 'open':
      return colours.yellow('?');
    case 'note':
      return colours.dim('·');
  }
}

/** Names and headers are other people's: what would move the cursor is shown as its code. */
function printable(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\p{Cf}]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
