import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'tap';
import { parse } from 'yaml';
import { BOARDS } from '../../scripts/grafana/boards.ts';
import { boardOf } from '../../scripts/grafana/panel.ts';
import { METRICS } from '../../src/telemetry/index.ts';

const RULES = 'daemonset/prometheus/nodemesh.rules.yaml';

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly annotations: { readonly summary: string; readonly description: string };
}

const rules = (parse(readFileSync(RULES, 'utf8')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  ({ rules: own }) => own,
);

test('each alert fires for its cause, and not without, as Prometheus itself evaluates it', async (t) => {
  const tests = 'daemonset/prometheus/nodemesh.rules.test.yaml';
  const { status, stdout, stderr } = spawnSync('promtool', ['test', 'rules', tests], { encoding: 'utf8' });
  t.equal(status, 0, `${stdout}${stderr}`);
  const text = readFileSync(tests, 'utf8');
  for (const { alert } of rules) t.ok(text.includes(`"${alert}"`), alert);
});

test('an alert says what is the matter and what to do', async (t) => {
  for (const { alert, annotations } of rules) {
    t.ok(annotations.summary.length > 10, alert);
    t.ok(annotations.description.length > 20, alert);
  }
});

test('rules and boards ask for metrics that there are', async (t) => {
  const known = new Set(Object.values(METRICS).map(({ name }) => name));
  const expressions = [
    ...rules.map(({ expr }) => expr),
    ...BOARDS.flatMap(({ rows }) =>
      rows.flatMap(({ panels }) => panels.flatMap(({ queries }) => queries.map(([query]) => query))),
    ),
  ];
  for (const expression of expressions)
    for (const [name] of expression.matchAll(/\b(?:nodemesh|istio|workload_manager|process)_\w+/g)) {
      const metric = name.replace(/_bucket$/, '');
      t.ok(known.has(metric), `${metric} in ${expression}`);
    }
});

test('the Grafana boards are those of scripts/grafana (node scripts/write-grafana.ts)', async (t) => {
  for (const board of BOARDS)
    t.same(
      JSON.parse(readFileSync(`daemonset/grafana/${board.uid}.json`, 'utf8')),
      boardOf(board),
      board.uid,
    );
});
