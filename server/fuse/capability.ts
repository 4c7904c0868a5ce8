import { readFile } from 'node:fs/promises';

const CAP_SYS_ADMIN = 21n;

/** Whether this process has CAP_SYS_ADMIN, without which even root may not mount; true where that can't be told. */
export async function mayMount(): Promise<boolean> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  return effective === undefined || ((BigInt(`0x${effective}`) >> CAP_SYS_ADMIN) & 1n) === 1n;
}
