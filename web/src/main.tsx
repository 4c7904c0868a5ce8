import './api/zod-without-eval.ts';
import '@mantine/core/styles.css';
import './components/tones.css';
import { MantineProvider, createTheme, localStorageColorSchemeManager } from '@mantine/core';
import { QueryClient, QueryClientProvider, notifyManager } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { FeedContext } from './api/feed-context.ts';
import { LiveFeed } from './api/live-feed.ts';
import { router } from './routes.tsx';

const theme = createTheme({
  primaryColor: 'cyan',
  primaryShade: { light: 9, dark: 7 },
  defaultRadius: 'md',
  respectReducedMotion: true,
  cursorType: 'pointer',
});

// The key is color-scheme.js's too, which reads it before the first paint.
const colorSchemes = localStorageColorSchemeManager({ key: 'proxyfs-color-scheme' });

// In the same task as the clock's tick, so that both reach the screen in one rendering.
notifyManager.setScheduler(queueMicrotask);

// A loopback server is there when the browser believes itself offline.
const queries = new QueryClient({ defaultOptions: { queries: { networkMode: 'always' } } });
const feed = new LiveFeed(queries);
feed.start();

const place = document.getElementById('root');
if (!place) throw new Error('index.html has no #root');
createRoot(place).render(
  <StrictMode>
    <MantineProvider theme={theme} defaultColorScheme="auto" colorSchemeManager={colorSchemes}>
      <QueryClientProvider client={queries}>
        <FeedContext value={feed}>
          <RouterProvider router={router} />
        </FeedContext>
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
