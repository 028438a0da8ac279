import type { ConformanceTest } from '../data/index.ts';
import type { TestResult } from '../run/index.ts';

/** What became of one test: run, or why not. */
export type Outcome =
  | { readonly test: ConformanceTest; readonly result: TestResult }
  | { readonly test: ConformanceTest; readonly reason: string };

/** The text of docs/conformance.md: the same outcomes give the same text. */
export function conformancePage(outcomes: readonly Outcome[], own: readonly Outcome[] = []): string {
  return `${INTRODUCTION}
## By feature

| feature | tests | passed | failed | not applicable |
| --- | ---: | ---: | ---: | ---: |
${featureRows(outcomes).join('\n')}

## By test

| test | profile | support | requests | statuses | result |
| --- | --- | --- | ---: | ---: | --- |
${outcomes.map(testRow).join('\n')}
${own.length === 0 ? '' : ownSection(own)}`;
}

/** What the shared data has no test of, in tests of our own in the same form. */
function ownSection(own: readonly Outcome[]): string {
  return `
## Own tests

Written from the texts of the API for features that the shared data has no test of (\`test/conformance/gateway-api/own\`).

| test | features | requests | result |
| --- | --- | ---: | --- |
${own
  .map((outcome) => {
    const { name, features } = outcome.test;
    const requests = 'result' in outcome ? outcome.result.cases : '–';
    return `| ${[name, features.join(', '), requests, hasPassed(outcome) ? 'passed' : '**failed**'].join(' | ')} |`;
  })
  .join('\n')}
`;
}

/** The tests that a page is about. */
export function testsNamedIn(page: string): readonly string[] {
  const rows = page.slice(page.indexOf('## By test')).matchAll(/^\| (\w+) \| (?:mesh|gateway) \|/gm);
  return [...rows].map((row) => row[1] ?? '');
}

const INTRODUCTION = `# Gateway API conformance

Made by \`NODEMESH_WRITE_CONFORMANCE=1 npx tap test/waypoint-mesh/gateway-api.test.ts\`; without the variable the same run fails when
it finds anything else than stands here. It takes the conformance data of the Gateway API (v1.6) through a real lab: pods, ztunnels
and a waypoint in every namespace. Status, backend, namespace, path, host, method, headers, Location, mirrors, shares and the
conditions of routes are compared, each request three times in a row.

Tests of the *mesh* profile run as they are. Tests of the *gateway* profile are moved onto a Service: each Gateway becomes a Service of
its name whose ports are its listeners and which selects no pod, and the routes name it as their parent. A route in another namespace
is then a consumer route, so its requests are sent from there. What only Gateways have (listener hostnames, TLS listeners, their own
status) is not applicable.
`;

function featureRows(outcomes: readonly Outcome[]): readonly string[] {
  const features = [...new Set(outcomes.flatMap(({ test }) => test.features))].sort();
  return features.map((feature) => {
    const about = outcomes.filter(({ test }) => test.features.includes(feature));
    const counts = [about, about.filter(hasPassed), about.filter(hasFailed), about.filter(isNotApplicable)];
    return `| ${feature} | ${counts.map(({ length }) => length).join(' | ')} |`;
  });
}

function testRow(outcome: Outcome): string {
  const { name, profile, support } = outcome.test;
  const [requests, statuses, result] =
    'result' in outcome
      ? [outcome.result.cases, outcome.result.statuses, hasPassed(outcome) ? 'passed' : '**failed**']
      : ['–', '–', `not applicable: ${outcome.reason}`];
  return `| ${[name, profile, support, requests, statuses, result].join(' | ')} |`;
}

export function hasPassed(outcome: Outcome): boolean {
  return 'result' in outcome && outcome.result.failures.length === 0;
}

export function hasFailed(outcome: Outcome): boolean {
  return 'result' in outcome && outcome.result.failures.length > 0;
}

function isNotApplicable(outcome: Outcome): boolean {
  return 'reason' in outcome;
}
