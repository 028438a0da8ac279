import type { AnalysisLevel, MessageDefinition } from './message-definition.ts';

/** A message of our own, documented in docs/analyze.md. */
export interface OwnMessage extends MessageDefinition {
  /** What happens because of it. */
  readonly cause: string;
}

/** Codes are never given twice, and never to something else. */
export function defineOwn(
  name: string,
  code: `NM${number}`,
  level: AnalysisLevel,
  rest: Pick<OwnMessage, 'template' | 'cause' | 'hint'>,
): OwnMessage {
  return { name, code, level, ...rest };
}
