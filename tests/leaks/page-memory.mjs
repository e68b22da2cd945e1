/**
 * What a page holds, in bytes: `heap` and `wasm` as `measureMemory` tells them of a process, and
 * `outside` what scripts have made that is on neither, such as buffers and sockets.
 * @param {import('playwright-core').CDPSession} devTools of the page
 */
export async function measurePage(devTools) {
  await devTools.send('HeapProfiler.collectGarbage');
  const usage = await devTools.send('Runtime.getHeapUsage');
  const { result } = await devTools.send('Runtime.evaluate', {
    expression: 'WebAssembly.Memory.prototype',
  });
  const { objects } = await devTools.send('Runtime.queryObjects', {
    prototypeObjectId: result.objectId,
  });
  const { result: wasm } = await devTools.send('Runtime.callFunctionOn', {
    objectId: objects.objectId,
    functionDeclaration: `function () {
      return this.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
    }`,
  });
  await devTools.send('Runtime.releaseObject', { objectId: objects.objectId });
  const outside = usage.embedderHeapUsedSize + usage.backingStorageSize;
  return { heap: usage.usedSize, outside, wasm: wasm.value };
}
