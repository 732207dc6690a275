import { SealBroken, type Sealer } from '@tolem/persistence';
import { z } from 'zod';

const fieldsSchema = z.record(z.string(), z.string());

/** What is personal of a message, opened; undefined where it cannot be read. The caller keeps it for one call and no longer. */
export async function openFields(
  sealer: Sealer,
  sealed: string,
  context: string,
): Promise<Readonly<Record<string, string>> | undefined> {
  try {
    const plain = await sealer.open(Buffer.from(sealed, 'base64'), context);
    return fieldsSchema.parse(JSON.parse(plain.toString('utf8')));
  } catch (error) {
    // Whatever else goes wrong is trouble of infrastructure, and tried again. No message of these errors is told: it could quote what it could not read.
    if (error instanceof SealBroken || error instanceof z.ZodError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
