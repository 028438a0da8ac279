import type { AnalysisLevel, MessageDefinition } from './message-definition.ts';

/** A message of Istio's, under its own name and code, so that what people know of it and suppress holds here too. */
export function defineIstio(
  name: string,
  code: `IST${number}`,
  level: AnalysisLevel,
  rest: Pick<MessageDefinition, 'template' | 'hint'>,
): MessageDefinition {
  return { name, code, level, ...rest };
}
