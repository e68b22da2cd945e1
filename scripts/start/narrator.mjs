const plain = !process.stdout.isTTY || process.env.NO_COLOR;
const paint = (code) => (text) => (plain ? text : `\x1b[${code}m${text}\x1b[0m`);
const bold = paint(1);
const dim = paint(2);
const green = paint(32);

/** Prints what the device does, step by step. */
export class Narrator {
  #step = 0;

  /** Runs one step; its error names the step. */
  async step(title, work) {
    this.#step += 1;
    console.log(`\n${bold(`${this.#step}. ${title}`)}`);
    try {
      return await work();
    } catch (error) {
      const sentence = `Step ${this.#step} (${title}) failed: ${error.message}`;
      throw new Error(sentence, { cause: error });
    }
  }

  /** What the device sent. */
  sent(text) {
    console.log(`   ${dim('device →')} ${text}`);
  }

  /** What the device received. */
  received(text) {
    console.log(`   ${dim('device ←')} ${text}`);
  }

  /** What the back end did through the hub's API. */
  did(text) {
    console.log(`   ${dim('hub     ')} ${text}`);
  }

  /** Checks a fact at the hub: prints it if it is true, throws an error if not. */
  check(holds, text) {
    if (!holds) throw new Error(`this is not true: ${text}`);
    console.log(`   ${green('✓')} ${text}`);
  }
}
