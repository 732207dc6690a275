import { HELP, commandLine } from './command-line.ts';
import { startSandbox } from './start-sandbox.ts';

async function main(): Promise<void> {
  const command = commandLine(process.argv.slice(2));
  if (command.kind === 'help') {
    process.stdout.write(HELP);
    return;
  }
  const sandbox = await startSandbox(command.options);
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    sandbox.close().then(() => process.exit(0), fail);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  // Whoever reads our output may be gone; that must not end the bank.
  process.stdout.on('error', () => undefined);
  if (command.exitWithParent) {
    process.stdin.on('end', stop);
    process.stdin.on('error', stop);
    process.stdin.resume();
  }
  const { ca, cert, key } = sandbox.tls;
  const kaspi = { r1: sandbox.r1Url, r2: sandbox.r2Url, r3: sandbox.r3Url };
  const ready = { event: 'ready', control: sandbox.controlUrl, kaspi, tls: { ca, cert, key } };
  process.stdout.write(`${JSON.stringify(ready)}\n`);
}

function fail(problem: unknown): void {
  process.stderr.write(`sandbox: ${problem instanceof Error ? problem.message : String(problem)}\n`);
  process.exit(1);
}

main().catch(fail);
