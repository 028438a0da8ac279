import { FrameError } from '../protocol/frame.ts';
import type { LogHead, ReadyHead } from '../protocol/messages.ts';

// A filter may have taken its process over: nothing of what the process says is of a form until it has been looked at.

/** Whatever is not said to be there is not. */
export function readReady(head: unknown): ReadyHead {
  const { onRequest, onResponse } = fieldsOf(head);
  return { onRequest: onRequest === true, onResponse: onResponse === true };
}

/** Text that can be printed, however the process meant it. */
export function readTrouble(head: unknown): string {
  const { message } = fieldsOf(head);
  return typeof message === 'string' ? printable(message) : 'no reason given';
}

/** Whatever is of another type than it should be becomes something harmless. */
export function readLine(head: unknown): LogHead {
  const { level, message, fields, dropped } = fieldsOf(head);
  return {
    level: level === 'warn' || level === 'error' ? level : 'info',
    message: typeof message === 'string' ? printable(message) : '',
    fields: typeof fields === 'object' && fields !== null ? { ...fields } : {},
    dropped: typeof dropped === 'number' ? dropped : 0,
  };
}

function fieldsOf(head: unknown): Readonly<Record<string, unknown>> {
  if (typeof head === 'object' && head !== null && !Array.isArray(head))
    return head as Readonly<Record<string, unknown>>;
  throw new FrameError('expected a head with fields, got none');
}

function printable(text: string): string {
  return text.slice(0, LONGEST_TEXT).replaceAll(/\p{Cc}+/gu, ' ');
}

const LONGEST_TEXT = 2_048;
