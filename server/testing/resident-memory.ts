import { readFile } from 'node:fs/promises';

const LOOK_EVERY_MS = 50;
const BYTES_PER_KIB = 1024;

/** The highest resident memory of a process during `work`, by looking often. */
export async function highestMemoryBytes(
  pid: number | undefined,
  work: () => Promise<unknown>,
): Promise<number> {
  let highestKib = 0;
  const look = async () => {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    highestKib = Math.max(highestKib, Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0));
  };
  await look();
  const watching = setInterval(() => void look().catch(() => {}), LOOK_EVERY_MS);
  try {
    await work();
  } finally {
    clearInterval(watching);
  }
  return highestKib * BYTES_PER_KIB;
}
