/** Reads commands as lines of JSON; writes outcomes and events as such. */
import { createInterface } from 'node:readline';

export function tell(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** Responds to each command with the result or error of `run`, until there are no more. */
export async function answerCommands(run) {
  for await (const line of createInterface({ input: process.stdin })) {
    const command = JSON.parse(line);
    answer(command.id, () => run(command));
  }
  process.exit();
}

async function answer(id, run) {
  try {
    tell({ id, result: (await run()) ?? null });
  } catch (error) {
    const { name, message, response } = error;
    const { statusCode: status, headers } = response ?? {};
    tell({ id, error: { name, message, status, code: headers?.['iothub-errorcode'] } });
  }
}
