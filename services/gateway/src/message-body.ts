import type { BodyOf, Envelope, MessageDefinition } from '@tolem/contracts';
import { type IdPrefix, uuidFromId } from '@tolem/domain';
import { UnreadableMessage } from '@tolem/messaging';
import type { z } from 'zod';

/** The body of a message by its contract; a body that breaks it can never be read, so it goes to the dead letters at once. */
export function bodyOf<Type extends string, Shape extends z.ZodRawShape>(
  definition: MessageDefinition<Type, Shape>,
  envelope: Envelope,
): BodyOf<MessageDefinition<Type, Shape>> {
  const parsed = definition.consume.safeParse(envelope.body);
  if (!parsed.success) throw new UnreadableMessage(`${envelope.type} ${envelope.id}: ${parsed.error.message}`);
  return parsed.data as BodyOf<MessageDefinition<Type, Shape>>;
}

/** The UUID behind an id in a message. */
export function uuidIn(prefix: IdPrefix, text: string): string {
  const uuid = uuidFromId(prefix, text);
  if (uuid === undefined) throw new UnreadableMessage(`${text.slice(0, 64)} is not an id that begins with ${prefix}_`);
  return uuid;
}
