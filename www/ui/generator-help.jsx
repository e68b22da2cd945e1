/** Generators and their values; the first is what a button inserts. */
const GENERATORS = [
  ['range', '{{range 20 25}}', 'a random number between the two; a third number: decimals'],
  ['walk', '{{walk 20 25 0.5}}', 'varies between the two, by at most the third each time'],
  ['sine', '{{sine 20 25 60}}', 'a sine wave between the two, with that period in seconds'],
  ['gauss', '{{gauss 20 0.5}}', 'a normal distribution: mean and standard deviation'],
  ['drain', '{{drain 100 10 0.5}}', 'falls from the first to the second, then starts again'],
  [
    'follow',
    '{{follow targetTemperature 20 0.3}}',
    'approaches a desired property; the numbers: first value and step',
  ],
  ['desired', '{{desired interval 10}}', 'a desired property; the second: a default'],
  ['choice', '{{choice on off}}', 'one of the words, at random'],
  ['sequence', '{{sequence on off}}', 'one word after the other, then again from the first'],
  ['boolean', '{{boolean 0.1}}', 'true or false; the number is the probability of true'],
  [
    'route',
    '{{route 50 47.37,8.54 47.4,8.6}}',
    'a position on a route through the points and back, at that speed in km/h',
  ],
  ['replay', '{{replay outside}}', 'the next value of a column of the data'],
  [
    'expression',
    '{{= battery + 1}}',
    'calculates with earlier fields of the message and values of the device',
  ],
  ['counter', '{{counter}}', '1, 2, 3 …; with two numbers: start and step'],
  ['time', '{{time}}', 'the current time, as ISO 8601; {{time unix}}: in seconds'],
  ['uuid', '{{uuid}}', 'a new UUID each time'],
  ['device id', '{{deviceId}}', 'the id of the device'],
  ['text', "{{'{{'}}", 'the text in the quotes, such as braces that are not a generator'],
];

/** Buttons that put a generator where the cursor is, and what each returns. */
export function GeneratorHelp({ insert }) {
  return (
    <div class="generators">
      <div class="buttons" role="group" aria-label="Insert a generator">
        {GENERATORS.map(([name, text, meaning]) => (
          <button
            key={name}
            type="button"
            class="chip"
            title={meaning}
            onClick={() => insert(`"${text}"`)}
          >
            {name}
          </button>
        ))}
      </div>
      <details>
        <summary>What the generators return</summary>
        <dl class="pairs">
          {GENERATORS.map(([name, text, meaning]) => (
            <div key={name}>
              <dt>
                <code>{text}</code>
              </dt>
              <dd>{meaning}</dd>
            </div>
          ))}
        </dl>
        <p class="hint">
          A string that consists of one generator becomes its value, such as a number. In other
          text, the value is inserted: <code>{'"room {{choice 1 2 3}}"'}</code>.
        </p>
      </details>
    </div>
  );
}
