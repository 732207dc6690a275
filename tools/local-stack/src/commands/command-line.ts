import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { PlainFailure } from '../terminal/plain-failure.ts';

/**
 * Takes the arguments of an npm script apart: options by name, and what stands without one.
 *
 * @param command as people type it, such as `npm run bench`
 * @throws PlainFailure naming what cannot be understood
 */
export function readCommandLine<const Options extends ParseArgsOptionsConfig>(
  command: string,
  args: readonly string[],
  options: Options,
) {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options });
  } catch (error) {
    const [why = ''] = String(error)
      .replace(/^TypeError(?: \[\w+\])?: /, '')
      .split('. ');
    throw new PlainFailure(`${why}: ${command} -- --help lists the options.`, { cause: error });
  }
}

export interface NumberRange {
  least: number;
  most: number;
  /** Up to three decimals. Default: whole numbers only. */
  decimals?: boolean;
}

/** The value of `--option`, or `otherwise` where it was not given. @throws PlainFailure for what is no number of the range */
export function readNumber(
  option: string,
  said: string | undefined,
  otherwise: number,
  { least, most, decimals = false }: NumberRange,
): number {
  if (said === undefined) return otherwise;
  const form = decimals ? /^\d{1,7}(\.\d{1,3})?$/ : /^\d{1,7}$/;
  const value = form.test(said) ? Number(said) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new PlainFailure(
    `--${option} needs a ${decimals ? '' : 'whole '}number from ${least} to ${most}, not "${said}".`,
  );
}
