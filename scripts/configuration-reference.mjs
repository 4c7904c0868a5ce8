// node scripts/configuration-reference.mjs: writes docs/configuration.md anew, from the schema as it was built.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from './run.mjs';

const built = join(root, 'dist/server/config/configuration-reference.js');
const { configurationReference } = await import(built);
await writeFile(join(root, 'docs/configuration.md'), configurationReference());
