import type { HttpBackend, HttpFilter } from '../../../model/index.ts';
import { filterText, type RequestRehearsal, type RuleVerdict, targetText } from '../../../waypoint/index.ts';
import { type Fact, noteFact, okFact, stopFact } from '../explanation.ts';
import { durationText } from '../../mesh/short-text.ts';

/** What a waypoint found out about a request on its way to a verdict, in the order in which it does. */
export function requestFacts(rehearsed: RequestRehearsal): readonly Fact[] {
  return [...tokenFacts(rehearsed), ...admissionFacts(rehearsed), ...routeFacts(rehearsed)];
}

function tokenFacts({ tokens, tokenRules, outcome }: RequestRehearsal): readonly Fact[] {
  if (tokenRules.length === 0) return [];
  const issuers = [...new Set(tokenRules.map(({ issuer }) => issuer))].join(', ');
  const [first] = tokens;
  if (first !== undefined)
    return tokens.map(({ issuer, subject, claims }) =>
      okFact(`token of ${issuer}/${subject} is good`, [JSON.stringify(claims)]),
    );
  // Its message says what was wrong.
  if (outcome.kind !== 'reached' && outcome.step === 'authentication') return [];
  return [noteFact(`no token; tokens of ${issuers} would be looked at`)];
}

function admissionFacts({ admission, delayedMs }: RequestRehearsal): readonly Fact[] {
  const delayed =
    delayedMs > 0 ? [noteFact(`held up for ${durationText(Math.round(delayedMs))} on purpose`)] : [];
  return [...admission.map((text) => noteFact(text)), ...delayed];
}

function routeFacts({ selection, rules }: RequestRehearsal): readonly Fact[] {
  if (selection.kind === 'default')
    return [
      noteFact(
        rules.length === 0
          ? 'no route: to the service that was dialled'
          : 'no route for this client: to the service that was dialled',
        rules.map(ruleText),
      ),
    ];
  const others = rules.filter(({ verdict }) => verdict !== 'takes it').map(ruleText);
  if (selection.kind === 'unmatched') return [stopFact('no rule of its routes takes the request', others)];
  const taking = rules.find(({ verdict }) => verdict === 'takes it');
  const { rule } = selection;
  return [
    okFact(`${taking?.name ?? selection.route.key} takes it: ${taking?.matches.join(' or ') ?? ''}`, [
      ...rule.filters.map((filter) => `filter: ${filterText(filter)}`),
      ...rule.backends.map((backend) => backendText(backend, rule.backends)),
      ...others,
    ]),
  ];
}

function ruleText({ name, matches, verdict, because }: RuleVerdict): string {
  return `${name} (${matches.join(' or ')}) ${verdict}${because === '' ? '' : `: ${because}`}`;
}

function backendText({ weight, target, filters }: HttpBackend, all: readonly HttpBackend[]): string {
  const total = all.reduce((sum, backend) => sum + backend.weight, 0);
  const share = total === 0 ? 0 : Math.round((weight * 1000) / total) / 10;
  const own = filters.map((filter: HttpFilter) => filterText(filter));
  return `backend: ${share}% to ${targetText(target)}${own.length === 0 ? '' : ` (${own.join(', ')})`}`;
}
