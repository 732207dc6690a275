import { statusText } from '../bank/status-code.ts';
import type { KaspiReply } from './kaspi-method.ts';

/** What becomes of `Message`: as it is, left out, or present without a text. */
export type MessageForm = 'told' | 'absent' | 'empty';

/**
 * The JSON text of an answer (kaspi-qr.md §3, §13.1). `turn` is a running number: on errors `Data` is null and absent
 * in turns, on success it stands last and first in turns, as both have been seen in production.
 */
export function envelope(reply: KaspiReply, form: MessageForm, turn: number): string {
  const odd = turn % 2 === 1;
  const text = reply.message === undefined ? statusText(reply.code) : reply.message;
  const name = reply.emulator === true ? 'message' : 'Message';
  const message = form === 'absent' || text === null ? {} : { [name]: form === 'empty' ? '' : text };
  const head = { StatusCode: reply.code, ...message };
  if (reply.data === undefined) return JSON.stringify(reply.code !== 0 && odd ? { ...head, Data: null } : head);
  return JSON.stringify(odd ? { Data: reply.data, ...head } : { ...head, Data: reply.data });
}
