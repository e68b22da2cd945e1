/** Generators and their values; the first is what a button inserts. */
const GENERATORS = [
  ['range', '{{range 20 25}}', 'any number between the two; a third number: decimals'],
  ['walk', '{{walk 20 25 0.5}}', 'wanders between the two, by at most the third each time'],
  ['sine', '{{sine 20 25 60}}', 'swings between the two once in so many seconds'],
  ['gauss', '{{gauss 20 0.5}}', 'scatters around the first, by the second as standard deviation'],
  ['drain', '{{drain 100 10 0.5}}', 'falls from the first to the second, then is full again'],
  [
    'follow',
    '{{follow targetTemperature 20 0.3}}',
    'goes to the desired property step by step; with where it begins and the step',
  ],
  ['desired', '{{desired interval 10}}', 'the desired property, or the value behind it'],
  ['choice', '{{choice on off}}', 'one of the words'],
  ['sequence', '{{sequence on off}}', 'one after the other, and again from the first'],
  ['boolean', '{{boolean 0.1}}', 'true or false; the number is how often it is true'],
  [
    'route',
    '{{route 50 47.37,8.54 47.4,8.6}}',
    'a position on the way through the points and back, at so many km/h',
  ],
  ['replay', '{{replay outside}}', 'the next value of a column of the behaviour'],
  [
    'expression',
    '{{= battery + 1}}',
    'calculates with the fields before it and the values of the device',
  ],
  ['counter', '{{counter}}', '1, 2, 3 …; with two numbers: start and step'],
  ['time', '{{time}}', 'now, as ISO 8601; {{time unix}} in seconds'],
  ['uuid', '{{uuid}}', 'an id of its own'],
  ['device id', '{{deviceId}}', 'the id of the device'],
  ['text', "{{'{{'}}", 'what is in the quotes, such as braces that are no generator'],
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
