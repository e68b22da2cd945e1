/**
 * The WebAssembly memories of a page or worker, for `measurePage`. To be asked for while it has
 * nothing to do: Chromium 156 crashes now and then when a busy worker is searched.
 * @param {import('playwright-core').CDPSession} devTools of the page
 * @returns {Promise<string>} of an array, its `objectId` in the DevTools protocol
 */
export async function findMemories(devTools) {
  const { result } = await devTools.send('Runtime.evaluate', {
    expression: 'WebAssembly.Memory.prototype',
  });
  const { objects } = await devTools.send('Runtime.queryObjects', {
    prototypeObjectId: result.objectId,
  });
  return objects.objectId;
}

/**
 * What a page holds, in bytes: `heap` and `wasm` as `measureMemory` tells them of a process, and
 * `outside` what scripts have made that is on neither, such as buffers and sockets.
 * @param {import('playwright-core').CDPSession} devTools of the page
 * @param {string} memories as `findMemories` gave them
 */
export async function measurePage(devTools, memories) {
  await devTools.send('HeapProfiler.collectGarbage');
  const usage = await devTools.send('Runtime.getHeapUsage');
  const { result: wasm } = await devTools.send('Runtime.callFunctionOn', {
    objectId: memories,
    functionDeclaration: `function () {
      return this.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
    }`,
  });
  const outside = usage.embedderHeapUsedSize + usage.backingStorageSize;
  return { heap: usage.usedSize, outside, wasm: wasm.value };
}
