import type { COMMANDS } from './commands.ts';
import type { EnvelopeHeaders } from './envelope.ts';
import type { EVENTS } from './events.ts';
import type { BodyOf } from './message.ts';

type Definition = (typeof COMMANDS)[number] | (typeof EVENTS)[number];
type NamesOf<Body> = Body extends unknown ? keyof Body & string : never;

/** Every type that this release sends. */
export type MessageType = Definition['type'];

/** Every field of every body, and every header. */
export type FieldName = NamesOf<BodyOf<Definition>>;
export type HeaderName = keyof EnvelopeHeaders & string;
