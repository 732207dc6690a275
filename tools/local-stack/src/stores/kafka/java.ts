import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { PlainFailure } from '../../terminal/plain-failure.ts';
import { systemErrorCode } from '../../terminal/system-error-code.ts';

const INSTALL = 'apt-get install default-jre-headless maven';
const OLDEST_JAVA = 17;

/**
 * The Java of this machine, as a command.
 *
 * @throws PlainFailure that names the package to install where there is none or an old one.
 */
export async function javaCommand(): Promise<string> {
  // Java tells its version on the standard error stream.
  const { stderr } = await runTool('java', ['-version'], 'Kafka runs on Java');
  const major = Number(/version "(\d+)/.exec(stderr)?.[1] ?? Number.NaN);
  if (major < OLDEST_JAVA) {
    throw new PlainFailure(`Kafka needs Java ${OLDEST_JAVA} or newer, and this is ${major}: ${INSTALL}`);
  }
  return 'java';
}

/** Runs Maven; PlainFailure where it is missing, its own output in the message where it fails. */
export async function runMaven(args: readonly string[], timeoutMs: number): Promise<void> {
  await runTool('mvn', ['-Dstyle.color=never', ...args], 'Kafka is fetched by Maven', timeoutMs);
}

async function runTool(
  tool: string,
  args: readonly string[],
  why: string,
  timeoutMs = 60_000,
): Promise<{ stdout: string; stderr: string }> {
  try {
    return await promisify(execFile)(tool, [...args], {
      timeout: timeoutMs,
      maxBuffer: 16 * 1024 * 1024,
      env: process.env,
    });
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') {
      throw new PlainFailure(`${why}, and the command "${tool}" is missing: ${INSTALL}`, { cause: error });
    }
    throw new PlainFailure(`"${tool}" failed: ${wordsOf(error)}`, { cause: error });
  }
}

const MAX_WORDS = 600;

function wordsOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error);
  const said = ['stdout', 'stderr'].map((stream) => String(Reflect.get(error, stream) ?? '').trim()).join('\n');
  const words = said.trim() === '' && error instanceof Error ? error.message : said.trim();
  return words.length > MAX_WORDS ? `${words.slice(0, MAX_WORDS)}…` : words;
}
