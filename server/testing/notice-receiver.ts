import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { createInterface } from 'node:readline';
import { once } from 'node:events';

/** Prints what each datagram holds; what it carries besides is closed at once, which is what systemd-notify waits for. */
const PROGRAM = `
import socket, sys
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind(sys.argv[1])
receiver.settimeout(float(sys.argv[2]) / 1000)
print('bound', flush=True)
while True:
    try:
        print(receiver.recv(4096).decode().replace('\\n', ' '), flush=True)
    except TimeoutError:
        print('silence', flush=True)
`;

/** A service manager's socket, as NOTIFY_SOCKET names it. */
export class NoticeReceiver {
  /** One line for each datagram, and "silence" after each `silenceMs` without one. */
  readonly lines: string[] = [];
  readonly #child: ChildProcessByStdio<null, Readable, null>;

  private constructor(child: ChildProcessByStdio<null, Readable, null>) {
    this.#child = child;
  }

  static async at(path: string, silenceMs: number): Promise<NoticeReceiver> {
    const child = spawn('python3', ['-c', PROGRAM, path, String(silenceMs)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const receiver = new NoticeReceiver(child);
    const lines = createInterface({ input: child.stdout });
    await once(lines, 'line');
    lines.on('line', (line) => receiver.lines.push(line));
    return receiver;
  }

  stop(): void {
    this.#child.kill('SIGKILL');
  }
}
