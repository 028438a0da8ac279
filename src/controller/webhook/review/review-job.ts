import type { AnalysisSettings } from '../../analysis/index.ts';
import { objectKindOf } from '../../objects/index.ts';
import type { AdmissionRequest, AdmissionVerdict } from './admission-review.ts';
import { judgeAdmission } from './judge.ts';

/** What is handed to the thread that judges. */
export interface ReviewJob {
  readonly id: number;
  readonly request: AdmissionRequest;
  /** JSON texts. */
  readonly neighbours: readonly string[];
  /** There are more of them. */
  readonly isCut: boolean;
  readonly settings: AnalysisSettings;
}

/** What comes back. */
export interface ReviewResult {
  readonly id: number;
  readonly verdict: AdmissionVerdict;
}

/** Pure, so that a thread can do it. */
export function reviewJob({ request, neighbours, isCut, settings }: ReviewJob): AdmissionVerdict {
  // Of a kind that the mesh does not read the source brings none.
  const isRead = objectKindOf(request.object) !== undefined;
  return judgeAdmission(request, {
    neighbours: neighbours.map((text) => JSON.parse(text) as unknown),
    known: () => isRead && !isCut,
    settings,
  });
}
