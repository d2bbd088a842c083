/**
 * Time on the processor, in nanoseconds: what a loop costs, also on a machine that has other things to do. For work that
 * waits for nothing.
 */
export function processorNanoseconds() {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1_000;
}
