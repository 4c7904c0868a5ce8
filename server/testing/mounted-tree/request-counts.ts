import { FuseDevice } from '../../fuse/kernel/device.ts';
import { OPCODE } from '../../fuse/kernel/protocol/opcodes.ts';

const OPCODE_AT = 4;
const NAMES = new Map<number, string>(Object.entries(OPCODE).map(([name, number]) => [number, name]));

/** Counts what the kernel asks from now on, but for what it forgets; the answer hands out the counts and begins anew. */
export function countRequests(): () => Readonly<Record<string, number>> {
  let counts: Record<string, number> = {};
  const open = FuseDevice.open.bind(FuseDevice);
  FuseDevice.open = async () => {
    const device = await open();
    const read = device.read.bind(device);
    device.read = async (target) => {
      const sizeBytes = await read(target);
      const opcode = target.readUInt32LE(OPCODE_AT);
      const name = NAMES.get(opcode) ?? String(opcode);
      if (!name.endsWith('FORGET')) counts[name] = (counts[name] ?? 0) + 1;
      return sizeBytes;
    };
    return device;
  };
  return () => {
    const counted = counts;
    counts = {};
    return counted;
  };
}
