import { type AnalysedObject, type AnalysisSettings, analyze, type Finding } from '../../analysis/index.ts';
import { readAnalysedObject } from '../../analysis/index.ts';
import { formatFieldPath } from '../../objects/index.ts';
import type { AdmissionRequest, AdmissionVerdict } from './admission-review.ts';
import { isJudged } from './is-judged.ts';
import { withIdentity } from './with-identity.ts';

/** What an object is judged beside. */
export interface JudgedMesh {
  /** Other objects of the mesh as they were written; the object itself may be among them. */
  readonly neighbours: readonly unknown[];
  /** Kinds (`group/Kind`) of which all objects that matter are among the neighbours. Of others nobody is refused. */
  readonly known: (kind: string) => boolean;
  readonly settings: AnalysisSettings;
}

/**
 * Refuses an object of which `nodemesh analyze` says an error, but for what was wrong with it before: an update that
 * makes nothing worse, or that mends something, is let through with warnings. Pure, and never throws because of an object.
 */
export function judgeAdmission(request: AdmissionRequest, mesh: JudgedMesh): AdmissionVerdict {
  if (!isJudged(request)) return ALLOWED;
  const wanted = readAnalysedObject(withIdentity(request.object, request.namespace));
  // The API server has looked at its form already.
  if (wanted === undefined) return ALLOWED;
  const others = mesh.neighbours.flatMap((content) => {
    const other = readAnalysedObject(content);
    return other === undefined || isSame(other, wanted) ? [] : [other];
  });
  const findings = findingsOf(wanted, others, mesh.settings);
  const errors = findings.filter(({ definition }) => definition.level === 'error');
  const warnings = findings.filter(({ definition }) => definition.level === 'warning');
  if (errors.length === 0) return { allowed: true, warnings: tell(warnings) };
  if (!mesh.known(request.kind)) return { allowed: true, warnings: tell([...errors, ...warnings]) };
  if (request.operation === 'UPDATE') {
    const before = readAnalysedObject(withIdentity(request.before, request.namespace));
    const former = before === undefined ? [] : findingsOf(before, others, mesh.settings);
    if (
      !isWorse(
        errors,
        former.filter(({ definition }) => definition.level === 'error'),
      )
    )
      return { allowed: true, warnings: tell([...errors, ...warnings]) };
  }
  return {
    allowed: false,
    message: messageOf(errors),
    causes: errors.slice(0, MOST_ERRORS).map((error) => ({
      field: formatFieldPath(error.path),
      message: shortened(`${error.definition.code} ${error.text}`),
    })),
    warnings: tell(warnings),
  };
}

const ALLOWED: AdmissionVerdict = { allowed: true };

function findingsOf(
  object: AnalysedObject,
  others: readonly AnalysedObject[],
  settings: AnalysisSettings,
): readonly Finding[] {
  return analyze([...others, object], { settings }).filter((found) => found.object === object);
}

/** Something new is wrong, and nothing that was wrong has been mended: whoever mends is not held up by what comes to light. */
function isWorse(now: readonly Finding[], former: readonly Finding[]): boolean {
  const [counts, before] = [countsOf(now), countsOf(former)];
  for (const [code, count] of before) if ((counts.get(code) ?? 0) < count) return false;
  for (const [code, count] of counts) if (count > (before.get(code) ?? 0)) return true;
  return false;
}

function countsOf(findings: readonly Finding[]): ReadonlyMap<string, number> {
  const groups = Map.groupBy(findings, ({ definition }) => definition.code);
  return new Map([...groups].map(([code, found]) => [code, found.length]));
}

function messageOf(errors: readonly Finding[]): string {
  const told = errors.slice(0, MOST_ERRORS).map((error) => {
    const { code, hint } = error.definition;
    return shortened(`${code}${fieldOf(error)}: ${error.text}; to do: ${hint}`);
  });
  const more = errors.length > told.length ? [`and ${errors.length - told.length} more`] : [];
  return [...told, ...more, 'nodemesh analyze tells it before; docs/analyze.md explains the codes'].join(
    '\n',
  );
}

function tell(findings: readonly Finding[]): readonly string[] {
  const told = findings
    .slice(0, MOST_WARNINGS)
    .map((one) => shortened(`${one.definition.code}${fieldOf(one)}: ${one.text}`, LONGEST_WARNING));
  const more = findings.length - told.length;
  return more === 0 ? told : [...told, `${more} more: see nodemesh analyze`];
}

function fieldOf({ path }: Finding): string {
  return path.length === 0 ? '' : ` ${formatFieldPath(path)}`;
}

function shortened(text: string, longest = LONGEST_ERROR): string {
  // Headers carry warnings, and terminals show them: one line, of what can be printed.
  const line = text.replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ');
  return line.length <= longest ? line : `${line.slice(0, longest - 1)}…`;
}

function isSame(one: AnalysedObject, other: AnalysedObject): boolean {
  return (
    one.kind === other.kind &&
    one.group === other.group &&
    one.namespace === other.namespace &&
    one.name === other.name
  );
}

const MOST_ERRORS = 8;
const LONGEST_ERROR = 500;
/** The API server keeps 4,096 characters of them, and cuts each at 256. */
const MOST_WARNINGS = 10;
const LONGEST_WARNING = 250;
