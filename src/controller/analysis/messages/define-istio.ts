import type { AnalysisLevel, MessageDefinition } from './message-definition.ts';

export function defineIstio(
  name: string,
  code: `IST${number}`,
  level: AnalysisLevel,
  rest: Pick<MessageDefinition, 'template' | 'hint'>,
): MessageDefinition {
  return { name, code, level, ...rest };
}
