// npm run build
import { main, setup } from './setup.mjs';

await main(async () => {
  await setup({ build: 'force' });
  return 0;
});
