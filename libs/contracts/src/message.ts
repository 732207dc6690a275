import { z } from 'zod';
import { type Envelope, envelopeHeadersSchema, headersOf, type Mode } from './envelope.ts';
import { asWritten } from './written-as.ts';

/**
 * One type of message. Producers are held to the exact shape (`produce` refuses unknown fields), consumers ignore
 * fields that they do not know, so that two neighbouring releases understand each other.
 */
export interface MessageDefinition<Type extends string, Shape extends z.ZodRawShape> {
  readonly type: Type;
  readonly schema: number;
  readonly produce: z.ZodObject<Shape, z.core.$strict>;
  readonly consume: z.ZodObject<Shape, z.core.$strip>;
}

export function defineMessage<const Type extends string, Shape extends z.ZodRawShape>(
  type: Type,
  shape: Shape,
  schema = 1,
): MessageDefinition<Type, Shape> {
  const consume = z.object(shape);
  return { type, schema, produce: asWritten(consume) as z.ZodObject<Shape, z.core.$strict>, consume };
}

/** The body of a message of a definition, as a consumer sees it. */
export type BodyOf<D> = D extends MessageDefinition<string, infer Shape> ? z.output<z.ZodObject<Shape>> : never;

export interface Addressed {
  readonly id: string;
  readonly source: string;
  readonly subject: string;
  readonly time: string;
  readonly tenant: string | null;
  readonly mode: Mode;
  readonly topic: string;
  readonly key: string;
  readonly traceparent?: string;
}

/**
 * Makes a message that keeps its contract; throws a ZodError where the producer is wrong, which is a bug of ours.
 * The body stays as given: what the schema accepts it does not change.
 */
export function produce<Type extends string, Shape extends z.ZodRawShape>(
  definition: MessageDefinition<Type, Shape>,
  address: Addressed,
  body: z.input<z.ZodObject<Shape>>,
): Envelope {
  definition.produce.parse(body);
  const envelope = { ...address, type: definition.type, schema: definition.schema, body };
  envelopeHeadersSchema.parse(headersOf(envelope));
  return envelope;
}
