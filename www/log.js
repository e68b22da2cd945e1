const KEPT = 100;

/** A list of the page, newest entry first. */
export class Log {
  #list;

  /** @param {string} id of the `<ol>` */
  constructor(id) {
    this.#list = document.getElementById(id);
  }

  /**
   * Adds an entry; the oldest leaves when there are too many.
   * @param {string} text
   * @param {'good' | 'bad'} [kind]
   * @returns {Entry} whose outcome can follow
   */
  add(text, kind) {
    const item = document.createElement('li');
    const time = document.createElement('time');
    time.textContent = new Date().toLocaleTimeString();
    item.append(time, span(text, kind));
    this.#list.prepend(item);
    if (this.#list.childElementCount > KEPT) this.#list.lastElementChild.remove();
    return new Entry(item);
  }
}

class Entry {
  #item;

  constructor(item) {
    this.#item = item;
  }

  /** Adds what became of it. */
  outcome(text, kind) {
    this.#item.append(' ', span(text, kind));
  }
}

function span(text, kind = '') {
  const element = document.createElement('span');
  element.className = kind;
  element.textContent = text;
  return element;
}
