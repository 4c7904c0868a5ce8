import { asAppError } from '../base/errors.ts';
import { Demo, type DemoPlace } from './demo.ts';

const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** The exit code that a shell gives a command ended by SIGINT. */
const EXIT_FORCED = 130;

/** Runs the demo until a signal or the loss of the mount; the answer is the exit code. */
export async function runDemo(): Promise<number> {
  let end: (reason: string) => void = () => {};
  const ended = new Promise<string>((resolve) => {
    end = resolve;
  });
  const demo = new Demo(end);
  let signals = 0;
  const onSignal = (signal: NodeJS.Signals) => {
    signals += 1;
    if (signals > 1) {
      demo.abandon();
      process.exit(EXIT_FORCED);
    }
    end(signal);
  };
  for (const signal of STOP_SIGNALS) process.on(signal, onSignal);
  try {
    const place = await demo.start();
    if (signals === 0) process.stdout.write(`${welcome(place)}\n`);
    const reason = await ended;
    process.stdout.write(`\n${reason}: stopping and removing everything ...\n`);
    await demo.stop();
    process.stdout.write('Nothing is left behind.\n');
    return signals > 0 ? 0 : 1;
  } catch (error) {
    process.stderr.write(`The demo can't run: ${asAppError(error).message}\n`);
    return 1;
  }
}

function welcome({ mountPoint, mirrorPaths, url, token }: DemoPlace): string {
  const mirrors = mirrorPaths.map((path, index) => `  mirror ${index + 1}     ${path}`);
  return [
    'Proxyfs is running. What you write into the mount point is in both mirrors before the call returns.',
    '',
    `  mount point  ${mountPoint}`,
    ...mirrors,
    `  dashboard    ${url}`,
    `  its token    ${token}`,
    '',
    'Try this in another terminal:',
    '',
    `  echo hello > ${mountPoint}/hello.txt && head ${mirrorPaths.map((path) => `${path}/hello.txt`).join(' ')}`,
    `  cp -r ${import.meta.dirname} ${mountPoint}/copy && diff -r ${mountPoint}/copy ${mirrorPaths[1]}/copy && echo equal`,
    '',
    'Ctrl-C stops and removes everything.',
  ].join('\n');
}
