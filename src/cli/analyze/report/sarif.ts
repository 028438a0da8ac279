import { createHash } from 'node:crypto';
import {
  type AnalysisLevel,
  type Finding,
  formatFieldPath,
  type MessageDefinition,
} from '../../../controller/index.ts';
import { describeObject, type Report } from './report.ts';

/** SARIF 2.1.0, as code scanning takes it. `version`: of this program. */
export function formatSarif({ findings }: Report, version: string): string {
  const rules = [...new Set(findings.map(({ definition }) => definition))];
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'nodemesh', version, rules: rules.map(ruleOf) } },
        columnKind: 'utf16CodeUnits',
        results: findings.map((found) => resultOf(found, rules)),
      },
    ],
  };
  return `${JSON.stringify(log, undefined, 2)}\n`;
}

function ruleOf({ code, name, level, hint }: MessageDefinition): object {
  return {
    id: code,
    name,
    shortDescription: { text: name },
    help: { text: hint },
    defaultConfiguration: { level: LEVELS[level] },
  };
}

function resultOf(found: Finding, rules: readonly MessageDefinition[]): object {
  const { definition, object, path, text } = found;
  const place = object.locate(path);
  const name = describeObject(found);
  const logicalLocations = [
    { name: object.name, fullyQualifiedName: `${name} ${formatFieldPath(path)}`, kind: 'resource' },
  ];
  const physicalLocation =
    place === undefined
      ? {}
      : {
          physicalLocation: {
            artifactLocation: { uri: uriOf(place.file) },
            region: { startLine: place.line, startColumn: place.column },
          },
        };
  return {
    ruleId: definition.code,
    ruleIndex: rules.indexOf(definition),
    level: LEVELS[definition.level],
    message: { text: `${name}: ${text} (${definition.hint})` },
    locations: [{ ...physicalLocation, logicalLocations }],
    // The same finding after lines have moved.
    partialFingerprints: {
      'nodemesh/v1': createHash('sha256')
        .update(`${definition.code} ${name} ${text}`)
        .digest('hex')
        .slice(0, 32),
    },
  };
}

/** A relative reference, or file: for an absolute path. */
function uriOf(path: string): string {
  const encoded = path.split('/').map(encodeURIComponent).join('/');
  return path.startsWith('/') ? `file://${encoded}` : encoded.replace(/^(\.\/)+/, '');
}

const LEVELS: Readonly<Record<AnalysisLevel, 'error' | 'warning' | 'note'>> = {
  error: 'error',
  warning: 'warning',
  info: 'note',
};
