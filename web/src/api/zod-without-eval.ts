import { z } from 'zod';

// The content security policy forbids eval; without this, zod would try it and the browser would report it.
// Imported before any schema is built.
z.config({ jitless: true });
