import { measured } from './measures.ts';
import { tableOf, writeIntoReadme } from './table.ts';

/** `npm run bench [-- small watched overview pages large sync drivers reading memory peers --readme]`: prints them as a table. */
async function main(args: readonly string[]): Promise<void> {
  const table = tableOf(await measured(args));
  process.stdout.write(`${table}\n`);
  if (args.includes('--readme')) await writeIntoReadme(table);
}

await main(process.argv.slice(2));
