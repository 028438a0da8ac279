import { formatFieldPath, formatIssue } from '../../objects/index.ts';
import { type Finding, finding, ISTIO } from '../messages/index.ts';
import type { AnalysedMesh } from '../subject/index.ts';

/** What an object does not fit its schema in, for the kinds that this mesh reads. */
export function* analyzeSchemas(mesh: AnalysedMesh): Iterable<Finding> {
  for (const { object, issues, notices } of mesh.derived.verdicts) {
    for (const issue of issues)
      yield finding(ISTIO.SchemaValidationError, { object, path: issue.path }, formatIssue(issue));
    for (const notice of notices)
      yield finding(
        ISTIO.SchemaWarning,
        { object, path: notice.path },
        `unknown field ${formatFieldPath(notice.path)}`,
      );
  }
}
