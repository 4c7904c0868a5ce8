import { highestMemoryBytes } from '../resident-memory.ts';
import { runCommand } from '../run-command.ts';
import type { BenchPlace, Row } from './table.ts';

const GIB = 5;
const BOUND_MIB = 200;
const ROUNDS = 10;
const LIMIT_MS = 600_000;

/** The highest memory of the appliance throughout 5 GiB of writes. */
export async function measureMemory({ appliance }: BenchPlace): Promise<Row[]> {
  await appliance.restart();
  const script = `for k in $(seq ${ROUNDS}); do dd if=/dev/zero of=memory bs=1M count=$((${GIB} * 1024 / ${ROUNDS})) status=none || exit 1; done; rm memory`;
  const highestBytes = await highestMemoryBytes(appliance.pid, async () => {
    const written = await runCommand('bash', ['-c', script], {
      directory: appliance.mountPoint,
      timeoutMs: LIMIT_MS,
    });
    if (written.code !== 0) throw new Error(written.stderr);
  });
  const mib = Math.round(highestBytes / 1024 ** 2);
  return [
    {
      what: `memory throughout ${GIB} GiB of writes`,
      proxyfs: `${mib} MiB at most`,
      other: `the bound: ${BOUND_MIB} MiB`,
      times: mib / BOUND_MIB,
      of: 'the bound',
    },
  ];
}
