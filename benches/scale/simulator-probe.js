/** Reports the costs of the process that imports it, on request. */
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  const resident = process.memoryUsage.rss();
  process.send({ cpu: (user + system) / 1e6, at: performance.now() / 1000, resident });
});
// The channel must not keep the process running.
process.channel.unref();
