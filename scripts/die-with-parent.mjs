// Loaded into a process of its own process group: a killed parent must not leave it, and its mount, behind.
process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
process.channel?.unref();
