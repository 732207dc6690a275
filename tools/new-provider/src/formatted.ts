import { format, resolveConfig } from 'prettier';

/** As the format check of the house wants it: names of any length fit into its lines. */
export async function formatted(file: string, text: string): Promise<string> {
  return format(text, { ...(await resolveConfig(file)), filepath: file });
}
