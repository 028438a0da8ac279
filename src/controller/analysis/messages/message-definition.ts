import type { AnalysedObject } from '../subject/index.ts';
import type { FieldPath } from '../../objects/index.ts';
import { fillTemplate, type TemplateArgument } from './fill-template.ts';

/** From the mildest. */
export const ANALYSIS_LEVELS = ['info', 'warning', 'error'] as const;

/** How grave a finding is. */
export type AnalysisLevel = (typeof ANALYSIS_LEVELS)[number];

/** What can be said of objects; the same for every object of which it is said. */
export interface MessageDefinition {
  /** `IST0101` for what Istio's analyzer says too, `NM0001` for our own. */
  readonly code: string;
  readonly name: string;
  readonly level: AnalysisLevel;
  /** With Go's verbs, each for one argument. */
  readonly template: string;
  /** What to do about it. */
  readonly hint: string;
}

/** One thing that is wrong, or will be, and where. */
export interface Finding {
  readonly definition: MessageDefinition;
  readonly object: AnalysedObject;
  /** The field to look at; empty: the object as a whole. */
  readonly path: FieldPath;
  readonly text: string;
}

/** Looks at objects and says what it finds. It changes nothing, and never throws because of an object. */
export type Analyzer<Mesh> = (mesh: Mesh) => Iterable<Finding>;

/** `path`: the field that is to blame; default the object as a whole. `values` fill the template in its order. */
export function finding(
  definition: MessageDefinition,
  { object, path = [] }: { readonly object: AnalysedObject; readonly path?: FieldPath },
  ...values: readonly TemplateArgument[]
): Finding {
  return { definition, object, path, text: fillTemplate(definition.template, values) };
}
